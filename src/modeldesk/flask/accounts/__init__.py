"""Accounts beside Flask-Security: its settings, our pages and tokens, and who may go where."""

from .extension import Accounts
from .forms import (
    ChangePasswordForm,
    ForgotPasswordForm,
    LoginForm,
    NameFields,
    SendConfirmationForm,
)
from .mail import MailUtil
from .pages import render_page
from .rules import PasswordUtil

__all__ = [
    "Accounts",
    "ChangePasswordForm",
    "ForgotPasswordForm",
    "LoginForm",
    "MailUtil",
    "NameFields",
    "PasswordUtil",
    "SendConfirmationForm",
    "render_page",
]
