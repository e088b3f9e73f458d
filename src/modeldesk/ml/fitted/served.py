"""What of a fitted model is served: that which answers, without what only its training needed."""

from copy import copy
from typing import Any

from ..artifact import ArtifactError


def served(model: Any) -> Any:
    """The model as it predicts: a search's best one, pipelines without samplers and caches.

    The given one stays as it is. Raises ArtifactError for a search that kept no model.
    """
    if hasattr(model, "cv_results_") and hasattr(model, "refit"):
        if not hasattr(model, "best_estimator_"):
            kind = type(model).__name__
            mend = "fit it with `refit=True`, or take a model fitted with its `best_params_`"
            raise ArtifactError(f"{kind} kept no model, as it has `refit=False`; {mend}.")
        return served(model.best_estimator_)
    if isinstance(model, list | tuple):
        return _container(model)
    if isinstance(model, type) or not _holds_models(model):
        return model
    changed = {key: new for key, old in vars(model).items() if (new := served(old)) is not old}
    if getattr(model, "memory", None) is not None:
        changed["memory"] = None  # where a pipeline that is fitted keeps what it made before
    if changed:
        model = copy(model)
        vars(model).update(changed)
    return _without_samplers(model) if _samples(model) else model


def _container(parts: Any) -> Any:
    found = [served(part) for part in parts]
    if all(new is old for new, old in zip(found, parts, strict=True)):
        return parts
    return type(parts)(found) if type(parts) in (list, tuple) else parts


def _holds_models(part: Any) -> bool:
    """Whether it is an estimator, or a part of one such as a calibrated classifier."""
    ours = type(part).__module__.startswith("sklearn.") and hasattr(part, "estimator")
    return hasattr(part, "__dict__") and (ours or hasattr(part, "get_params"))


def _samples(model: Any) -> bool:
    """Whether it is a pipeline of imbalanced-learn, which only training needs."""
    return hasattr(model, "steps") and type(model).__module__.startswith("imblearn.")


def _without_samplers(pipeline: Any) -> Any:
    from sklearn.pipeline import Pipeline

    steps = [(name, step) for name, step in pipeline.steps if not hasattr(step, "fit_resample")]
    return Pipeline(steps)
