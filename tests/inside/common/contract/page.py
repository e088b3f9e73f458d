"""Pages, where tests look for them."""

from modeldesk.testing.page import Page, check_page

__all__ = ["Page", "check_page"]
