"""What leaves the warehouse as a file."""
