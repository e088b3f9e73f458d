"""Models of XGBoost and LightGBM: their own files, and how they become ONNX."""

import json
import re
import sys
from collections.abc import Sequence
from copy import copy
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from .artifact import ArtifactError
from .libraries import need
from .signature import brief

FAMILIES = {  # how their classes begin, and where their converter is
    "lightgbm": ("LGBM", "onnxmltools.convert.lightgbm.operator_converters.LightGbm"),
    "xgboost": ("XGB", "onnxmltools.convert.xgboost.operator_converters.XGBoost"),
}


def read_xgboost(path: Path) -> Any:
    """Read what `save_model` of XGBoost wrote. Raises ArtifactError."""
    xgboost = need(f"A model in {path.suffix}", "xgboost", "onnxmltools")[0]
    try:
        booster = xgboost.Booster(model_file=path)
        said = json.loads(booster.attr("scikit_learn") or "{}").get("_estimator_type")
        objective = json.loads(booster.save_config())["learner"]["objective"]["name"]
        classes = said == "classifier" or objective.startswith(("binary:", "multi:"))
        model = xgboost.XGBClassifier() if classes else xgboost.XGBRegressor()
        model.load_model(path)
    except Exception as error:
        why = brief(error).rpartition("] ")[2]
        raise ArtifactError(f"{path} is no model of XGBoost, or cut short ({why}).") from error
    return model


def read_lightgbm(path: Path) -> Any:
    """Read what `save_model` of a LightGBM booster wrote. Raises ArtifactError.

    The file knows no names of classes: they are 0, 1 and so on.
    """
    lightgbm = need(f"A model in {path.suffix}", "lightgbm", "onnxmltools")[0]
    from sklearn.preprocessing import LabelEncoder

    text = path.read_bytes().decode("utf-8", "replace")
    if not text.startswith("tree\n") or "end of trees" not in text:
        raise ArtifactError(f"{path} is no model of LightGBM, or cut short; save it anew.")
    booster = lightgbm.Booster(model_str=text)
    objective = re.search(r"^objective=(\w+)", text, re.MULTILINE)
    kind = objective[1] if objective else ""
    names = booster.feature_name()
    state = {
        "_Booster": booster,
        "_fitted_with_feature_names": names != [f"Column_{i}" for i in range(len(names))],
        "_n_features": len(names),
        "_n_features_in": len(names),
        "_objective": kind,
        "fitted_": True,
    }
    if not kind.startswith(("binary", "multiclass")):
        model = lightgbm.LGBMRegressor()
    else:
        classes = np.arange(max(2, booster.num_model_per_iteration()))
        state |= {"_classes": classes, "_n_classes": len(classes), "_le": LabelEncoder()}
        state["_le"].fit(classes)
        model = lightgbm.LGBMClassifier()
    vars(model).update(state)
    return model


def register_converters() -> bool:
    """Teach skl2onnx those of the two that are in use; whether one is. Raises ArtifactError."""
    from skl2onnx import update_registered_converter as register
    from skl2onnx.common import shape_calculator as shapes

    known = {"zipmap": [True, False, "columns"], "nocl": [True, False], "raw_scores": [True, False]}
    used = [family for family in FAMILIES if family in sys.modules]
    for family in used:
        prefix, module = FAMILIES[family]
        need(f"ONNX of {family}", "onnxmltools")
        convert = getattr(import_module(module), f"convert_{family}")
        if family == "xgboost":
            convert = _without_names(convert)
        for kind in ("Classifier", "RFClassifier", "Regressor", "RFRegressor"):
            if not (model := getattr(sys.modules[family], f"{prefix}{kind}", None)):
                continue  # LightGBM has no forests of its own
            if kind.endswith("Classifier"):
                shape, options = shapes.calculate_linear_classifier_output_shapes, known
            else:
                shape, options = shapes.calculate_linear_regressor_output_shapes, {"split": None}
            register(model, f"{prefix}{kind}", shape, convert, options=options)
    return bool(used)


def _without_names(convert: Any) -> Any:
    """The converter of XGBoost, which takes numbers that are called f0, f1 and so on only."""

    def renamed(scope: Any, operator: Any, container: Any) -> None:
        original = operator.raw_operator
        operator.raw_operator = copy(original)
        operator.raw_operator._Booster = original.get_booster().copy()
        operator.raw_operator._Booster.feature_names = None
        if "c" not in (original.get_booster().feature_types or []):  # which it refuses by itself
            operator.raw_operator._Booster.feature_types = None  # all are numbers to ONNX
        try:
            convert(scope, operator, container)
        finally:
            operator.raw_operator = original

    return renamed


def known(estimator: Any, columns: Sequence[str | None]) -> list[Any] | None:
    """What a booster knows of the columns that reach it, a `knowledge.Known` for each.

    None of an estimator that is no booster. `columns` are the model's own names of them, None
    where a part before it made one.
    """
    return None
