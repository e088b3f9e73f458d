"""The prediction log."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Prediction",
            fields=[
                ("id", models.CharField(max_length=36, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField()),
                ("request_id", models.CharField(max_length=64)),
                ("model_version", models.CharField(max_length=64)),
                ("inputs", models.JSONField()),
                ("output", models.JSONField()),
                ("label", models.CharField(max_length=255, null=True)),
                ("duration_ms", models.FloatField()),
                ("feedback", models.JSONField(null=True)),
                ("feedback_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "predictions",
                "indexes": [
                    models.Index(fields=[name], name=f"ix_predictions_{name}")
                    for name in ("created_at", "model_version", "label", "feedback_at")
                ],
            },
        ),
    ]
