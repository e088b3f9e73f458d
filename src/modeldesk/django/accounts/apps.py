"""The app, which keeps the roles in the database as the project's `roles.py` says."""

import logging
import re
import sys
from typing import Any

from django.apps import AppConfig, apps
from django.core import checks
from django.db.models.signals import post_migrate

from ...ml.validation import listed
from ...serving.logs import NoSecrets


class AccountsConfig(AppConfig):
    name = "modeldesk.django.accounts"
    label = "modeldesk_accounts"

    def ready(self) -> None:
        from django.contrib.auth import get_user_model, user_logged_out

        from .models import new_id
        from .sessions import check_sessions, end_sessions

        # The development server's, which has a handler of its own.
        logging.getLogger("django.server").addFilter(NoSecrets())
        checks.register(check_sessions)
        user_logged_out.connect(end_sessions, dispatch_uid=self.label)
        post_migrate.connect(keep_roles, dispatch_uid=self.label)
        # First migrations of older projects import it from there.
        vars(sys.modules[get_user_model().__module__]).setdefault("new_id", new_id)


def keep_roles(sender: AppConfig, **_: Any) -> None:
    """Bring the groups in the database in step with `roles.py`; those of others stay."""
    from django.contrib.auth.models import Group

    if sender != [one for one in apps.get_app_configs() if one.models_module][-1]:
        return  # there are permissions of other apps to come
    for name, permissions in wanted().items():
        Group.objects.get_or_create(name=name)[0].permissions.set(permissions)


def outdated_roles() -> list[str]:
    """Those that the database does not have as `roles.py` says. Raises NotReady."""
    from django.contrib.auth.models import Group

    there = {
        group.name: set(group.permissions.values_list("pk", flat=True))
        for group in Group.objects.all()
    }
    return [
        name
        for name, permissions in wanted().items()
        if {permission.pk for permission in permissions} != there.get(name)
    ]


def wanted() -> dict[str, list[Any]]:
    """The permissions of each role. Raises NotReady for one that there is not."""
    from django.contrib.auth.models import Permission

    from ...serving.commands import NotReady
    from .project import roles

    there = {
        f"{permission.content_type.app_label}.{permission.codename}": permission
        for permission in Permission.objects.select_related("content_type")
    }
    found = {}
    for name, given in roles().ROLES.items():
        # A role is what Django calls a group.
        codes = [re.sub(r"^accounts\.(\w+)_role$", r"auth.\1_group", code) for code in given]
        if unknown := [code for code in codes if code not in there]:
            raise NotReady(
                f"{roles().__name__} lets {name} {listed(unknown)}, which no app knows; mend it."
            )
        found[name] = [there[code] for code in codes]
    return found
