"""The mails of accounts."""

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from smtplib import SMTPResponseException

from .addresses import spelled
from .lockout import LOCKED, Attempts

MOST = 5  # that anybody can have sent to one address within LOCKED


def reason(error: OSError) -> str:
    """Why a mail is not handed over, in a line."""
    if isinstance(error, SMTPResponseException):
        said = error.smtp_error
        text = said.decode(errors="replace") if isinstance(said, bytes) else said
        return f"{error.smtp_code} {' '.join(text.split())}"
    return error.strerror or str(error) or type(error).__name__


@dataclass(frozen=True, slots=True)
class Mail:
    """Subject and text; `link` and `service` are filled in."""

    subject: str
    text: str

    def filled(self, service: str, link: str) -> tuple[str, str]:
        """The subject and the text to send."""
        return self.subject.format(service=service), self.text.format(service=service, link=link)


CONFIRM = Mail(
    "Confirm your address for {service}",
    """Welcome to {service}.

Confirm that this address is yours, and log in:

{link}

If you did not sign up, ignore this mail.
""",
)
REGISTERED_ALREADY = Mail(
    "You have an account at {service}",
    """Somebody, perhaps you, tried to sign up at {service} with this address, which has an
account. If you forgot the password, set a new one:

{link}

If it was not you, ignore this mail.
""",
)
RESET = Mail(
    "A new password for {service}",
    """Set a new password for {service}:

{link}

If you did not ask for it, ignore this mail; the old password stays.
""",
)
CHANGED = Mail(
    "Your password for {service} was changed",
    """The password of your account at {service} was changed, and other sessions were ended.

If it was not you, set a new one:

{link}
""",
)
SET_ANEW = Mail(
    "Your password for {service} was set anew",
    """A new password was set for your account at {service} by a link in a mail to this address. All
sessions and API tokens were ended.

If it was not you, set another one:

{link}
""",
)


def may_send(mail: Mail, attempts: Attempts, email: str) -> bool:
    """Whether to send it, which is counted: anybody can ask for mails to any address."""
    if mail in (CHANGED, SET_ANEW):
        return True
    now = datetime.now(UTC)
    key = sha256(f"mail {spelled(email)}".encode()).hexdigest()
    return attempts.take(key, MOST, now, now + LOCKED)
