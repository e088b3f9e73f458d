"""Sends the mails of accounts."""

import logging
from threading import Thread
from typing import Any

from flask import current_app, url_for

from ...accounts import mails
from ..state import current_state
from .current import get_accounts
from .rules import Addresses

MAILS = {
    "welcome": mails.CONFIRM,
    "confirmation_instructions": mails.CONFIRM,
    "welcome_existing": mails.REGISTERED_ALREADY,
    "reset_instructions": mails.RESET,
    "reset_notice": mails.SET_ANEW,
    "change_notice": mails.CHANGED,
}

logger = logging.getLogger(__name__)


class MailUtil(Addresses):
    """Hands mails over in a thread: how long it takes does not tell who has an account."""

    def send_mail(  # type: ignore[override]
        self, template: str, subject: str, recipient: str, *_: Any, **given: Any
    ) -> None:
        from flask_mailman import EmailMessage  # which a project without mails does not have

        link = given.get("reset_link") or given.get("confirmation_link")
        link = link or url_for("security.forgot_password", _external=True)
        mail = MAILS[template.rpartition("/")[2]]
        subject, text = mail.filled(current_state().name, link)
        message = EmailMessage(subject, text, to=[recipient])
        app = current_app._get_current_object()  # type: ignore[attr-defined]
        server = app.config.get("MAIL_SERVER", "the console")

        def send() -> None:
            try:
                with app.app_context():
                    if mails.may_send(mail, get_accounts().attempts(), recipient):
                        message.send()
                    else:
                        logger.warning("A mail was not sent: its address has had several of late.")
            except OSError as error:
                logger.error("A mail could not be sent by %s: %s", server, mails.reason(error))

        Thread(target=send).start()
