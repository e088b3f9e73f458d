"""Pages to log in, and to change one's password."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.views import LoginView, PasswordChangeView
from django.http import HttpResponse
from django.urls import reverse_lazy

from ...accounts import content
from ..conf import project_settings
from .base import FormPage
from .forms import LoginForm, PasswordForm
from .mail import tell_of_change


class LoginPage(FormPage, LoginView):
    page = content.LOGIN if project_settings().auth else content.STAFF_LOGIN
    authentication_form = LoginForm

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        type(self.request.session).clear_expired()
        return response


class PasswordPage(FormPage, PasswordChangeView):
    page = content.PASSWORD if project_settings().auth else content.STAFF_PASSWORD
    form_class = PasswordForm
    success_url = reverse_lazy("profile" if project_settings().auth else "password")

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"request": self.request}

    def form_valid(self, form: Any) -> HttpResponse:
        messages.success(self.request, content.CHANGED)
        if project_settings().auth:
            tell_of_change(self.request, form.user)
        return super().form_valid(form)
