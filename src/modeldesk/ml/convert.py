"""Turns a trained scikit-learn model into one that serves, and proves that both agree.

Only training needs it, and with it scikit-learn, pandas, skl2onnx and skops.
"""

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from .artifact import ArtifactError, Runtime
from .boosters import register_converters
from .predictor import Answers, ForeignCode, OnnxEngine, ScikitEngine
from .project import transformers
from .signature import Signature, brief
from .unsupervised import detector_scores
from .validation import Row

TOLERANCE = 1e-4
MOST_ROWS, MOST_CELLS = 10_000, 2_000_000  # that models are compared on


def convert(model: Any, signature: Signature, frame: Any) -> tuple[bytes, Runtime, dict[str, Any]]:
    """Return a model file that answers as `model` does, its runtime, and the comparison.

    Both answer `frame` (rows, features), or a sample of it. ONNX first; then skops, with the
    reason under "onnx_refused". Raises ArtifactError when neither agrees.
    """
    frame = sampled(_complete(frame, signature))
    expected = ScikitEngine(model, signature.features).answers(frame)
    given, wanted = expected[0].shape[1:], signature.output.targets
    if given != ((len(wanted),) if wanted else ()):
        raise ArtifactError("The model gives more or fewer values a row than y has; fit it on y.")
    dates = any(feature.type == "date" for feature in signature.features)
    rows = rows_of(frame, signature)
    refused = "it takes dates, which ONNX does not know" if dates else ""
    for inputs in () if dates else _inputs(signature):
        try:
            content = _to_onnx(model, signature, inputs)
            parity = compare(OnnxEngine(content, signature.features).run(rows), expected)
        except Exception as error:
            refused = refused or brief(error)
            continue
        if parity["agrees"]:
            return content, "onnx", parity
        refused = f"it answers otherwise than scikit-learn: {parity}"
    try:
        import skops.io

        content = skops.io.dumps(model)
        parity = compare(ScikitEngine.load(content, signature.features).run(rows), expected)
    except ForeignCode as error:
        raise ArtifactError(_own_code(error.name)) from error
    except Exception as error:
        why = f"neither as ONNX ({refused}) nor with skops ({brief(error)})"
        raise ArtifactError(f"The model can be served {why}; use scikit-learn's parts.") from error
    if not parity["agrees"]:
        raise ArtifactError(f"The saved model answers otherwise than the trained one: {parity}.")
    return content, "skops", parity | {"onnx_refused": refused}


def rows_of(frame: Any, signature: Signature) -> list[Row]:
    """The rows of a pandas frame that have what they must, as they are when checked."""
    frame = _complete(frame, signature)
    dates = [feature.name for feature in signature.features if feature.type == "date"]
    written = {name: frame[name].map("{:%Y-%m-%d}".format, na_action="ignore") for name in dates}
    frame = frame.assign(**written)
    found: list[Row] = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return found


def sampled(frame: Any) -> Any:
    """Enough rows of a pandas frame for a comparison, the same ones each time."""
    rows = min(len(frame), MOST_ROWS, max(100, MOST_CELLS // frame.shape[1]))
    return frame.sample(rows, random_state=0) if rows < len(frame) else frame


def compare(served: Answers, expected: Answers) -> dict[str, Any]:
    """Compare answers to the same rows: labels must be equal, probabilities within 1e-4, and
    numbers within 1e-4 of the value, or of 1 % of its target's average where that is more. The
    decision function of a detector of outliers is as numbers are, with its median for the 1 %.
    """
    (labels, shares), (true_labels, true_shares) = served, expected
    gaps = np.zeros(1) if true_shares is None or shares is None else _gaps(shares, true_shares)
    equal = labels.tolist() == true_labels.tolist()
    if labels.dtype.kind == true_labels.dtype.kind == "f":
        size = np.maximum(np.abs(true_labels), 0.01 * np.abs(true_labels).mean(axis=0))
        equal, gaps = True, np.abs(labels - true_labels) / np.where(size > 0, size, 1)
    worst = float(gaps.max(initial=0))
    agrees = equal and worst <= TOLERANCE
    return {"agrees": agrees, "rows": len(labels), "labels_equal": equal, "difference": worst}


def _gaps(shares: Any, expected: Any) -> Any:
    """How far probabilities (rows, classes), or the sizes of decision functions, are apart."""
    if isinstance(expected, list):
        pairs = zip(shares, expected, strict=True)
        return np.concatenate([_gaps(*pair).ravel() for pair in pairs])
    size: Any = np.ones(1)
    if np.ndim(expected) == 1:
        size = np.maximum(np.abs(expected), np.median(np.abs(expected)))
    return np.abs(np.reshape(shares, np.shape(expected)) - expected) / np.where(size > 0, size, 1)


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
        shares = np.clip(shares, 0, 1)  # 32 bits may add up to 1.0000001
        shares = shares / shares.sum(axis=1, keepdims=True)
        scores["log_loss"] = float(m.log_loss(actual, shares, labels=signature.output.classes))
    for index, target in enumerate(targets):
        of_it = np.asarray(actual, float)[:, index], labels[:, index]
        scores[f"mae_{target.name}"] = float(m.mean_absolute_error(*of_it))
    return scores


def _own_code(name: str) -> str:
    """What to do about code such as `__main__.Scaler`, which only a notebook has."""
    what, mend = f"`{name.removeprefix('__main__.')}`", f"move it to {transformers()}"
    if name.endswith("<lambda>"):
        what, mend = "a lambda", f"write it as a function in {transformers()}"
    why = f"The model needs {what}, which the service cannot import"
    return f"{why}: {mend}, import it from there, and fit again."


def _complete(frame: Any, signature: Signature) -> Any:
    return frame.dropna(subset=[f.name for f in signature.features if not f.missing])


def _inputs(signature: Signature) -> Iterator[list[tuple[str, Any]]]:
    """Input types to try: one matrix when all is numeric, then one input a feature."""
    from skl2onnx.common import data_types as t

    kinds = {"category": t.StringTensorType, "text": t.StringTensorType}
    kinds |= {"number": t.FloatTensorType, "integer": t.FloatTensorType}
    if {feature.type for feature in signature.features}.isdisjoint(("category", "text")):
        yield [("features", t.FloatTensorType([None, len(signature.features)]))]
    gaps = t.FloatTensorType  # a boolean input cannot be missing
    yield [
        (f.name, kinds.get(f.type, gaps if f.missing else t.BooleanTensorType)([None, 1]))
        for f in signature.features
    ]


def _to_onnx(model: Any, signature: Signature, inputs: list[tuple[str, Any]]) -> bytes:
    from skl2onnx import convert_sklearn, get_latest_tested_opset_version
    from skl2onnx.common.utils_sklearn import enumerate_model_names
    from sklearn.feature_extraction.text import CountVectorizer

    opset = {"": get_latest_tested_opset_version()}
    if register_converters():
        opset["ai.onnx.ml"] = 3  # the newest they know
    options: dict[int, dict[str, Any]] = {
        id(part): {"locale": "C.UTF-8"}  # for lower case; others may lack where it is served
        for _, part in enumerate_model_names(model)
        if isinstance(part, CountVectorizer)
    }
    if signature.task == "classification" and hasattr(model, "predict_proba"):
        options[id(model)] = {"zipmap": False}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the comparison is the judge
        # The name is random by default, and would change the digest.
        found = convert_sklearn(
            model, signature.name, initial_types=inputs, options=options, target_opset=opset
        )
    return bytes(found.SerializeToString())
