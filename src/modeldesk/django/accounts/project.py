"""What the project has of accounts: in the app of its user model."""

from importlib import import_module
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model


def roles() -> Any:
    """Its `roles.py`: ROLES, STAFF and, where people sign up, NEW."""
    return import_module(f"{apps.get_app_config(_label()).name}.roles")


def user_model() -> Any:
    return get_user_model()


def token_model() -> Any:
    return apps.get_model(_label(), "Token")


def attempt_model() -> Any:
    return apps.get_model(_label(), "LoginAttempt")


def _label() -> str:
    return get_user_model()._meta.app_label
