"""The prediction log as a document of MongoEngine, for the admin; the log itself uses PyMongo."""

from typing import ClassVar

from mongoengine import DictField, Document, FloatField, StringField

from .mongo_fields import MomentField


class Prediction(Document):
    """One document of the prediction log; `Record` says what its fields mean."""

    id = StringField(primary_key=True)
    created_at = MomentField(required=True)
    request_id = StringField(required=True)
    model_version = StringField(required=True)
    inputs = DictField()
    output = DictField()
    label = StringField(null=True)
    duration_ms = FloatField(required=True)
    feedback = DictField(null=True, default=None)
    feedback_at = MomentField(null=True)
    shadow = DictField(null=True, default=None)
    user_id = StringField(null=True)
    reference = StringField(null=True)

    meta: ClassVar = {
        "collection": "predictions",
        "strict": False,  # it may hold more, such as of a release before
        "auto_create_index": False,  # `manage db upgrade` makes them
    }
