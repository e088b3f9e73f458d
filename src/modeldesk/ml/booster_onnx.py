"""How models of XGBoost and LightGBM become ONNX: by the converters of onnxmltools."""

import sys
from copy import copy
from importlib import import_module
from typing import Any

from .libraries import need

FAMILIES = {  # how their classes begin, and where their converter is
    "lightgbm": ("LGBM", "onnxmltools.convert.lightgbm.operator_converters.LightGbm"),
    "xgboost": ("XGB", "onnxmltools.convert.xgboost.operator_converters.XGBoost"),
}


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
