"""The site of the admin: who may enter, and what it has besides its tables."""

from functools import wraps
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.template.response import SimpleTemplateResponse
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect

from ...serving.answers import Problem, framework_problem
from ...staff.sections import SECTIONS
from ..accounts.project import roles
from ..connection import reaching

ELSEWHERE = {"logout", "password_change", "password_change_done", "view_on_site"}
PAGES = {"monitor": "Monitor", "feedback": "Outcomes", "models": "Models"}
TABLES = {"Prediction": "Predictions", "User": "Users", "Group": "Roles", "Token": "Tokens"}


class StaffSite(AdminSite):
    """Django's admin, open to who may see all predictions."""

    index_title = "Admin"
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        user: Any = request.user
        return bool(user.is_active and user.has_perm(roles().STAFF))

    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """There is one page to log in, for all accounts."""
        if self.has_permission(request):
            return HttpResponseRedirect(reverse("admin:index"))
        return redirect_to_login(request.GET.get("next") or reverse("admin:index"))

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Let staff in, and answer what Django raises as the rest of the service does."""

        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **options: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not self.has_permission(request):
                raise _refusal()
            try:
                with reaching():
                    response: HttpResponseBase = view(request, *args, **options)
                    if isinstance(response, SimpleTemplateResponse):
                        response.render()  # which asks the database, too
                return response
            except PermissionDenied:
                raise _refusal() from None
            except Http404:
                raise framework_problem(404) from None
            except (SuspiciousOperation, BadRequest, OverflowError) as error:  # no id is so large
                raise Problem(400, "The request could not be understood.") from error

        return csrf_protect(guarded if cacheable else never_cache(guarded))

    def get_urls(self) -> list[Any]:
        from . import views

        own = [
            path("login", self.login),
            path("feedback", self.admin_view(views.feedback), name="feedback"),
            path("models", self.admin_view(views.models), name="models"),
            path("monitor", self.admin_view(views.monitor), name="monitor"),
            path("monitor/events", self.admin_view(views.monitor_events), name="monitor_events"),
        ]
        kept = [url for url in super().get_urls() if getattr(url, "name", "") not in ELSEWHERE]
        return own + kept

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context = super().each_context(request)
        found = {name: reverse(f"admin:{page}") for page, name in PAGES.items()}
        for model in (model for app in context["available_apps"] for model in app["models"]):
            found[TABLES.get(model["object_name"], str(model["name"]))] = model["admin_url"]
        names = [name for name in SECTIONS if name in found]
        names += [name for name in found if name not in SECTIONS]  # tables of the owner's own
        context["sections"] = [
            {
                "name": name,
                "about": SECTIONS.get(name, ""),
                "url": found[name],
                "here": request.path.startswith(found[name]),
            }
            for name in names
        ]
        return context

    def index(self, request: HttpRequest, extra_context: Any = None) -> Any:
        from .views import key_figures

        return super().index(request, {"figures": key_figures()} | (extra_context or {}))


def _refusal() -> Problem:
    return Problem(403, "Your account has no role that allows this; ask an administrator.")
