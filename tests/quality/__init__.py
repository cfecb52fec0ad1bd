"""What the rules of data quality find, against hand-worked rows and a plain oracle."""
