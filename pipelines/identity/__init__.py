"""Who is the same person: match keys, certain ties, a frozen probabilistic model, groups that hold no contradiction.

Pure functions of cards, definitions and stewards' decisions. What does not belong here: Dagster, dbt, the clock,
and the order in which anything arrived. Files are read and written by `store` and `decisions` alone.
"""
