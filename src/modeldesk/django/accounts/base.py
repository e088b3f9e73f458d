"""What the pages of accounts have in common."""

from typing import Any, cast

from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.views.generic import FormView

from ...accounts.content import Page, form_context
from .controls import shown_fields
from .models import AbstractUser


class FormPage(FormView):
    """A form on the shared page; in front of other views, it shows theirs."""

    page: Page
    template_name = "modeldesk/accounts/form.html"

    @property
    def account(self) -> AbstractUser:
        """Who asks, on a page that is closed to others."""
        return cast(AbstractUser, self.request.user)

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"auto_id": "%s"}

    def get_context_data(self, **given: Any) -> dict[str, Any]:
        context = super().get_context_data(**given)
        form = context["form"]
        summary = " ".join(map(str, form.non_field_errors()))
        notices = [message.message for message in get_messages(self.request)]
        return context | form_context(self.page, shown_fields(form), summary) | {"notices": notices}

    def form_invalid(self, form: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)
