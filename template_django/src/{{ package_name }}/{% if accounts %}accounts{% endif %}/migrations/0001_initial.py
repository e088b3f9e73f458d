"""Accounts."""

from django.core.validators import EmailValidator
from django.db import migrations, models
from django.utils import timezone
from modeldesk.django.accounts.models import new_id
from modeldesk.django.fields import ExactCharField, ExactDateTimeField

GROUPS = (
    "The groups this user belongs to. A user will get all permissions granted to each of "
    "their groups."
)
SUPERUSER = "Designates that this user has all permissions without explicitly assigning them."


class Migration(migrations.Migration):
    initial = True
    dependencies = [("auth", "__first__")]
    operations = [
        migrations.CreateModel(
            name="User",
            fields=[
                (
                    "id",
                    ExactCharField(
                        default=new_id,
                        editable=False,
                        max_length=36,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "email",
                    ExactCharField(max_length=255, unique=True, validators=[EmailValidator()]),
                ),
                ("name", ExactCharField("your name", blank=True, max_length=100)),
                ("password", models.CharField("password", max_length=128)),
                ("is_active", models.BooleanField(default=True)),
                (
                    "is_superuser",
                    models.BooleanField("superuser status", default=False, help_text=SUPERUSER),
                ),
                ("confirmed_at", ExactDateTimeField(editable=False, null=True)),
                ("created_at", ExactDateTimeField(default=timezone.now, editable=False)),
                ("last_login", ExactDateTimeField("last login", editable=False, null=True)),
                (
                    "groups",
                    models.ManyToManyField(
                        "auth.group",
                        "user_set",
                        "user",
                        blank=True,
                        help_text=GROUPS,
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        "auth.permission",
                        "user_set",
                        "user",
                        blank=True,
                        help_text="Specific permissions for this user.",
                        verbose_name="user permissions",
                    ),
                ),
            ],
            options={"abstract": False},
        ),
        migrations.CreateModel(
            name="LoginAttempt",
            fields=[
                ("key", ExactCharField(max_length=64, primary_key=True, serialize=False)),
                ("count", models.IntegerField()),
                ("until", ExactDateTimeField()),
            ],
        ),
    ]
