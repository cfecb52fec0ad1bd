"""Official forms: templates, the values that fill them, and the pages."""
