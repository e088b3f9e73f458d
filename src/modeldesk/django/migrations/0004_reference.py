"""What callers send with a row to find its prediction by."""

from django.db import migrations

from ..fields import ExactCharField
from ..operations import AddOrAdoptField


class Migration(migrations.Migration):
    dependencies = [("predictions", "0003_user")]
    operations = [
        AddOrAdoptField("Prediction", "reference", ExactCharField(max_length=64, null=True)),
    ]
