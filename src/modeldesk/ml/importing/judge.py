"""Looks at the score of an import: one worse than a guess says that something is wrong."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..artifact import ArtifactError
from ..converting.parity import Answers
from ..signature import Signature
from ..validation import listed

FEW = 10  # rows; with fewer a score says more of chance than of the model
ALWAYS = "the answers belong to other rows, or columns are prepared otherwise than in training"
CLEARLY = 0.1  # by so much a balanced accuracy is better than chance


def judge(
    signature: Signature,
    answers: Answers,
    actual: Any,
    scores: dict[str, float],
    *,
    reasons: Callable[[], Sequence[str]],
    source: str,
    accept: bool,
    say: Callable[[str], None],
) -> None:
    """Stop an import whose answers are worse than always the same one, unless that is accepted.

    That is the mean of the true answers `actual`, (rows,) or (rows, targets), or their most
    common class. A classifier that is worse in accuracy but tells the classes apart, by its
    balanced accuracy, goes on: it was trained to find the rare ones. Raises ArtifactError.
    """
    labels = np.asarray(answers[0])
    rows = len(labels)
    if rows > 1 and len(same := np.unique(labels.astype(str), axis=0)) == 1:
        say(f"The answer to every row of {source} is the same: {same[0]}")
    fault = _fault(signature, labels, np.asarray(actual), scores)
    if not fault:
        return
    if rows < FEW:
        say(f"{fault}; {rows} rows are too few to tell why")
    elif accept:
        say(f"{fault}; it goes on, as told by `--accept-score`")
    else:
        likely = [*_other_units(signature, labels, actual), *reasons(), ALWAYS]
        why = f"{fault}: likely {'; or '.join(likely)}"
        raise ArtifactError(f"{why}. If the score is right, `--accept-score` goes on.")


def _fault(signature: Signature, labels: Any, actual: Any, scores: dict[str, float]) -> str | None:
    """In what the answers are worse than one that knows nothing, if they are."""
    if signature.task == "regression":
        targets = [target.name for target in signature.output.targets or []]
        worse = {name: r2 for name, r2 in _r2(labels, actual, targets).items() if r2 < 0}
        if not worse:
            return None
        told = listed(
            f"{value:.3g}" + (f" of {name}" if name else "") for name, value in worse.items()
        )
        return f"The score (r2 {told}) is worse than always answering the mean"
    if signature.task != "classification" or "accuracy" not in scores:
        return None
    _, counts = np.unique(actual.astype(str), return_counts=True)
    most, accuracy = counts.max() / len(actual), scores["accuracy"]
    balanced = scores.get("balanced_accuracy", 0)
    if accuracy >= most or balanced > 1 / len(counts) + CLEARLY:
        return None
    what = "worse than always answering the most common class"
    return f"The score (accuracy {accuracy:.3g}) is {what} ({most:.3g})"


def _r2(labels: Any, actual: Any, targets: list[str]) -> dict[str, float]:
    """The coefficient of determination by target, without those whose truth never varies."""
    labels, actual = (np.asarray(one, float).reshape(len(one), -1) for one in (labels, actual))
    spread = actual.var(axis=0)
    told = 1 - np.mean((labels - actual) ** 2, axis=0) / np.where(spread > 0, spread, 1)
    found = zip(targets or [""], told.tolist(), spread.tolist(), strict=True)
    return {name: r2 for name, r2, spreads in found if spreads > 0}


def _other_units(signature: Signature, labels: Any, actual: Any) -> list[str]:
    """That answers and truth rise and fall together, in other sizes."""
    if signature.task != "regression" or labels.ndim > 1:
        return []
    given, true = np.asarray(labels, float), np.asarray(actual, float)
    if not given.std() or not true.std() or np.corrcoef(given, true)[0, 1] < 0.9:
        return []
    sizes = f"{np.median(given):.4g} and {np.median(true):.4g} in the middle"
    return [
        f"the target is in other units or marks than in training (answers and truth are {sizes})"
    ]
