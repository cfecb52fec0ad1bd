"""What people see: Streamlit pages over the current release, and the one query layer that they and the CLI share."""
