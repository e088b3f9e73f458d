"""Accounts in the admin: who may log in, and what each role allows."""

from collections.abc import Iterable
from typing import Any, ClassVar

from flask_admin.actions import action
from flask_security import current_user, hash_password

from ..accounts.current import get_accounts
from ..accounts.defaults import now
from ..state import get_database, get_settings
from .access import refusal
from .filters import Choice
from .forms import NewUserForm, UserForm, role_choices
from .tables import Table, tell


class ActiveFilter(Choice):
    def choices(self) -> Iterable[tuple[str, str]]:
        return [("yes", "Yes"), ("no", "No")]

    def condition(self, value: str) -> Any:
        return self.view.where(self.view.model, "active", "eq", value == "yes")


class RoleFilter(Choice):
    def choices(self) -> Iterable[tuple[str, str]]:
        return role_choices()

    def validate(self, value: str) -> bool:
        return not value or get_accounts().datastore.find_role(value) is not None

    def condition(self, value: str) -> Any:
        role = get_accounts().datastore.find_role(value)
        return self.view.where(self.view.model, "roles", "holds", role)


class UsersTable(Table):
    """Nobody ends or limits the own account here, so that an administrator is always left."""

    heading, address, one = "Users", "users", "user"
    reads = "accounts.view_user"
    adds = "accounts.add_user"
    changes = acts = "accounts.change_user"
    deletes = "accounts.delete_user"
    can_view_details = True
    column_list: Any = ("email", "name", "roles", "active", "confirmed_at", "last_login_at")
    column_details_list: Any = (*column_list, "created_at")
    column_labels: ClassVar = {
        "confirmed_at": "Confirmed",
        "created_at": "Created",
        "last_login_at": "Last log-in",
    }
    column_sortable_list: Any = ("email", "name", "confirmed_at", "last_login_at")
    column_default_sort: Any = "email"
    column_filters: Any = (ActiveFilter("Active"), RoleFilter("Role"))
    search_fields: Any = ("email", "name")
    search_help = "A part of an email address or a name"

    @property
    def delete_help(self) -> str:
        if get_settings().auth:
            return "It goes with its tokens. Predictions stay in the log, without its name."
        return ""

    def get_create_form(self) -> Any:
        return NewUserForm

    def get_edit_form(self) -> Any:
        return UserForm

    def edit_form(self, obj: Any = None) -> Any:
        form = super().edit_form(obj)
        if obj == current_user:
            del form.roles, form.active
        return form

    def create_model(self, form: Any) -> Any:
        datastore = get_accounts().datastore
        user = datastore.create_user(
            email=form.email.data,
            name=form.name.data,
            password=hash_password(form.password.data),
            roles=form.roles.data,
            confirmed_at=now(),
        )
        datastore.commit()
        return user

    def update_model(self, form: Any, user: Any) -> bool:
        datastore = get_accounts().datastore
        user.name = form.name.data
        if "roles" in form:
            user.roles = [datastore.find_role(name) for name in form.roles.data]
            user.active = form.active.data
        if user.active:
            datastore.put(user)
        else:
            _end(user)
        datastore.commit()
        return True

    def delete_model(self, user: Any) -> bool:
        if user == current_user:
            raise refusal()
        datastore = get_accounts().datastore
        get_database().log().disown(user.id)
        datastore.delete_user(user)
        datastore.commit()
        return True

    def get_actions_list(self) -> Any:
        """Named by what ends."""
        actions, confirmations = super().get_actions_list()
        ends = "sessions and tokens end" if get_settings().auth else "sessions end"
        return [(name, f"{text}: no log-in, {ends}") for name, text in actions], confirmations

    @action("revoke", "Revoke")
    def revoke(self, ids: list[str]) -> None:
        found = self.find(self.model, self.where(self.model, "id", "in", ids))
        users = [user for user in found if user != current_user]
        for user in users:
            _end(user)
        get_accounts().datastore.commit()
        tell(len(users), "account")


def _end(user: Any) -> None:
    """Let an account no longer be used."""
    datastore = get_accounts().datastore
    user.active = False
    datastore.set_uniquifier(user)  # sessions end, also if it is made active again
    datastore.put(user)
    get_accounts().end_tokens(user)


class RolesTable(Table):
    """The roles as `roles.py` says."""

    heading, address = "Roles", "roles"
    reads = "accounts.view_role"
    column_list: Any = ("name", "permissions")
    column_labels: ClassVar = {"permissions": "May"}
    column_formatters: ClassVar = {"permissions": lambda view, context, role, name: _may(role)}
    column_default_sort: Any = "name"
    column_sortable_list: Any = ("name",)


def _may(role: Any) -> str:
    names = (permission.partition(".")[2] for permission in role.permissions)
    return ", ".join(sorted(name.replace("_", " ") for name in names))
