"""What leaves the warehouse as a file: extracts, reports and official forms, and what each says of its source."""
