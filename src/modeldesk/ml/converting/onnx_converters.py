"""Converters of our own, where those of skl2onnx round otherwise than scikit-learn does.

A model is converted for inputs of 64 bits. Trees of scikit-learn compare in 32 bits what reaches
them, those of HistGradientBoosting in 64; the sums of a forest's votes must be exact, as its label
is the first of the largest; and imputers and joined columns must not round at all. Gaps go the way
that a tree has learned for them.
"""

import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
from onnx import TensorProto, helper
from onnx.numpy_helper import from_array
from skl2onnx._supported_operators import sklearn_operator_name_map
from skl2onnx.common._apply_operation import apply_cast, apply_concat, apply_div
from skl2onnx.common._registration import get_converter, get_shape_calculator
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType
from skl2onnx.common.tree_ensemble import (
    add_tree_to_attribute_pairs,
    get_default_tree_regressor_attribute_pairs,
)
from skl2onnx.common.utils_classifier import get_label_classes
from sklearn import ensemble, impute, preprocessing, tree
from sklearn.base import is_classifier

Convert = Callable[[Any, Any, Any], None]  # of a scope, an operator and a container
EXACT = (ensemble.HistGradientBoostingClassifier, ensemble.HistGradientBoostingRegressor)
WEIGHTS = ("class_weights", "target_weights")


def converters() -> dict[type, Convert]:
    """By the class of an estimator, as `convert_sklearn` takes them."""
    forests = (ensemble.RandomForestClassifier, ensemble.ExtraTreesClassifier)
    rounding = (
        ensemble.ExtraTreesRegressor,
        ensemble.GradientBoostingClassifier,
        ensemble.GradientBoostingRegressor,
        ensemble.RandomForestRegressor,
        tree.DecisionTreeClassifier,
        tree.DecisionTreeRegressor,
        tree.ExtraTreeClassifier,
        tree.ExtraTreeRegressor,
    )
    found: dict[type, Convert] = {impute.SimpleImputer: _imputer}
    found[preprocessing.OneHotEncoder] = _as_given
    found |= dict.fromkeys(forests, _forest) | dict.fromkeys(EXACT, _as_given)
    found[ensemble.VotingClassifier] = _votes
    boosters: dict[str, Convert] = {"lightgbm": _as_given, "xgboost": _narrow}
    for family, convert in boosters.items():  # around those that boosters.py registers
        for model in vars(sys.modules.get(family)).values() if family in sys.modules else ():
            if isinstance(model, type) and model in sklearn_operator_name_map:
                found[model] = convert
    return found | dict.fromkeys(rounding, _trees)


def shapes() -> dict[type, Callable[[Any], None]]:
    """Shape calculators by the class of an estimator, as `convert_sklearn` takes them."""
    return {preprocessing.OneHotEncoder: _one_hot_shape}


def _one_hot_shape(operator: Any) -> None:
    """An encoder's answers are joined with numbers of 64 bits, and named after the first."""
    get_shape_calculator(operator.type)(operator)
    if isinstance(operator.outputs[0].type, FloatTensorType):
        operator.outputs[0].type = DoubleTensorType(operator.outputs[0].type.shape)


def as_computed(graph: Any) -> None:
    """Mend what skl2onnx writes of 64 bits: joined columns lose none, and outputs have all."""
    for node in graph.node:
        if node.op_type == "FeatureVectorizer":  # it would round to 32
            joined = helper.make_node("Concat", node.input, node.output, node.name, axis=1)
            node.CopyFrom(joined)
    for output in graph.output:
        kind = output.type.tensor_type
        if kind.elem_type in (TensorProto.FLOAT, TensorProto.DOUBLE):  # it may be either
            inner = f"{output.name}_computed"
            for node in graph.node:
                node.output[:] = [inner if name == output.name else name for name in node.output]
                node.input[:] = [inner if name == output.name else name for name in node.input]
            wide = helper.make_node("Cast", [inner], [output.name], to=TensorProto.DOUBLE)
            graph.node.append(wide)
            kind.elem_type = TensorProto.DOUBLE


