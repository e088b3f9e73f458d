"""Makes administrators."""

from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils import timezone

from ...accounts.addresses import address
from ...serving.commands import NotReady
from ..connection import reaching
from .project import user_model


def make_admin(email: str, password: str) -> str:
    """Make a confirmed, active administrator with this password, and return the address.

    Raises NotReady when the address or the password cannot be taken.
    """
    try:
        email = address(email)
    except ValueError:
        raise NotReady(f"{email} is no email address.") from None
    User = user_model()
    with reaching():
        user = User.objects.find(email) or User(email=email)
        try:
            validate_password(password, user)
        except ValidationError as error:
            raise NotReady(" ".join(error.messages)) from None
        user.set_password(password)  # which ends sessions
        user.is_active, user.confirmed_at = True, user.confirmed_at or timezone.now()
        user.save()
        user.groups.add(Group.objects.get(name="admin"))
        user.end_tokens()
    return email
