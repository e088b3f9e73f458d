"""The prediction log, and totals of what is removed from it; indexes come later."""

from django.db import migrations, models

from ..fields import ExactCharField, ExactDateTimeField, ExactJSONField
from ..operations import CreateOrAdoptModel


class Migration(migrations.Migration):
    dependencies = []
    operations = [
        CreateOrAdoptModel(
            name="Prediction",
            fields=[
                ("id", ExactCharField(max_length=36, primary_key=True, serialize=False)),
                ("created_at", ExactDateTimeField()),
                ("request_id", ExactCharField(max_length=64)),
                ("model_version", ExactCharField(max_length=64)),
                ("inputs", ExactJSONField()),
                ("output", ExactJSONField()),
                ("label", ExactCharField(max_length=255, null=True)),
                ("duration_ms", models.FloatField()),
                ("feedback", ExactJSONField(null=True)),
                ("feedback_at", ExactDateTimeField(null=True)),
                ("shadow", ExactJSONField(null=True)),
            ],
            options={"db_table": "predictions"},
        ),
        CreateOrAdoptModel(
            name="Summary",
            fields=[
                ("id", ExactCharField(max_length=75, primary_key=True, serialize=False)),
                ("day", ExactCharField(max_length=10)),
                ("model_version", ExactCharField(max_length=64)),
                ("count", models.IntegerField()),
                ("duration_ms", models.FloatField()),
                ("longest_ms", models.FloatField()),
                ("with_feedback", models.IntegerField()),
                ("correct", models.IntegerField()),
                ("errors", ExactJSONField()),
                ("labels", ExactJSONField()),
            ],
            options={"db_table": "summaries"},
        ),
    ]
