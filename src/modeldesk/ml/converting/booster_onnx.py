"""How models of XGBoost and LightGBM become ONNX: by the converters of onnxmltools."""

import re
import sys
from copy import copy
from importlib import import_module
from typing import Any

from ..libraries import need

FAMILIES = {  # how their classes begin, and where their converter is
    "lightgbm": ("LGBM", "onnxmltools.convert.lightgbm.operator_converters.LightGbm"),
    "xgboost": ("XGB", "onnxmltools.convert.xgboost.operator_converters.XGBoost"),
}

SPLITS = re.compile(r"^decision_type=(.*)$", re.MULTILINE)  # bits: category, default, 2 for gaps


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
        convert = {"lightgbm": _of_plain_splits, "xgboost": _without_names}[family](convert)
        for kind in ("Classifier", "RFClassifier", "Regressor", "RFRegressor", "Ranker"):
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
        if "c" in (original.get_booster().feature_types or []):
            raise ValueError("it numbers categories, which ONNX does not know")
        operator.raw_operator = copy(original)
        operator.raw_operator._Booster = original.get_booster().copy()
        operator.raw_operator._Booster.feature_names = None
        operator.raw_operator._Booster.feature_types = None  # all are numbers to ONNX
        try:
            convert(scope, operator, container)
        finally:
            operator.raw_operator = original

    return renamed


def _of_plain_splits(convert: Any) -> Any:
    """The converter of LightGBM, for models of whose splits ONNX has the like.

    It converts others as well, which then answer some rows otherwise.
    """

    from skl2onnx.common.data_types import DoubleTensorType

    def checked(scope: Any, operator: Any, container: Any) -> None:
        text = operator.raw_operator.booster_.model_to_string()
        codes = {int(code) for line in SPLITS.findall(text) for code in line.split()}
        if any(code & 1 for code in codes):
            raise ValueError("it splits by categories, which ONNX does not know")
        if any(code >> 2 & 3 == 1 for code in codes):
            raise ValueError("it takes zeros as gaps, which ONNX does not know")
        if "\nis_linear=1" in text:
            raise ValueError("it has linear models in its leaves, which ONNX does not know")
        from .onnx_converters import _Exact

        wide = isinstance(operator.inputs[0].type, DoubleTensorType)
        convert(scope, operator, _Exact(container, []) if wide else container)

    return checked
