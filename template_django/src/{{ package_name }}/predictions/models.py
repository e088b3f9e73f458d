"""Tables."""

from django.db import models

from .fields import ExactCharField, ExactDateTimeField, ExactJSONField


class Prediction(models.Model):
    """One row of the prediction log; `Record` says what its fields mean."""

    id = ExactCharField(primary_key=True, max_length=36)
    created_at = ExactDateTimeField()
    request_id = ExactCharField(max_length=64)
    model_version = ExactCharField(max_length=64)
    inputs = ExactJSONField()
    output = ExactJSONField()
    label = ExactCharField(max_length=255, null=True)
    duration_ms = models.FloatField()
    feedback = ExactJSONField(null=True)
    feedback_at = ExactDateTimeField(null=True)

    class Meta:
        db_table = "predictions"
        indexes = [
            models.Index(fields=[name], name=f"ix_predictions_{name}")
            for name in ("created_at", "model_version", "label", "feedback_at")
        ]

    def __str__(self) -> str:
        return self.id
