"""The admin, for staff."""
