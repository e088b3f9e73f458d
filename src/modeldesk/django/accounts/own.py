"""Pages of one's own account: profile, tokens, and the end of it."""

from typing import Any
from uuid import UUID

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from ...accounts import content
from ...accounts.tokens import digest, expires, new_secret, shown
from ...serving.answers import Problem
from ..http import takes
from ..log import open_log
from .base import FormPage
from .own_forms import DeleteForm, ProfileForm, TokenForm
from .project import token_model, user_model


class ProfilePage(FormPage):
    page = content.PROFILE
    form_class = ProfileForm
    template_name = "modeldesk/accounts/profile.html"
    success_url = reverse_lazy("profile")

    def get_form_kwargs(self) -> dict[str, Any]:
        # Another one, which an error may leave half changed.
        row = user_model().objects.get(pk=self.account.pk)
        return super().get_form_kwargs() | {"instance": row}

    def get_context_data(self, **given: Any) -> dict[str, Any]:
        groups = self.account.groups.order_by("name")
        roles = ", ".join(group.name for group in groups)
        known = {"email": self.account.email, "roles": roles}
        return super().get_context_data(profile=known, **given)

    def form_valid(self, form: Any) -> HttpResponse:
        form.save()
        return super().form_valid(form)


@method_decorator(never_cache, name="dispatch")
class TokensPage(FormPage):
    page = content.TOKENS
    form_class = TokenForm
    template_name = "modeldesk/accounts/tokens.html"

    def get_context_data(self, **given: Any) -> dict[str, Any]:
        made = token_model().objects.filter(user=self.account).order_by("-id")
        return super().get_context_data(tokens=[shown(token) for token in made], **given)

    def form_valid(self, form: Any) -> HttpResponse:
        secret, token = new_secret(), form.save(commit=False)
        token.user, token.digest = self.account, digest(secret)
        token.expires_at = expires(form.cleaned_data["lifetime"])
        token.save()
        anew = self.form_class(auto_id="%s")
        return self.render_to_response(self.get_context_data(form=anew, secret=secret))


@takes("POST")
def revoke(request: HttpRequest, token_id: UUID) -> HttpResponse:
    there, _ = token_model().objects.filter(pk=str(token_id), user_id=request.user.pk).delete()
    if not there:
        raise Problem(404, "There is no such token.")
    return redirect("tokens")


class DeletePage(FormPage):
    page = content.DELETE
    form_class = DeleteForm
    success_url = reverse_lazy("login")

    def get_form_kwargs(self) -> dict[str, Any]:
        more = {"request": self.request, "user": self.account}
        return super().get_form_kwargs() | more

    def form_valid(self, form: Any) -> HttpResponse:
        open_log().disown(form.user.pk)
        logout(self.request)
        user_model().objects.filter(pk=form.user.pk).delete()
        return super().form_valid(form)
