"""The pipeline of the National Immunization Information System: from facility files to published numbers."""
