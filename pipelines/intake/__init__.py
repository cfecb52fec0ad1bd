"""From the bytes of a file to accepted, rejected and duplicate rows: pure functions, without clock or file system."""
