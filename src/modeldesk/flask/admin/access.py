"""Who may enter the admin, and what all of its pages show."""

from typing import Any

from flask import Response, make_response, redirect, request, url_for
from flask_principal import Need, Permission
from flask_security import current_user

from ...serving.answers import Problem
from ...serving.callers import SEE_ALL
from ...staff.sections import SECTIONS
from ..requests import here


def may(permission: str) -> bool:
    """Whether a role of who asks gives this permission."""
    return bool(Permission(Need("fsperm", permission)).can())


def refusal() -> Problem:
    return Problem(403, "Your account has no role that allows this; ask an administrator.")


class Secured:
    """A view for staff; one that inherits it needs nothing more to be safe."""

    reads = SEE_ALL  # the permission to enter, besides that of staff

    def is_accessible(self) -> bool:
        return may(SEE_ALL) and may(self.reads)

    def inaccessible_callback(self, name: str, **_: Any) -> Any:
        if current_user.is_authenticated:
            raise refusal()
        return redirect(url_for("security.login", next=here()))

    def _run_view(self, view: Any, *args: Any, **options: Any) -> Response:
        response = make_response(view(self, *args, **options))
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    def render(self, template: str, **context: Any) -> str:
        admin = self.admin  # type: ignore[attr-defined]
        sections = [
            {
                "name": item.name,
                "about": SECTIONS.get(item.name, ""),
                "url": item.get_url(),
                "here": (request.root_path + request.path).startswith(item.get_url()),
            }
            for item in admin.menu()[1:]  # the first is the index
            if item.is_accessible() and item.is_visible()
        ]
        page: str = super().render(  # type: ignore[misc]
            template, sections=sections, **context
        )
        return page
