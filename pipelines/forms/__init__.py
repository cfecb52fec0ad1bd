"""Official forms: workbooks of the project that are filled with values; which values is a matter of the registry."""
