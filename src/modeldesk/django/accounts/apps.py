"""The app, which keeps the roles in the database as the project's `roles.py` says."""

import re
import sys
from typing import Any

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "modeldesk.django.accounts"
    label = "modeldesk_accounts"

    def ready(self) -> None:
        from django.contrib.auth import get_user_model

        from .models import new_id

        post_migrate.connect(keep_roles, dispatch_uid=self.label)
        # First migrations of older projects import it from there.
        vars(sys.modules[get_user_model().__module__]).setdefault("new_id", new_id)


def keep_roles(sender: AppConfig, **_: Any) -> None:
    """Bring the groups in the database in step with `roles.py`; those of others stay."""
    from django.contrib.auth.models import Group, Permission

    from .project import roles

    if sender != [one for one in apps.get_app_configs() if one.models_module][-1]:
        return  # there are permissions of other apps to come
    there = {
        f"{permission.content_type.app_label}.{permission.codename}": permission
        for permission in Permission.objects.select_related("content_type")
    }
    for name, given in roles().ROLES.items():
        group = Group.objects.get_or_create(name=name)[0]
        # A role is what Django calls a group.
        codes = (re.sub(r"^accounts\.(\w+)_role$", r"auth.\1_group", code) for code in given)
        group.permissions.set([there[code] for code in codes])
