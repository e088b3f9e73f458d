"""Classes for accounts in the admin, which a project registers: who may log in, and as what."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.auth import admin as auth  # noqa: F401 - registers Group, which projects replace
from django.contrib.auth.forms import BaseUserCreationForm
from django.contrib.auth.models import Group
from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from ..conf import project_settings
from ..log import open_log
from ..staff.tables import ReadOnly, Table, moment
from .controls import email_field
from .project import user_model

ENDS = "sessions and tokens end" if project_settings().auth else "sessions end"


class NewUserForm(BaseUserCreationForm):
    email = email_field()

    class Meta:
        model = user_model()
        fields = ("email", "name", "groups")
        widgets = {"groups": forms.CheckboxSelectMultiple}


class UserForm(forms.ModelForm):
    class Meta:
        model = user_model()
        fields = ("name", "groups", "is_active")
        widgets = {"groups": forms.CheckboxSelectMultiple}


CONFIRMED = moment("confirmed_at", "Confirmed")
CREATED = moment("created_at", "Created")
LAST_LOGIN = moment("last_login", "Last log-in")


class UserAdmin(Table):
    """Nobody ends or limits the own account here, so that an administrator is always left."""

    list_display: Any = ("email", "name", "roles", "is_active", CONFIRMED, LAST_LOGIN)
    list_filter: ClassVar[Any] = ("is_active", "groups")
    ordering: ClassVar[Any] = ("email",)
    search_fields: ClassVar[Any] = ("email", "name")
    readonly_fields: ClassVar[Any] = ("email", CONFIRMED, CREATED, LAST_LOGIN)
    actions: Any = ("revoke",)

    @admin.display(description="Roles")
    def roles(self, user: Any) -> str:
        return ", ".join(sorted(group.name for group in user.groups.all()))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        users = super().get_queryset(request)
        # Which not every backend has.
        return users if connection.vendor == "mongodb" else users.prefetch_related("groups")

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any
    ) -> Any:
        chosen = UserForm if obj else NewUserForm
        return super().get_form(request, obj, change, form=chosen, **options)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ("email", "name", "groups", "password1", "password2")
        return ("email", "name", "groups", "is_active", CONFIRMED, CREATED, LAST_LOGIN)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ()
        own = ("groups", "is_active") if obj == request.user else ()
        return (*self.readonly_fields, *own)

    def formfield_for_manytomany(self, db_field: Any, request: Any, **options: Any) -> Any:
        field = super().formfield_for_manytomany(db_field, request, **options)
        if field:
            field.label, field.help_text = "Roles", ""
        return field

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj != request.user and super().has_delete_permission(request, obj)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Accounts are deleted one by one."""
        found = super().get_actions(request)
        found.pop("delete_selected", None)
        return found

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            obj.confirmed_at = timezone.now()
        super().save_model(request, obj, form, change)
        if not obj.is_active:
            obj.end_tokens()

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        open_log().disown(obj.id)
        super().delete_model(request, obj)

    @admin.action(description=f"Revoke: no log-in, {ENDS}", permissions=["change"])
    def revoke(self, request: HttpRequest, users: QuerySet[Any]) -> None:
        count = 0
        for user in users.exclude(pk=request.user.pk):
            user.is_active = False
            user.save(update_fields=["is_active"])
            user.end_tokens()
            self.log_change(request, user, "Revoked.")
            count += 1
        self.message_user(request, f"{count} account{'' if count == 1 else 's'} revoked.")


class RoleAdmin(ReadOnly):
    """The roles as `roles.py` says."""

    heading = "Roles"
    list_display: Any = ("name", "may")
    ordering: ClassVar[Any] = ("name",)
    fields: ClassVar[Any] = ("name", "may")

    @admin.display(description="May")
    def may(self, group: Group) -> str:
        return ", ".join(sorted(p.name[4:] for p in group.permissions.all()))


class TokenAdmin(ReadOnly):
    """Tokens; of a secret nothing is kept that could be shown."""

    list_display: Any = (
        "name",
        "user",
        moment("created_at", "Created"),
        moment("last_used_at", "Last used"),
        moment("expires_at", "Ends"),
    )
    ordering: ClassVar[Any] = ("-id",)
    search_fields: ClassVar[Any] = ("name", "user__email")
    list_select_related: ClassVar[Any] = ("user",)
    fields: ClassVar[Any] = list_display
    actions: Any = ("revoke",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return admin.ModelAdmin.has_delete_permission(self, request, obj)

    @admin.action(description="Revoke", permissions=["delete"])
    def revoke(self, request: HttpRequest, tokens: QuerySet[Any]) -> None:
        found = list(tokens)
        for token in found:
            self.log_change(request, token, "Revoked.")
            token.delete()
        count = len(found)
        self.message_user(request, f"{count} token{'' if count == 1 else 's'} revoked.")
