"""The settings of Flask-Security and Flask-Mailman."""

import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

from flask_security import uia_email_mapper

from ...accounts import content
from ...accounts.addresses import NO_ADDRESS
from ...accounts.passwords import SAME
from ...serving.settings import Settings


def configuration(settings: Settings) -> dict[str, Any]:
    """Of accounts for everybody, or for staff only."""
    secret = settings.secret_key.encode()
    return {
        "SECURITY_PASSWORD_SALT": hmac.new(secret, b"accounts", "sha256").hexdigest(),
        "SECURITY_PASSWORD_HASH": "argon2",
        "SECURITY_PASSWORD_SCHEMES": ["argon2"],
        "SECURITY_PASSWORD_SINGLE_HASH": ["argon2"],  # so that hashes can move to Django
        "SECURITY_HASHING_SCHEMES": ["hex_sha256"],  # in signed links; a slow one would tell
        "SECURITY_DEPRECATED_HASHING_SCHEMES": [],
        "SECURITY_STATIC_FOLDER": None,
        "SECURITY_API_ENABLED_METHODS": ["session"],
        "SECURITY_FRESHNESS": timedelta(-1),  # nothing asks anew for a log-in
        "SECURITY_RETURN_GENERIC_RESPONSES": True,
        "SECURITY_CHANGEABLE": True,
        "SECURITY_LOGIN_URL": "/accounts/login",
        "SECURITY_LOGOUT_URL": "/accounts/logout",
        "SECURITY_CHANGE_URL": "/accounts/password",
        "SECURITY_POST_LOGOUT_VIEW": "security.login",
        "SECURITY_DATETIME_FACTORY": lambda: datetime.now(UTC),
        "SECURITY_USER_IDENTITY_ATTRIBUTES": [{"email": {"mapper": uia_email_mapper}}],
        "SECURITY_EMAIL_HTML": False,
        "SECURITY_EMAIL_PLAINTEXT": False,  # mails.py has the texts
        "SECURITY_MSG_EMAIL_NOT_PROVIDED": (NO_ADDRESS, "error"),
        "SECURITY_MSG_PASSWORD_CHANGE": (content.CHANGED, "info"),
        "SECURITY_MSG_PASSWORD_IS_THE_SAME": (SAME, "error"),
        "SECURITY_MSG_PASSWORD_NOT_PROVIDED": (content.MISSING, "error"),
        "SECURITY_MSG_RETYPE_PASSWORD_MISMATCH": (content.DIFFER, "error"),
        **(for_everybody(settings) if settings.auth else for_staff()),
    }


def for_staff() -> dict[str, Any]:
    """Nobody signs up, and no mail is sent."""
    return {
        "SECURITY_POST_LOGIN_VIEW": "admin.index",
        "SECURITY_POST_CHANGE_VIEW": "security.change_password",
        "SECURITY_MSG_GENERIC_AUTHN_FAILED": (content.STAFF_REFUSED, "error"),
        "SECURITY_SEND_PASSWORD_CHANGE_EMAIL": False,
    }


def for_everybody(settings: Settings) -> dict[str, Any]:
    """Who signs up confirms the address by mail."""
    return {
        "SECURITY_POST_LOGIN_VIEW": "accounts.profile",  # or the form, where there is one
        "SECURITY_POST_CHANGE_VIEW": "accounts.profile",
        "SECURITY_MSG_GENERIC_AUTHN_FAILED": (content.REFUSED, "error"),
        "SECURITY_REGISTERABLE": True,
        "SECURITY_REGISTER_URL": "/accounts/register",
        "SECURITY_POST_REGISTER_VIEW": "security.login",
        "SECURITY_PASSWORD_CONFIRM_REQUIRED": False,
        "SECURITY_CONFIRMABLE": True,
        "SECURITY_CONFIRM_URL": "/accounts/confirm",
        "SECURITY_RECOVERABLE": True,
        "SECURITY_RESET_URL": "/accounts/reset",
        "SECURITY_RESET_PASSWORD_WITHIN": timedelta(hours=2),
        "SECURITY_MSG_CONFIRM_REGISTRATION": (content.SENT, "info"),
        "SECURITY_MSG_CONFIRMATION_REQUEST": (content.SENT, "info"),
        "SECURITY_MSG_PASSWORD_RESET_REQUEST": (content.SENT, "info"),
        "SECURITY_MSG_PASSWORD_RESET_EXPIRED": (content.OVER, "error"),
        "SECURITY_MSG_INVALID_RESET_PASSWORD_TOKEN": (content.OVER, "error"),
        "SECURITY_MSG_PASSWORD_RESET_NO_LOGIN": (content.SET_ANEW, "info"),
        **mails(settings),
    }


def mails(settings: Settings) -> dict[str, Any]:
    """The settings of Flask-Mailman; without a server mails are printed."""
    sender = {"MAIL_DEFAULT_SENDER": settings.mail_from}
    server = settings.mail_url
    if server is None:
        return sender | {"MAIL_BACKEND": "console"}
    return sender | {
        "MAIL_SERVER": server.host,
        "MAIL_PORT": server.port,
        "MAIL_USERNAME": server.user or None,
        "MAIL_PASSWORD": server.password or None,
        "MAIL_USE_SSL": server.tls,
        "MAIL_USE_TLS": not server.tls,
        "MAIL_TIMEOUT": 30,
    }
