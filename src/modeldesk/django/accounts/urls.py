"""The addresses of accounts; without sign-up, those that staff need."""

from typing import Any

from django.contrib.auth.views import LogoutView
from django.urls import URLPattern, path

from ..conf import project_settings
from ..http import takes
from . import views


def page(address: str, name: str, view: Any) -> URLPattern:
    return path(address, takes("GET", "HEAD", "POST")(view.as_view()), name=name)


urlpatterns = [
    page("login", "login", views.LoginPage),
    page("password", "password", views.PasswordPage),
    path("logout", takes("POST")(LogoutView.as_view()), name="logout"),
]
if project_settings().auth:
    from . import own, registration

    urlpatterns += [
        page("", "profile", own.ProfilePage),
        page("tokens", "tokens", own.TokensPage),
        path("tokens/<uuid:token_id>/revoke", own.revoke, name="revoke"),
        page("delete", "delete", own.DeletePage),
        page("register", "register", registration.RegisterPage),
        page("confirm", "confirm", registration.ConfirmPage),
        page("confirm/<token>", "confirmed", registration.ConfirmingPage),
        page("reset", "reset", registration.ResetPage),
        page("reset/<token>", "new_password", registration.NewPasswordPage),
    ]
