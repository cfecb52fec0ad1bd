"""One thin file a page. Pages do not import each other."""
