"""The tables that the library keeps: predictions, and totals of those that were removed."""

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
    shadow = ExactJSONField(null=True)
    user_id = ExactCharField(max_length=36, null=True)  # None where nobody has an account
    reference = ExactCharField(max_length=64, null=True)

    class Meta:
        db_table = "predictions"
        permissions = [("promote_model", "Can promote model")]
        indexes = [
            *(
                models.Index(fields=[name], name=f"ix_predictions_{name}")
                for name in ("created_at", "model_version", "label", "feedback_at")
            ),
            models.Index(fields=["user_id", "id"], name="ix_predictions_user_id"),
            models.Index(fields=["reference"], name="ix_predictions_reference"),
        ]

    def __str__(self) -> str:
        return self.id


class Summary(models.Model):
    """What is kept of a day's predictions by a version; `Totals` says what its fields mean."""

    id = ExactCharField(primary_key=True, max_length=75)  # the day, a slash, the version
    day = ExactCharField(max_length=10)
    model_version = ExactCharField(max_length=64)
    count = models.IntegerField()
    duration_ms = models.FloatField()
    longest_ms = models.FloatField()
    with_feedback = models.IntegerField()
    correct = models.IntegerField()
    errors = ExactJSONField()
    labels = ExactJSONField()

    class Meta:
        db_table = "summaries"

    def __str__(self) -> str:
        return self.id
