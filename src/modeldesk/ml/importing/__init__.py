"""Takes a model that somebody has: read, compared on rows of data, and made current."""

import hashlib
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..artifact import Artifact, ArtifactError
from ..columns import columns_for, text_columns
from ..convert import sampled
from ..publishing import classes_by_target, classes_of, release, task_of
from ..signature import Signature, SignatureError
from ..unsupervised import LEARNS_ALONE, compared_with, output_of
from ..validation import listed
from .formats import format_of
from .graph_outputs import named
from .tables import read_table

CODE = "is a file that can run code when it is read; go on only if you trust where it comes from"


def import_model(
    path: Path,
    data: Path,
    targets: Sequence[str],
    *,
    name: str | None = None,
    dates: Sequence[str] = (),
    encoding: str = "utf-8-sig",
    classes: str | None = None,
    agreed: Callable[[str], bool],
    say: Callable[[str], None],
    root: Path | None = None,
) -> Artifact:
    """Make the model in `path` the current one, once it answers rows of `data` when served.

    `targets` are the columns of `data` with the true answers: rows the model was not trained on, or
    its score is too good. A detector of outliers or a clusterer needs none. `agreed` is asked
    before a file that can run code is read. `name` is the file's by default. `classes` are those of
    a graph's scores, "a,b,c" in their order, by default those of the data, sorted. Raises
    ArtifactError or SignatureError and changes nothing.
    """
    kind = format_of(path)
    name = name or re.sub(r"[^A-Za-z0-9._-]+", "-", path.stem).strip("._-") or "model"
    if kind.runs_code and not agreed(f"{path} {CODE}"):
        raise ArtifactError(f"{path} was not read, as nobody agreed to it; `--yes` agrees.")
    table = read_table(data, targets, dates, encoding)
    features = table.drop(columns=list(targets))
    model = kind.read(path, len(features.columns)) if kind.counts else kind.read(path)
    y = _outcomes(table, list(targets), data) if targets else None
    if y is None and (hasattr(model, "bring") or task_of(model) not in LEARNS_ALONE):
        others = [column for column in features if column not in _names(model)]
        columns_left = listed(others or list(features.columns))
        why = f"{path} learnt from answers: name the column that has them with `--target`"
        raise SignatureError(f"{why}; {data} has {columns_left}.")
    if classes:
        if not hasattr(model, "bring") or model.classes:
            raise ArtifactError(f"{path} names its classes itself; leave out `--classes`.")
        model.classes = named(classes, y)
    columns = columns_for(model, list(features.columns), str(data))
    if left := [column for column in features.columns if column not in columns]:
        say(f"Left out, as the model does not take them: {listed(left)}")
    signature, X, y = _described(model, features[columns], y, name=name, source=str(data))
    if y is not None and signature.task == "anomaly":
        read = dict(zip(table[targets[0]], y, strict=True))
        pairs = [f"{value!r} as {signature.output.shown(meant)}" for value, meant in read.items()]
        say(f"In column {targets[0]!r} it reads {' and '.join(sorted(pairs))}")
    constant = [f.name for f in signature.features if X[f.name].nunique(dropna=False) == 1]
    if constant and len(constant) == len(columns):
        raise SignatureError(f"{data} has the same row again and again; take rows that differ.")
    if constant:
        say(f"The same in all rows of {data}: {listed(constant)}")
    X_test = sampled(X)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    source = {"file": path.name, "sha256": sha256, "data": data.name, "rows": len(X)}
    test = X_test, None if y is None else y.loc[X_test.index]
    about = {"imported": source}
    return release(model, signature, X, test, scored=y is not None, about=about, root=root)


def _names(model: Any) -> list[str]:
    return list(map(str, getattr(model, "feature_names_in_", [])))


def _outcomes(table: Any, targets: list[str], data: Path) -> Any:
    """The columns of true answers: one (rows,), or several (rows, targets)."""
    for target in targets:
        gaps = table[target].isna()
        if gaps.any():
            where = f"{gaps.sum()} gaps, the first in row {gaps.argmax() + 1}"
            raise SignatureError(f"Column {target!r} of {data} has {where}; leave out such rows.")
    return table[targets[0]] if len(targets) == 1 else table[targets]


def _described(model: Any, X: Any, y: Any, *, name: str, source: str) -> tuple[Signature, Any, Any]:
    """What the model takes and gives, and the data as it will get it when served."""
    from pandas import CategoricalDtype

    output: dict[str, Any] = {"probabilities": hasattr(model, "predict_proba")}
    if hasattr(model, "bring"):
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
    if task == "classification" and not hasattr(model, "bring"):
        if y.ndim == 2:
            y, output["targets"] = _by_target(model, y, what)
        elif all(isinstance(value, str) for value in model.classes_):
            y = y.astype(str)
        if y.ndim == 1:
            output["classes"] = classes_of(model, y, what[:1].upper() + what[1:])
        if y.ndim == 1 and y.nunique() == 1:
            raise SignatureError(f"{what[:1].upper()}{what[1:]} holds one class only; add others.")
    texts = {column: {"type": "text"} for column in text_columns(model, list(X.columns))}
    learnt = None if task in LEARNS_ALONE else y
    signature = Signature.infer(X, learnt, name=name, task=task, features=texts, output=output)
    coded = {f.name: CategoricalDtype(f.categories) for f in signature.features if f.categories}
    return signature, X.astype(coded), y


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
