"""Tables."""

from django.db import models


class Prediction(models.Model):
    """One row of the prediction log; `Record` says what its fields mean."""

    id = models.CharField(primary_key=True, max_length=36)
    created_at = models.DateTimeField()
    request_id = models.CharField(max_length=64)
    model_version = models.CharField(max_length=64)
    inputs = models.JSONField()
    output = models.JSONField()
    label = models.CharField(max_length=255, null=True)
    duration_ms = models.FloatField()
    feedback = models.JSONField(null=True)
    feedback_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "predictions"
        indexes = [
            models.Index(fields=[name], name=f"ix_predictions_{name}")
            for name in ("created_at", "model_version", "label", "feedback_at")
        ]

    def __str__(self) -> str:
        return self.id
