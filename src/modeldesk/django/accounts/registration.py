"""Sign-up, confirmation of the address, and a new password for one that is forgotten.

No page tells whether an address has an account; a mail does, to its owner.
"""

from contextlib import suppress
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import Group
from django.contrib.auth.tokens import default_token_generator
from django.core import signing
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from ...accounts import content, mails
from ...serving.service import RECORD_ID
from ..service import get_service
from .base import FormPage
from .forms import NewPasswordForm
from .mail import later, link, send, tell_of_change
from .models import AbstractUser
from .own_forms import AddressForm, RegisterForm
from .project import roles, user_model

User = user_model()
SALT = "accounts.confirm"
CONFIRM_WITHIN = 5 * 24 * 60 * 60  # seconds


class MailingPage(FormPage):
    """A page that is answered by mail."""

    success_url = reverse_lazy("login")

    def form_valid(self, form: Any) -> HttpResponse:
        get_service().log.ping()  # nothing is promised while the database is away
        later(self.work, self.request, form.cleaned_data)
        messages.success(self.request, content.SENT)
        return super().form_valid(form)

    def work(self, request: HttpRequest, typed: dict[str, str]) -> None:
        raise NotImplementedError


@method_decorator(login_not_required, name="dispatch")
class RegisterPage(MailingPage):
    page = content.REGISTER
    form_class = RegisterForm

    def work(self, request: HttpRequest, typed: dict[str, str]) -> None:
        user = User(email=typed["email"], password=typed["password"])
        try:
            with transaction.atomic():
                user.save(force_insert=True)
                user.groups.add(Group.objects.get(name=roles().NEW))
        except IntegrityError:
            send(mails.REGISTERED_ALREADY, user.email, link(request, "reset"))
        else:
            ask_to_confirm(request, user)


@method_decorator(login_not_required, name="dispatch")
class ConfirmPage(MailingPage):
    page = content.CONFIRM
    form_class = AddressForm

    def work(self, request: HttpRequest, typed: dict[str, str]) -> None:
        user = User.objects.find(typed["email"])
        if user and user.is_active and user.confirmed_at is None:
            ask_to_confirm(request, user)


@method_decorator(login_not_required, name="dispatch")
class ResetPage(MailingPage):
    page = content.RESET
    form_class = AddressForm

    def work(self, request: HttpRequest, typed: dict[str, str]) -> None:
        user = User.objects.find(typed["email"])
        if user and user.is_active:
            token = default_token_generator.make_token(user)
            send(mails.RESET, user.email, link(request, "new_password", f"{user.pk}.{token}"))


def ask_to_confirm(request: HttpRequest, user: AbstractUser) -> None:
    token = signing.dumps(user.pk, salt=SALT)
    send(mails.CONFIRM, user.email, link(request, "confirmed", token))


@method_decorator([login_not_required, never_cache], name="dispatch")
class ConfirmingPage(FormPage):
    """What the link of a mail opens; so do programs that look into mails, which confirm none."""

    page = content.CONFIRMING
    form_class = forms.Form
    success_url = reverse_lazy("login")
    user: AbstractUser | None = None

    def dispatch(self, request: HttpRequest, *args: Any, **parts: Any) -> HttpResponseBase:
        with suppress(signing.BadSignature):
            user_id = signing.loads(parts["token"], salt=SALT, max_age=CONFIRM_WITHIN)
            self.user = User.objects.filter(pk=user_id, is_active=True).first()
        if self.user is None:
            messages.error(request, content.OVER)
            return redirect("confirm")
        if self.user.confirmed_at:
            messages.success(request, content.CONFIRMED)
            return redirect("login")
        return super().dispatch(request, *args, **parts)

    def form_valid(self, form: Any) -> HttpResponse:
        waiting = User.objects.filter(pk=self.user.pk, confirmed_at=None)
        waiting.update(confirmed_at=timezone.now())
        messages.success(self.request, content.CONFIRMED)
        return super().form_valid(form)


@method_decorator([login_not_required, never_cache], name="dispatch")
class NewPasswordPage(FormPage):
    """Whoever has the mail may set a new password; that the address is theirs is shown by it."""

    page = content.NEW_PASSWORD
    form_class = NewPasswordForm
    success_url = reverse_lazy("login")
    user: AbstractUser | None = None

    def dispatch(self, request: HttpRequest, *args: Any, **parts: Any) -> HttpResponseBase:
        user_id, _, token = parts["token"].partition(".")
        if RECORD_ID.fullmatch(user_id):
            self.user = User.objects.filter(pk=user_id, is_active=True).first()
        if not default_token_generator.check_token(self.user, token):
            messages.error(request, content.OVER)
            return redirect("reset")
        return super().dispatch(request, *args, **parts)

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"user": self.user}

    def form_valid(self, form: Any) -> HttpResponse:
        user = form.save(commit=False)
        user.confirmed_at = user.confirmed_at or timezone.now()
        user.save()
        user.end_tokens()
        tell_of_change(self.request, user, mails.SET_ANEW)
        messages.success(self.request, content.SET_ANEW)
        return super().form_valid(form)
