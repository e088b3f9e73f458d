"""Indexes that end with the id, by which every list is read; and counts of what each version made.

Only so a page takes the same time whatever the log holds.
"""

from django.db import migrations, models

from ..fields import ExactCharField
from ..indexes import IndexOfSome
from ..operations import AddOrAdoptIndex, CreateOrAdoptModel, ForgetIndexes, KnowOutcomes

OLD = ["created_at", "model_version", "label", "feedback_at", "user_id", "reference"]


class Migration(migrations.Migration):
    dependencies = [("predictions", "0004_reference")]
    operations = [
        CreateOrAdoptModel(
            name="Tally",
            fields=[
                ("model_version", ExactCharField(max_length=64, primary_key=True, serialize=False)),
                ("made", models.BigIntegerField()),
                ("until", ExactCharField(max_length=36)),
            ],
            options={"db_table": "tallies"},
        ),
        KnowOutcomes(),
        *(
            AddOrAdoptIndex("Prediction", index)
            for index in (
                models.Index(fields=["model_version", "id"], name="ix_predictions_by_version"),
                IndexOfSome(fields=["label", "id"], name="ix_predictions_by_label", given="label"),
                IndexOfSome(
                    fields=["user_id", "id"], name="ix_predictions_by_user", given="user_id"
                ),
                IndexOfSome(
                    fields=["reference", "id"],
                    name="ix_predictions_by_reference",
                    given="reference",
                ),
                IndexOfSome(fields=["id"], name="ix_predictions_waiting", lacking="feedback_at"),
                IndexOfSome(fields=["id"], name="ix_predictions_told", given="feedback_at"),
                IndexOfSome(
                    fields=["model_version", "id"],
                    name="ix_predictions_told_by_version",
                    given="feedback_at",
                ),
            )
        ),
        ForgetIndexes("Prediction", [f"ix_predictions_{name}" for name in OLD]),
    ]
