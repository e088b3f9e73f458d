"""Turns a trained scikit-learn model into one that serves, and proves that both agree.

Only training needs it, and with it scikit-learn, pandas, skl2onnx and skops.
"""

import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np

from .. import skops_file
from ..artifact import ArtifactError, Runtime
from ..fitted.advice import kept_tables, own_code
from ..fitted.boosters import family, numbered
from ..fitted.unsupervised import detector_scores
from ..frames import level_text
from ..predictor import Engine, ForeignCode, OnnxEngine, ScikitEngine, start
from ..rows import Row
from ..shares import rounded
from ..signature import Signature, brief
from ..validation import InstanceValidator, InvalidInstances
from .booster_onnx import register_converters
from .kept import Kept
from .parity import Answers, Tried, average, compare, difference, tried
from .probes import like, probes

MOST_ROWS, MOST_CELLS = 10_000, 2_000_000  # that models are compared on


class Converted(NamedTuple):
    """A model file that answers as the model does, its runtime, and how that was proven."""

    content: bytes
    runtime: Runtime
    parity: dict[str, Any]
    kept: bytes


def convert(model: Any, signature: Signature, frame: Any) -> Converted:
    """Turn a model into one that serves.

    Both answer `frame` (rows, features), or a sample of it, and probes made from it. ONNX first;
    then skops, with the reason under "onnx_refused". Raises ArtifactError when neither agrees.
    """
    frame = sampled(_complete(frame, signature))
    original = ScikitEngine(model, signature.features, signature.trained)
    expected = original.answers(frame)
    if not signature.output.probabilities and signature.output.threshold is None:
        expected = expected[0], None
    rows = rows_of(frame, signature)
    trial = _Trial(original, signature, frame, rows, expected)
    refused = ""
    if any(feature.type == "date" for feature in signature.features):
        refused = "it takes dates, which ONNX does not know"
    if numbered(model, [feature.name for feature in signature.features]):
        refused = "it numbers categories, which ONNX does not know"
    for inputs in () if refused else _inputs(signature):
        try:
            content = _to_onnx(model, signature, inputs)
            engine = OnnxEngine(content, signature.features)
            parity, fault = trial.of(engine)
        except Exception as error:
            refused = refused or brief(error)
            continue
        if not fault:
            return Converted(content, "onnx", parity, trial.kept("onnxruntime"))
        refused = f"it answers otherwise than scikit-learn {fault}"
    try:
        content = skops_file.dumps(model)
        parity, fault = trial.of(start("skops", content, signature))
    except ForeignCode as error:
        raise ArtifactError(own_code(error.name)) from error
    except Exception as error:
        if advice := kept_tables(model):
            raise ArtifactError(advice) from error
        why = f"neither as ONNX ({refused}) nor with skops ({brief(error)})"
        raise ArtifactError(f"The model can be served {why}; use scikit-learn's parts.") from error
    if fault:
        raise ArtifactError(f"The saved model answers otherwise than the trained one {fault}.")
    kept = trial.kept("scikit-learn", "numpy")
    return Converted(content, "skops", parity | {"onnx_refused": refused}, kept)


class _Trial:
    """What the original answers to rows and probes, and what others make of them."""

    def __init__(
        self,
        original: ScikitEngine,
        signature: Signature,
        frame: Any,
        rows: list[Row],
        expected: Answers,
    ) -> None:
        self.rows, self.expected, self.typical = rows, expected, average(expected[0])
        validator = InstanceValidator(signature)
        asked = probes(original.model, signature, rows)
        self.probes = [row for probe in asked for row in _valid(validator, probe)]
        boosts = family(original.model)  # whose frames hold numbers and categories alone
        given = original.table(self.probes) if boosts else like(frame, self.probes)
        self.has_shares = expected[1] is not None
        self.original = self._tried(lambda some: original.answers(given[some]))

    def of(self, engine: Engine) -> tuple[dict[str, Any], str | None]:
        """How an engine's answers to the rows compare, and what it answers otherwise, if so."""
        answers = self._meant(engine.run(self.rows))
        parity = compare(answers, self.expected)
        served = self._tried(lambda some: engine.run(self.probes[some]))
        fault = difference(served, self.original, self.probes, self.typical)
        if not parity["agrees"]:
            places = np.arange(len(self.rows))
            served, wanted = (Tried(places, places, *one) for one in (answers, self.expected))
            fault = difference(served, wanted, self.rows, self.typical, "rows") or str(parity)
        return parity | {"probes": len(self.probes)}, fault

    def kept(self, *libraries: str) -> bytes:
        """The most telling probes and rows, with the original's answers."""
        answered = self.original.answered
        rows = [*self.rows, *(self.probes[place] for place in answered)]
        labels, shares = self.expected
        if len(answered):
            more, their_shares = self.original.of(answered)
            labels = np.concatenate([labels, more])
            shares = None if shares is None else np.concatenate([shares, their_shares])
        return Kept.of(rows, (labels, shares), self.typical, libraries).dumps()

    def _tried(self, ask: Callable[[slice], Answers]) -> Tried:
        from threadpoolctl import threadpool_limits

        with warnings.catch_warnings(), np.errstate(all="ignore"), threadpool_limits(1):
            warnings.simplefilter("ignore")  # of values that nobody has
            return tried(lambda some: self._meant(ask(some)), len(self.probes))

    def _meant(self, answers: Answers) -> Answers:
        """Answers without scores that are no probabilities."""
        return answers if self.has_shares else (answers[0], None)


