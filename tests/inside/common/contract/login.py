"""Logging in, where tests look for it."""

from modeldesk.testing.login import log_in, new_token

__all__ = ["log_in", "new_token"]
