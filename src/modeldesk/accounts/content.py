"""What the pages of accounts say."""

from dataclasses import dataclass
from typing import Any

from ..serving.forms import attention


@dataclass(frozen=True, slots=True)
class Link:
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Page:
    """A page with one form."""

    title: str
    submit: str
    lead: str = ""
    links: tuple[Link, ...] = ()


REFUSED = "This address and password do not belong together, or the account is not confirmed."
CONFIRMED = "Your address is confirmed; log in."
DIFFER = "The two passwords differ."
MISSING, YOURS = "Enter a password.", "Enter your password."
OVER = "This link has ended, or was used; ask for a new mail."
SENT = "If that address can have it, a mail is on its way. It may take a minute."
LOG_IN = Link("Log in", "/accounts/login")
SIGN_UP = Link("Create an account", "/accounts/register")
FORGOTTEN = Link("Forgot your password?", "/accounts/reset")
UNCONFIRMED = Link("No mail to confirm your address?", "/accounts/confirm")
ACCOUNT = Link("Back to your account", "/accounts/")
TOKENS_LINK = Link("API tokens", "/accounts/tokens")

LOGIN = Page("Log in", "Log in", links=(SIGN_UP, FORGOTTEN, UNCONFIRMED))
PASSWORD = Page(
    "Change your password",
    "Change it",
    "Other sessions end. API tokens stay; revoke those that you do not know.",
    (TOKENS_LINK, ACCOUNT),
)
REGISTER = Page("Create an account", "Sign up", "A mail will ask you to confirm it.", (LOG_IN,))
CONFIRM = Page("Confirm your address", "Send the mail again", links=(LOG_IN,))
CONFIRMING = Page("Confirm your address", "Confirm it", "Then log in with your password.")
RESET = Page("Reset your password", "Send a mail", "A mail will let you set a new one.", (LOG_IN,))
NEW_PASSWORD = Page(
    "Set a new password",
    "Set it",
    "All sessions and API tokens of the account end: whoever knew the old password is out.",
    (LOG_IN,),
)
PROFILE = Page("Your account", "Save")
DELETE = Page(
    "Delete your account",
    "Delete it for good",
    "It goes with its tokens. Predictions stay in the log, without your name.",
    (ACCOUNT,),
)
TOKENS = Page(
    "API tokens",
    "Make a token",
    "A token lets a program predict in your name. It is shown once, and ends when you set a new "
    "password by mail.",
    (ACCOUNT,),
)

# Where only staff have accounts, which nobody makes for oneself.
STAFF_REFUSED = "This address and password do not belong together."
STAFF_LOGIN = Page("Log in", "Log in")
STAFF_PASSWORD = Page("Change your password", "Change it", "Other sessions end.")

CHANGED = "Your password was changed."
SET_ANEW = "Your new password is set; log in."


def form_context(page: Page, fields: list[dict[str, Any]], summary: str = "") -> dict[str, Any]:
    """The context of accounts/form.html.

    A field has `id`, `label`, `control` (its widget as safe HTML), `errors`, `hint`, `required`
    and `unit` (""). A `summary` stands for faults of no field alone.
    """
    faulty = sum(bool(field["errors"]) for field in fields)
    summary = summary or (attention(faulty) if faulty else "")
    return {"page": page, "fields": fields, "summary": summary}
