"""Makes administrators."""

import uuid

import click
from flask_security import hash_password

from ...accounts.addresses import address
from ...serving.commands import NotReady
from ..state import get_database
from .current import get_accounts
from .defaults import now


@click.command("create-admin")
@click.option("--email", required=True)
@click.password_option(envvar="ADMIN_PASSWORD", help="Asked for, if not in ADMIN_PASSWORD.")
def create_admin(email: str, password: str) -> None:
    """Make an administrator, also of an account that is there."""
    if fault := get_database().outdated():
        raise NotReady(fault)
    click.echo(f"{make_admin(email, password)} is an administrator.")


def make_admin(email: str, password: str) -> str:
    """Make a confirmed, active administrator with this password, and return the address.

    Raises NotReady when the address or the password cannot be taken.
    """
    security, datastore = get_accounts().security, get_accounts().datastore
    try:
        email = address(email)
    except ValueError:
        raise NotReady(f"{email} is no email address.") from None
    faults, password = security.password_util.validate(password, is_register=True, email=email)
    if faults:
        raise NotReady(" ".join(map(str, faults)))
    user = datastore.find_user(email=email)
    user = user or datastore.create_user(email=email, password="")
    user.password = hash_password(password)
    user.fs_uniquifier = uuid.uuid4().hex  # other sessions end
    get_accounts().end_tokens(user)
    user.active, user.confirmed_at = True, user.confirmed_at or now()
    datastore.add_role_to_user(user, "admin")
    datastore.commit()
    return email
