"""What stewards decide of findings, outliers and rejected files: events, the state they add up to, their store."""
