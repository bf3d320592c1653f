"""The same errands in the window: choose, confirm, run as a job, show."""