def _trees(scope: Any, operator: Any, container: Any) -> None:
    """Trees that compare in 32 bits, whatever they are given, and add up in 64."""
    given = _rounded(scope, operator.inputs[0].full_name, container)
    narrow = SimpleNamespace(full_name=given, type=FloatTensorType(operator.inputs[0].type.shape))
    _asked(scope, operator, container, [narrow])


def _narrow(scope: Any, operator: Any, container: Any) -> None:
    """What computes in 32 bits altogether, as XGBoost does."""
    given = scope.get_unique_variable_name("narrow")
    apply_cast(scope, operator.inputs[0].full_name, given, container, to=TensorProto.FLOAT)
    narrow = SimpleNamespace(full_name=given, type=FloatTensorType(operator.inputs[0].type.shape))
    _asked(scope, operator, container, [narrow], exact=False)


def _rounded(scope: Any, given: str, container: Any) -> str:
    """The same in 64 bits, rounded to 32."""
    narrow, wide = map(scope.get_unique_variable_name, ("narrow", "wide"))
    apply_cast(scope, given, narrow, container, to=TensorProto.FLOAT)
    apply_cast(scope, narrow, wide, container, to=TensorProto.DOUBLE)
    return str(wide)


def _as_given(scope: Any, operator: Any, container: Any) -> None:
    """What compares as it is given it, in 64 bits."""
    _asked(scope, operator, container, operator.inputs)


def _asked(scope: Any, operator: Any, container: Any, inputs: Any, *, exact: bool = True) -> None:
    """Let skl2onnx convert it for these inputs.

    It does not know that ONNX answers in 32 bits here; what follows is told the truth.
    """
    outputs, widened = [], []
    for output in operator.outputs:
        found = output
        if isinstance(output.type, DoubleTensorType):
            name = scope.get_unique_variable_name("answer")
            found = SimpleNamespace(full_name=name, type=FloatTensorType(output.type.shape))
            widened.append((name, output.full_name))
        outputs.append(found)
    asked = SimpleNamespace(
        type=operator.type,
        full_name=operator.full_name,
        raw_operator=operator.raw_operator,
        inputs=inputs,
        outputs=outputs,
        input_full_names=[one.full_name for one in inputs],
        output_full_names=[one.full_name for one in outputs],
        target_opset=operator.target_opset,
    )
    told: tuple[Any, ...] = ()
    if isinstance(operator.raw_operator, EXACT) and is_classifier(operator.raw_operator):
        told = ("TreeEnsembleClassifier", "ai.onnx.ml", 3)  # or it rounds what trees hold
    kept = _Exact(container, _ways(operator)) if exact else container
    get_converter(operator.type)(scope, asked, kept, *told)
    for name, wide in widened:
        apply_cast(scope, name, wide, container, to=TensorProto.DOUBLE)


class _Exact:
    """A container that keeps what trees hold in 64 bits, and the ways of gaps, which are few."""

    def __init__(self, container: Any, ways: list[int]) -> None:
        self.container, self.ways = container, ways

    def __getattr__(self, name: str) -> Any:
        return getattr(self.container, name)

    def add_node(self, kind: str, *args: Any, **attributes: Any) -> None:
        if kind.startswith("TreeEnsemble"):
            attributes["op_version"] = 3
            for name in ("nodes_values", "nodes_hitrates", "base_values", *WEIGHTS):
                if name in attributes:
                    values = np.array(attributes.pop(name), np.float64).ravel()
                    attributes[f"{name}_as_tensor"] = from_array(values, name)
            if len(self.ways) == len(attributes["nodes_modes"]):
                attributes["nodes_missing_value_tracks_true"] = self.ways
        self.container.add_node(kind, *args, **attributes)


