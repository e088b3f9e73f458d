"""Whose predictions they are."""

from django.db import migrations

from ..fields import ExactCharField
from ..operations import AddOrAdoptField


class Migration(migrations.Migration):
    dependencies = [("predictions", "0002_promotion")]
    operations = [
        AddOrAdoptField("Prediction", "user_id", ExactCharField(max_length=36, null=True)),
    ]
