"""One Dagster concept a file; the logic lives in modules that know nothing of Dagster."""
