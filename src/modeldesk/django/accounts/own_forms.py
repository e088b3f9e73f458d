"""Forms to sign up, and of one's own account."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from ...accounts.tokens import LIFETIMES
from .backends import authenticated
from .controls import email_field, password_field
from .project import token_model, user_model


class RegisterForm(forms.Form):
    """Who signs up; whether the address has an account is told by mail alone."""

    email = email_field()
    password = password_field("Password", "new-password")

    def clean_password(self) -> str:
        owner = user_model()(email=self.cleaned_data.get("email", ""))
        validate_password(self.cleaned_data["password"], owner)
        owner.set_password(self.cleaned_data["password"])
        return str(owner.password)


class AddressForm(forms.Form):
    """Where a mail is to go."""

    email = email_field()


class ProfileForm(forms.ModelForm):
    """What an account may change of itself."""

    class Meta:
        model = user_model()
        fields = user_model().PROFILE_FIELDS


class TokenForm(forms.ModelForm):
    """A new token."""

    lifetime = forms.ChoiceField(
        label="Ends after", choices=list(LIFETIMES.items()), initial="90", required=False
    )

    class Meta:
        model = token_model()
        fields = ["name"]

    def clean_lifetime(self) -> str:
        """Without one it is as the form is shown; an empty one means no end."""
        chosen = self.cleaned_data["lifetime"]
        return str(chosen if "lifetime" in self.data else self.fields["lifetime"].initial)


class DeleteForm(forms.Form):
    """The password, to be sure that it is the owner who asks."""

    password = password_field("Your password", "current-password")

    def __init__(self, *args: Any, request: HttpRequest, user: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.request, self.user = request, user

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        if not authenticated(self.request, self.user.email, password):
            raise ValidationError("This is not your password.")
        return password
