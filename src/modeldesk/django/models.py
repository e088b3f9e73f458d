"""The tables that the library keeps: predictions, their counts, and totals of removed ones."""

from django.db import models

from .fields import ExactCharField, ExactDateTimeField, ExactJSONField
from .indexes import IndexOfSome


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
        # Ids sort by time: what is asked for by one of these is read newest first, to the last one
        # shown.
        indexes = [
            models.Index(fields=["model_version", "id"], name="ix_predictions_by_version"),
            IndexOfSome(fields=["label", "id"], name="ix_predictions_by_label", given="label"),
            IndexOfSome(fields=["user_id", "id"], name="ix_predictions_by_user", given="user_id"),
            IndexOfSome(
                fields=["reference", "id"], name="ix_predictions_by_reference", given="reference"
            ),
            IndexOfSome(fields=["id"], name="ix_predictions_waiting", lacking="feedback_at"),
            IndexOfSome(fields=["id"], name="ix_predictions_told", given="feedback_at"),
            IndexOfSome(
                fields=["model_version", "id"],
                name="ix_predictions_told_by_version",
                given="feedback_at",
            ),
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


class Tally(models.Model):
    """How many predictions a version has made, up to one of an id; `serving.tallies` keeps it."""

    model_version = ExactCharField(primary_key=True, max_length=64)
    made = models.BigIntegerField()
    until = ExactCharField(max_length=36)

    class Meta:
        db_table = "tallies"

    def __str__(self) -> str:
        return self.model_version
