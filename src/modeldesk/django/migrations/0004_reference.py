"""What callers send with a row to find its prediction by."""

from django.db import migrations, models

from ..fields import ExactCharField
from ..operations import AddOrAdoptField, AddOrAdoptIndex


class Migration(migrations.Migration):
    dependencies = [("predictions", "0003_user")]
    operations = [
        AddOrAdoptField("Prediction", "reference", ExactCharField(max_length=64, null=True)),
        AddOrAdoptIndex(
            "Prediction", models.Index(fields=["reference"], name="ix_predictions_reference")
        ),
    ]