def _ways(operator: Any) -> list[int]:
    """By node of all trees of scikit-learn's forests, whether a gap goes to the left."""
    model = operator.raw_operator
    members = [model] if hasattr(model, "tree_") else np.ravel(getattr(model, "estimators_", []))
    trees = [member.tree_ for member in members]
    each = [(one.missing_go_to_left > 0) & (one.children_left >= 0) for one in trees]
    return [int(way) for ways in each for way in ways]


def _forest(scope: Any, operator: Any, container: Any) -> None:
    """A forest's votes, summed in 64 bits as they are, so that equal ones stay equal."""
    model = operator.raw_operator
    if model.n_outputs_ > 1:
        _trees(scope, operator, container)
        return
    attributes = get_default_tree_regressor_attribute_pairs()
    for place, one in enumerate(model.estimators_):
        add_tree_to_attribute_pairs(
            attributes, False, one.tree_, place, 1.0, 0, False, True, dtype=np.float32
        )
    attributes |= {"n_targets": len(model.classes_), "name": scope.get_unique_operator_name("T")}
    names = ("votes", "wide", "first", "classes", "trees")
    votes, wide, first, classes, count = map(scope.get_unique_variable_name, names)
    given = _rounded(scope, operator.inputs[0].full_name, container)
    exact = _Exact(container, _ways(operator))
    exact.add_node("TreeEnsembleRegressor", given, votes, op_domain="ai.onnx.ml", **attributes)
    labels = get_label_classes(scope, model)
    kind = TensorProto.STRING if labels.dtype.kind in "OUS" else TensorProto.INT64
    values = [str(v).encode() if kind == TensorProto.STRING else int(v) for v in labels]
    container.add_initializer(classes, kind, [len(values)], values)
    name = scope.get_unique_operator_name("ArgMax")
    container.add_node("ArgMax", votes, first, name=name, axis=1, keepdims=0, op_version=13)
    name = scope.get_unique_operator_name("Gather")
    label, shares = (output.full_name for output in operator.outputs)
    container.add_node("Gather", [classes, first], label, name=name, op_version=13)
    double = isinstance(operator.outputs[1].type, DoubleTensorType)
    kind = TensorProto.DOUBLE if double else TensorProto.FLOAT
    apply_cast(scope, votes, wide, container, to=kind)
    container.add_initializer(count, kind, [1], [float(len(model.estimators_))])
    apply_div(scope, [wide, count], shares, container)


def _votes(scope: Any, operator: Any, container: Any) -> None:
    """Votes; skl2onnx refuses a form of `transform`, which nobody asks."""
    model = operator.raw_operator
    flat, model.flatten_transform = model.flatten_transform, False
    try:
        get_converter(operator.type)(scope, operator, container)
    finally:
        model.flatten_transform = flat


def _imputer(scope: Any, operator: Any, container: Any) -> None:
    """An imputer of numbers that leaves those that are there as they are."""
    model = operator.raw_operator
    statistics = np.asarray(model.statistics_)
    plain = statistics.dtype.kind == "f" and np.isfinite(statistics).all()
    gaps = isinstance(model.missing_values, float) and np.isnan(model.missing_values)
    doubles = all(isinstance(one.type, DoubleTensorType) for one in operator.inputs)
    if model.add_indicator:
        raise NotImplementedError("ONNX has no indicator of gaps")
    if not (plain and gaps and doubles):
        get_converter(operator.type)(scope, operator, container)
        return
    names = ("given", "gaps", "fill")
    given, where, fill = map(scope.get_unique_variable_name, names)
    apply_concat(scope, [one.full_name for one in operator.inputs], given, container, axis=1)
    container.add_initializer(fill, TensorProto.DOUBLE, [1, len(statistics)], statistics.tolist())
    name = scope.get_unique_operator_name("IsNaN")
    container.add_node("IsNaN", given, where, name=name, op_version=13)
    name = scope.get_unique_operator_name("Where")
    filled = operator.outputs[0].full_name
    container.add_node("Where", [where, fill, given], filled, name=name, op_version=9)
