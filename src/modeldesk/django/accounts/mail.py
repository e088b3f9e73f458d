"""Sends the mails of accounts, apart from the requests that cause them."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import connection
from django.http import HttpRequest
from django.urls import get_script_prefix, reverse, set_script_prefix

from ...accounts.mails import CHANGED, Mail, may_send, reason
from ..conf import service_name
from .attempts import DatabaseAttempts
from .models import AbstractUser

workers = ThreadPoolExecutor(2, "mail")
logger = logging.getLogger(__name__)


def later(work: Callable[..., None], *given: Any) -> None:
    """Do it in a thread: how long it takes does not tell who has an account."""

    prefix = get_script_prefix()

    def run() -> None:
        set_script_prefix(prefix)  # which each thread has for itself, and links begin with
        try:
            work(*given)
        except OSError as error:
            logger.error("A mail could not be sent by %s: %s", settings.EMAIL_HOST, reason(error))
        except Exception:
            logger.exception("A mail could not be sent.")
        finally:
            connection.close()

    workers.submit(run)


def link(request: HttpRequest, name: str, *parts: str) -> str:
    """The whole address of a page."""
    return request.build_absolute_uri(reverse(name, args=parts))


def send(mail: Mail, email: str, address: str) -> None:
    if not may_send(mail, DatabaseAttempts(), email):
        logger.warning("A mail was not sent: its address has had several of late.")
        return
    subject, text = mail.filled(service_name(), address)
    EmailMessage(subject, text, to=[email]).send()


def tell_of_change(request: HttpRequest, user: AbstractUser, mail: Mail = CHANGED) -> None:
    """Tell the owner that the password was changed."""
    later(send, mail, user.email, link(request, "reset"))
