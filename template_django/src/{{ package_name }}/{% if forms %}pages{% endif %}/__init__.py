"""Pages: the form, a result with its feedback form, and the history."""
