"""What follows from a person's record: reminders, certificates, who looked. Pure functions, and files at the edge."""
