"""The extension of accounts."""

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from flask import Flask
from flask_login import user_logged_in, user_logged_out
from flask_security import Security, current_user, password_reset, user_registered
from flask_security.confirmable import confirm_user
from werkzeug.local import LocalProxy

from ...accounts.lockout import Attempts
from ...serving.callers import SEE_ALL
from ...serving.transfer import Store
from ..forgery import protect
from ..state import NAME, State
from . import callers, gate
from .admins import create_admin
from .configuration import configuration
from .database import AccountDatabase, database_of
from .views import own_pages

Roles = Mapping[str, Collection[str]]


class Accounts:
    """What Flask-Security lacks, for one `security` and the classes of the project.

    `roles` are the permissions of each role, and `attempts` is where wrong passwords are counted.
    Where people sign up by themselves they get the role `new`, have tokens of the class `token`,
    and change what is in the `profile` form; who has no account reaches what it needs to come in,
    and the views whose endpoints `open_to_all` names.
    """

    def __init__(
        self,
        security: Security,
        *,
        roles: Roles,
        attempts: Any,
        token: Any = None,
        new: str = "",
        profile: Callable[..., Any] | None = None,
        open_to_all: Collection[str] = (),
    ) -> None:
        self.security = security
        self.roles, self.attempt_class, self.token_class = roles, attempts, token
        self.new, self.profile = new, profile
        self.open = gate.OPEN | set(open_to_all)
        security.want_json(lambda _: False)  # the API has tokens
        self.database: AccountDatabase

    def init_app(self, app: Flask) -> None:
        """After ModelDesk, and before Flask-Security, whose settings it writes."""
        state: State = app.extensions[NAME]
        state.accounts = self
        self.database = database_of(self, state.settings)
        app.config.from_mapping(configuration(state.settings))
        app.cli.add_command(create_admin)
        protect(app)
        # Looked up when a page shows it: one on which the database is away does not.
        app.context_processor(lambda: {"account": LocalProxy(shown_account)})
        user_logged_in.connect(self.remember_login, app)
        user_logged_out.connect(self.end_sessions, app)
        if state.settings.auth:
            app.register_blueprint(own_pages)
            app.before_request(gate.require_account)
            user_registered.connect(self.give_role, app)
            password_reset.connect(self.begin_anew, app)

    @property
    def datastore(self) -> Any:
        """Flask-Security's."""
        return self.security.datastore

    def attempts(self) -> Attempts:
        """Where wrong passwords and mails are counted."""
        return self.database.attempts()

    def identify(self) -> None:
        """Let the service know who calls the API. Raises Problem."""
        callers.identify()

    def stores(self) -> dict[str, Store]:
        """What export and import read and add, by kind."""
        return self.database.stores()

    def outdated_roles(self) -> list[str]:
        """Those that the database does not have as `roles.py` says."""
        return self.database.outdated_roles()

    def keep_roles(self) -> None:
        """Bring the database in step with `roles.py`; roles that it does not name stay."""
        self.database.keep_roles()

    def give_role(self, app: Flask, user: Any, **_: Any) -> None:
        self.datastore.add_role_to_user(user, self.new)

    def remember_login(self, app: Flask, user: Any, **_: Any) -> None:
        user.last_login_at = datetime.now(UTC)
        self.datastore.put(user)
        self.datastore.commit()

    def end_sessions(self, app: Flask, user: Any, **_: Any) -> None:
        """Of who logs out, on all devices: a cookie that was copied is one of them."""
        if user.is_authenticated:
            self.datastore.set_uniquifier(user)
            self.datastore.commit()

    def begin_anew(self, app: Flask, user: Any, **_: Any) -> None:
        """Who set a new password had the mail, too; nothing of before goes on."""
        confirm_user(user)
        self.end_tokens(user)

    def end_tokens(self, user: Any) -> None:
        """For somebody else may know the password, and have made some."""
        for token in list(user.tokens) if self.token_class else ():
            self.datastore.delete(token)


def shown_account() -> dict[str, Any] | None:
    """What the header of every page shows of the account."""
    if current_user.is_authenticated:
        return {"name": str(current_user), "staff": current_user.has_permission(SEE_ALL)}
    return None
