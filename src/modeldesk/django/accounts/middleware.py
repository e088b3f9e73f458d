"""Closes views to everybody without an account."""

from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse

from ...serving.answers import Problem
from ...serving.callers import PREDICT, caller
from ..errors import show_problem
from .callers import know

# Who may not predict may still log out, look after the account, and read where staff may.
OWN = {"login", "logout", "password", "profile", "tokens", "revoke", "delete"}


class AccountMiddleware(LoginRequiredMiddleware):
    """Sends everybody without an account to log in; a view is closed until it is marked as open."""

    def get_login_url(self, view_func: Any) -> str:
        """There is one page to log in, also for the admin."""
        return reverse("login")

    def process_view(
        self, request: HttpRequest, view_func: Any, view_args: Any, view_kwargs: Any
    ) -> HttpResponseBase | None:
        if not getattr(view_func, "login_required", True):
            return None
        if not request.user.is_authenticated:
            return self.handle_no_permission(request, view_func)
        know(request.user)
        match = request.resolver_match
        if match and (match.url_name in OWN or match.app_name == "admin"):  # which checks by itself
            return None
        try:
            caller().require(PREDICT)
        except Problem as problem:
            return show_problem(request, problem)
        return None
