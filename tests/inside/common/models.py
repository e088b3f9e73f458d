"""Small models, where tests look for them."""

from modeldesk.testing.models import (
    FEATURES,
    TARGETS,
    houses,
    pipeline,
    publish_small_model,
    publish_small_regression,
    publish_small_targets,
    rents,
)

__all__ = [
    "FEATURES",
    "TARGETS",
    "houses",
    "pipeline",
    "publish_small_model",
    "publish_small_regression",
    "publish_small_targets",
    "rents",
]
