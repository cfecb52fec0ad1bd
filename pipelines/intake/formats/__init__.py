"""Readers: one module a format. Each turns bytes into lines of text cells and loses none of them."""
