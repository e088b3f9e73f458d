"""Makes administrators."""

import uuid

from flask import current_app
from flask_security import EmailValidateException, hash_password
from modeldesk.serving.commands import NotReady

from .models import datastore, now


def make_admin(email: str, password: str) -> str:
    """Make a confirmed, active administrator with this password, and return the address.

    Raises NotReady when the address or the password cannot be taken.
    """
    security = current_app.extensions["security"]
    try:
        email = security.mail_util.normalize(email)
    except EmailValidateException:
        raise NotReady(f"{email} is no e-mail address.") from None
    faults, password = security.password_util.validate(password, is_register=True, email=email)
    if faults:
        raise NotReady(" ".join(map(str, faults)))
    user = datastore.find_user(email=email)
    user = user or datastore.create_user(email=email, password="")
    user.password = hash_password(password)
    user.fs_uniquifier = uuid.uuid4().hex  # other sessions end
    user.active, user.confirmed_at = True, user.confirmed_at or now()
    datastore.add_role_to_user(user, "admin")
    datastore.commit()
    return email
