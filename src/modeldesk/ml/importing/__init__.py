"""Takes a model that somebody has: read, compared on rows of data, and made current."""

import hashlib
import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from .. import promotion
from ..artifact import Artifact, ArtifactError
from ..converting.convert import sampled
from ..fitted.asking import described_by, takes_fractions, with_rules
from ..fitted.booster_files import estimator
from ..fitted.boosters import ranks, with_levels
from ..fitted.columns import columns_for, fitted_names, unnamed_columns
from ..fitted.knowledge import knowledge
from ..fitted.served import served
from ..fitted.unsupervised import LEARNS_ALONE, compared_with, output_of
from ..project import artifacts_dir
from ..publishing import classes_by_target, classes_of, release, task_of
from ..signature import Signature, SignatureError
from ..validation import listed
from .answers import answers_of
from .formats import format_of
from .graph_outputs import named
from .judge import judge
from .opaque import as_own_code_wants
from .quantiles import quantile_of
from .report import not_shown, table_of
from .report import reasons as reasons_of
from .tables import read_table
from .types import Decider, Told

CODE = "is a file that can run code when it is read; go on only if you trust where it comes from"


def import_model(
    path: Path,
    data: Path,
    targets: Sequence[str],
    *,
    name: str | None = None,
    told: Told | None = None,
    encoding: str = "utf-8-sig",
    classes: str | None = None,
    accept_score: bool = False,
    agreed: Callable[[str], bool],
    say: Callable[[str], None],
    root: Path | None = None,
) -> Artifact:
    """Make the model in `path` the current one, once it answers rows of `data` when served.

    `targets` are the columns of `data` with the true answers: rows the model was not trained on, or
    its score is too good. A detector of outliers or a clusterer needs none. The types of columns
    are those that the model knows, and else read off the rows, as `told`. `agreed` is asked before
    a file that can run code is read. `name` is the file's by default. `classes` are those of a
    graph's scores, "a,b,c" in their order, by default those of the data, sorted. A score that is
    worse than always the same answer stops, unless `accept_score`. Raises ArtifactError or
    SignatureError and changes nothing.
    """
    kind, told = format_of(path), told or Told()
    name = name or re.sub(r"[^A-Za-z0-9._-]+", "-", path.stem).strip("._-") or "model"
    if kind.runs_code and not agreed(f"{path} {CODE}"):
        raise ArtifactError(f"{path} was not read, as nobody agreed to it; `--yes` agrees.")
    model = None if kind.counts else kind.read(path)
    model = None if model is None else served(estimator(model))
    wanted = fitted_names(model) or []
    table = read_table(data, [*targets, *told.texts, *told.dates], wanted, encoding)
    features = table.drop(columns=list(targets))
    model = kind.read(path, len(features.columns)) if model is None else model
    if not targets:
        _check_alone(model, features, str(path), str(data))
    if classes and (not hasattr(model, "bring") or model.classes):
        raise ArtifactError(f"{path} names its classes itself; leave out `--classes`.")
    features = _without_index(model, features)
    columns = columns_for(model, list(features.columns), str(data))
    if left := [column for column in table.columns if column not in (*columns, *targets)]:
        say(f"Left out, as the model does not take them: {listed(left)}")
    root, force = root or artifacts_dir(), promotion.wanted.get().force
    if unnamed := unnamed_columns(model, columns, str(data), root, force=force):
        say(f"{unnamed}: {listed(columns)}")
    decide = Decider(told, str(data))
    known = knowledge(model, columns)
    with_levels(model, features[columns], known, told.categories, str(data))
    decided = {column: decide.column(features[column], known[column]) for column in columns}
    y = answers_of(model, table, list(targets), decide) if targets else None
    if classes:
        model.classes = named(classes, y)
    signature, X, y = _described(model, decided, known, y, decide, name=name, source=str(data))
    if y is not None and signature.task == "anomaly":
        say(_truth_read(table[targets[0]], y, signature))
    for line in table_of(signature, decided, features):
        say(line)
    constant = [f.name for f in signature.features if X[f.name].nunique(dropna=False) == 1]
    if constant and len(constant) == len(columns):
        raise SignatureError(f"{data} has the same row again and again; take rows that differ.")
    if constant:
        say(f"The same in all rows of {data}: {listed(constant)}")
    for line in not_shown(signature, X, str(data)):
        say(line)
    X_test = sampled(X)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    source = {"file": path.name, "sha256": sha256, "data": data.name, "rows": len(X)}
    test = X_test, None if y is None else y.loc[X_test.index]
    if ranks(model):
        say("It ranks rows: its answers are scores to sort them by, which no target measures")
    matrix = fitted_names(model) is None and len(columns) > 1
    reasons = partial(reasons_of, signature, decided, known, table, targets, unnamed=matrix)
    judged = partial(judge, reasons=reasons, source=str(data), accept=accept_score, say=say)
    judged = partial(judged, quantile=quantile_of(model))
    how: dict[str, Any] = {"scored": y is not None, "about": {"imported": source}}
    return release(model, signature, X, test, judge=judged, root=root, **how)