def _valid(validator: InstanceValidator, row: Row) -> Iterator[Row]:
    """The row as it is served, unless it is refused."""
    with suppress(InvalidInstances):
        yield from validator.from_json([row])[0]


def rows_of(frame: Any, signature: Signature) -> list[Row]:
    """The rows of a pandas frame that have what they must, as they are when checked."""
    frame = _complete(frame, signature)
    dates = [feature.name for feature in signature.features if feature.type == "date"]
    written = {name: frame[name].map("{:%Y-%m-%d}".format, na_action="ignore") for name in dates}
    levels = [feature.name for feature in signature.features if feature.type == "category"]
    written |= {name: frame[name].astype(object).map(level_text, "ignore") for name in levels}
    frame = frame.assign(**written)
    found: list[Row] = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return found


def sampled(frame: Any) -> Any:
    """Enough rows of a pandas frame for a comparison, the same ones each time."""
    rows = min(len(frame), MOST_ROWS, max(100, MOST_CELLS // frame.shape[1]))
    return frame.sample(rows, random_state=0) if rows < len(frame) else frame


def score(signature: Signature, answers: Answers, actual: Any) -> dict[str, float]:
    """Measure answers to rows the model has not seen against their outcomes (rows,).

    Of several numbers (rows, targets) it is the average, and the mean absolute error of each; of
    several classes the share of rows where all are right, and that of each. Of clusters the
    outcomes are other groups, and the score how far both group alike.
    """
    from sklearn import metrics as m

    labels, shares = answers
    targets = signature.output.targets or []
    if signature.task == "anomaly":
        return detector_scores(labels, shares, actual)
    if signature.task == "clustering":
        return {"adjusted_rand": float(m.adjusted_rand_score(actual, labels))}
    if signature.task == "classification" and targets:
        right = np.asarray(actual, object) == labels.astype(object)
        by_target = zip(targets, right.mean(axis=0), strict=True)
        scores = {f"accuracy_{target.name}": float(share) for target, share in by_target}
        return {"accuracy": float(right.all(axis=1).mean())} | scores
    if signature.task == "regression":
        measures = {"r2": m.r2_score, "mae": m.mean_absolute_error}
        measures["rmse"] = m.root_mean_squared_error
    else:
        measures = {"accuracy": m.accuracy_score, "balanced_accuracy": m.balanced_accuracy_score}
        measures["f1_macro"] = lambda true, given: m.f1_score(true, given, average="macro")
    scores = {name: float(measure(actual, labels)) for name, measure in measures.items()}
    if shares is not None and set(actual) <= set(signature.output.classes or []):
        known = signature.output.classes
        scores["log_loss"] = float(m.log_loss(actual, rounded(shares), labels=known))
    for index, target in enumerate(targets):
        of_it = np.asarray(actual, float)[:, index], labels[:, index]
        scores[f"mae_{target.name}"] = float(m.mean_absolute_error(*of_it))
    return scores


def _complete(frame: Any, signature: Signature) -> Any:
    return frame.dropna(subset=[f.name for f in signature.features if not f.missing])


def _inputs(signature: Signature) -> Iterator[list[tuple[str, Any]]]:
    """Input types to try, in 64 bits and then in 32: one matrix when all is numeric, then one
    input a feature.
    """
    from skl2onnx.common import data_types as t

    features = signature.features
    for number in (t.DoubleTensorType, t.FloatTensorType):
        kinds = {"category": t.StringTensorType, "text": t.StringTensorType}
        kinds |= {"number": number, "integer": number}
        if {feature.type for feature in features}.isdisjoint(("category", "text")):
            yield [("features", number([None, len(features)]))]
        yield [  # a boolean input cannot be missing
            (f.name, kinds.get(f.type, number if f.missing else t.BooleanTensorType)([None, 1]))
            for f in features
        ]


def _to_onnx(model: Any, signature: Signature, inputs: list[tuple[str, Any]]) -> bytes:
    from skl2onnx import convert_sklearn, get_latest_tested_opset_version
    from skl2onnx.common.utils_sklearn import enumerate_model_names
    from sklearn.feature_extraction.text import CountVectorizer

    from .onnx_converters import as_computed, converters, shapes

    opset = {"": get_latest_tested_opset_version()}
    if register_converters():
        opset["ai.onnx.ml"] = 3  # the newest they know
    options: dict[int, dict[str, Any]] = {
        id(part): {"locale": "C.UTF-8"}  # for lower case; others may lack where it is served
        for _, part in enumerate_model_names(model)
        if isinstance(part, CountVectorizer)
    }
    last = [part for _, part in enumerate_model_names(model) if hasattr(part, "classes_")]
    classifies = signature.task == "classification" and hasattr(model, "predict_proba")
    for part in [model] if classifies else last[-1:]:
        lacking = type(part).__name__ == "LinearSVC"  # the one that has no such option
        options[id(part)] = {} if lacking else {"zipmap": False}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the comparison is the judge
        # The name is random by default, and would change the digest.
        found = convert_sklearn(
            model,
            signature.name,
            initial_types=inputs,
            options=options,
            target_opset=opset,
            custom_conversion_functions=converters(),
            custom_shape_calculators=shapes(),
        )
        as_computed(found.graph)
    found.opset_import.sort(key=lambda opset: opset.domain)  # a set, which has no order
    return bytes(found.SerializeToString(deterministic=True))
