"""Pages, where tests look for them."""

from modeldesk.testing.page import Page, check_page, errors_of

__all__ = ["Page", "check_page", "errors_of"]