def _check_alone(model: Any, features: Any, path: str, data: str) -> None:
    """Raise SignatureError for a model that learnt from answers, as no target is named."""
    if hasattr(model, "bring") or task_of(model) not in LEARNS_ALONE:
        others = [column for column in features if column not in (fitted_names(model) or [])]
        why = f"{path} learnt from answers: name the column that has them with `--target`"
        raise SignatureError(f"{why}; {data} has {listed(others or list(features.columns))}.")


def _truth_read(column: Any, y: Any, signature: Signature) -> str:
    """How a column was read that says which rows are outliers."""
    read = dict(zip(map(str, column), y, strict=True))
    pairs = [f"{text!r} as {signature.output.shown(meant)}" for text, meant in read.items()]
    return f"In column {column.name!r} it reads {' and '.join(sorted(pairs))}"


def _without_index(model: Any, features: Any) -> Any:
    """The columns, without those that have no name where the model takes so many fewer."""
    nameless = [name for name in features.columns if re.fullmatch(r"Unnamed: \d+", name)]
    takes = getattr(model, "n_features_in_", None)
    matrix = not hasattr(model, "feature_names_in_") and takes is not None
    if matrix and len(features.columns) - len(nameless) == takes:
        return features.drop(columns=nameless)
    return features


def _described(
    model: Any, decided: Any, known: Any, y: Any, decide: Decider, *, name: str, source: str
) -> tuple[Signature, Any, Any]:
    """What the model takes and gives, and the frame and answers as training had them."""
    import pandas as pd

    output: dict[str, Any] = {"probabilities": hasattr(model, "predict_proba")}
    graph = hasattr(model, "bring")
    if graph:
        task, output = model.task(y), {}
        y = y.astype(str) if model.answers_text else y
    else:
        task = task_of(model)
    what = f"column {y.name!r} of {source}" if getattr(y, "ndim", 0) == 1 else source
    if task in LEARNS_ALONE:
        if y is not None and y.ndim > 1:
            raise SignatureError(f"{type(model).__name__} has one answer a row; name one target.")
        y, output = compared_with(task, y, what[:1].upper() + what[1:]), output_of(model, task)
    if task == "regression" and not all(map(_is_number, y.dtypes if y.ndim == 2 else [y.dtype])):
        raise SignatureError(f"The model answers numbers, and {what} holds none; name its target.")
    if task == "classification" and not graph:
        if y.ndim == 2:
            y, output["targets"] = _by_target(model, y, what)
        elif all(isinstance(value, str) for value in model.classes_):
            y = y.astype(str)
        if y.ndim == 1:
            output["classes"] = classes_of(model, y, what[:1].upper() + what[1:])
        if y.ndim == 1 and y.nunique() == 1:
            raise SignatureError(f"{what[:1].upper()}{what[1:]} holds one class only; add others.")
    learnt = None if task in LEARNS_ALONE else y
    X = pd.DataFrame({column: one.values for column, one in decided.items()})
    if not graph:
        X = as_own_code_wants(model, X, y, known)
    types = {column: {"type": one.type} for column, one in decided.items() if one.type}
    given = types | described_by(known, X)
    infer = partial(Signature.infer, name=name, task=task, output=output)
    signature = infer(X, learnt, features=given)
    if not graph:
        unsaid = [column for column, one in decided.items() if one.type is None]
        numbers = takes_fractions(model, signature, X, unsaid)
        X = X.astype(dict.fromkeys(numbers, "float64"))
        given |= {column: {"type": "number"} for column in numbers}
        signature = infer(X, learnt, features=given) if numbers else signature
        signature = with_rules(model, signature, known, tolerated=True)
    return signature.model_copy(update={"reading": decide.reading()}), X, y


def _by_target(model: Any, y: Any, source: str) -> tuple[Any, dict[str, Any]]:
    """Several answers (rows, targets) as texts where the model's are, and the classes of each."""
    known = model.classes_ if isinstance(model.classes_, list) else []
    for name, classes in zip(y.columns, known, strict=False):
        if all(isinstance(value, str) for value in classes):
            y = y.astype({name: str})
    return y, classes_by_target(model, y, source)


def _is_number(dtype: Any) -> bool:
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    return bool(is_numeric_dtype(dtype) and not is_bool_dtype(dtype))
