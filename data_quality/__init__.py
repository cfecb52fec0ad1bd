"""Checks of data: rules that are rows of the registry, run by Great Expectations, reported in one table."""
