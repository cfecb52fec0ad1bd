"""Verdicts on doses in files: reading, evaluating with the warehouse's own macros, writing. No Dagster, no dbt."""
