"""What is open to everybody, where people have accounts to predict with."""

from flask import redirect, request, url_for
from flask_security import current_user
from werkzeug.wrappers import Response

from ...serving.callers import PREDICT, caller
from ..requests import here
from .callers import know
from .current import get_accounts

OPEN = {
    "accounts.confirm",
    "static",
    "modeldesk.static",
    "modeldesk.documentation",
    "security.login",
    "security.register",
    "security.send_confirmation",
    "security.forgot_password",
    "security.reset_password",
}
# Who may not predict may still log out, look after the account, and read where staff may.
OWN = {"security", "accounts", "admin"}


def require_account() -> Response | None:
    """Send everybody without an account to log in, but from what is open; the API says it itself.

    A view that is new is closed until it is named in `open_to_all` of the accounts.
    """
    endpoint = request.endpoint
    if request.blueprint == "api" or endpoint is None or endpoint in get_accounts().open:
        return None
    if current_user.is_authenticated:
        know(current_user)
        blueprint = request.blueprint or ""
        if blueprint not in OWN and not blueprint.startswith("admin_"):  # which checks by itself
            caller().require(PREDICT)
        return None
    return redirect(url_for("security.login", next=here()))
