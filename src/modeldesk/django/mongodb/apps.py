"""Django's own apps, with identifiers as MongoDB makes them."""

from django.contrib.auth import apps as auth
from django.contrib.contenttypes import apps as contenttypes

from ..staff import apps as staff

OBJECT_ID = "django_mongodb_backend.fields.ObjectIdAutoField"


class AdminConfig(staff.AdminConfig):
    default_auto_field = OBJECT_ID


class AuthConfig(auth.AuthConfig):
    default_auto_field = OBJECT_ID


class ContentTypesConfig(contenttypes.ContentTypesConfig):
    default_auto_field = OBJECT_ID
