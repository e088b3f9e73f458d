"""Whose predictions they are."""

from django.db import migrations, models

from ..fields import ExactCharField
from ..operations import AddOrAdoptField, AddOrAdoptIndex


class Migration(migrations.Migration):
    dependencies = [("predictions", "0002_promotion")]
    operations = [
        AddOrAdoptField("Prediction", "user_id", ExactCharField(max_length=36, null=True)),
        AddOrAdoptIndex(
            "Prediction", models.Index(fields=["user_id", "id"], name="ix_predictions_user_id")
        ),
    ]
