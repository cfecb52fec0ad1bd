"""Indicators over a user's own files, by the warehouse's engine: reading, computing. No Dagster, no dbt."""
