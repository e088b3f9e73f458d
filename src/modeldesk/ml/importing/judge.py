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
    quantile: float | None = None,
) -> None:
    """Stop an import whose answers are worse than always the same one, unless that is accepted.

    That is the mean of the true answers `actual`, (rows,) or (rows, targets), their `quantile` if
    the model answers that, or their most common class. Of a few rows it is only told. A classifier
    that is worse in accuracy but tells the classes apart, by its balanced accuracy, goes on: it was
    trained to find the rare ones. Raises ArtifactError.
    """
    labels = np.asarray(answers[0])
    rows = len(labels)
    if rows > 1 and len(same := np.unique(labels.astype(str), axis=0)) == 1:
        say(f"The answer to every row of {source} is the same: {same[0]}")
    fault = _worse(signature, labels, np.asarray(actual), scores, quantile)
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


def _worse(
    signature: Signature,
    labels: Any,
    actual: Any,
    scores: dict[str, float],
    quantile: float | None,
) -> str | None:
    """In what the answers are worse than one that knows nothing, if so."""
    if signature.task == "regression":
        targets = [target.name for target in signature.output.targets or []]
        worse = _skills(labels, actual, targets, quantile)
        if not worse:
            return None
        what = "r2" if quantile is None else f"skill for the quantile {quantile:g}"
        told = listed(
            f"{skill:.3g}" + (f" of {name}" if name else "") for name, skill in worse.items()
        )
        same = "the mean" if quantile is None else "that of all rows"
        return f"The score ({what} {told}) is worse than always answering {same}"
    if signature.task != "classification" or "accuracy" not in scores:
        return None
    _, counts = np.unique(actual.astype(str), axis=0, return_counts=True)
    most, accuracy = counts.max() / len(actual), scores["accuracy"]
    balanced = scores.get("balanced_accuracy", 0)
    if accuracy >= most or balanced > 1 / len(counts) + CLEARLY:
        return None
    what = "worse than always answering the most common class"
    return f"The score (accuracy {accuracy:.3g}) is {what} ({most:.3g})"


def _skills(
    labels: Any, actual: Any, targets: list[str], quantile: float | None
) -> dict[str, float]:
    """The share of the loss that answers spare, by target, where it is negative.

    The loss is the squared one, whose share is r2, or that of the quantile. Targets whose truth
    never varies are left out.
    """
    given, true = (np.asarray(one, float).reshape(len(one), -1) for one in (labels, actual))
    same = true.mean(axis=0) if quantile is None else np.quantile(true, quantile, axis=0)
    found = {}
    for place, name in enumerate(targets or [""]):
        loss = _loss(true[:, place] - given[:, place], quantile).mean()
        usual = _loss(true[:, place] - same[place], quantile).mean()
        if true[:, place].std() and loss > usual:
            found[name] = float(1 - loss / usual)
    return found


def _loss(off: Any, quantile: float | None) -> Any:
    return off**2 if quantile is None else np.maximum(quantile * off, (quantile - 1) * off)


def _other_units(signature: Signature, labels: Any, actual: Any) -> list[str]:
    """That answers and truth rise and fall together, in other sizes."""
    if signature.task != "regression" or labels.ndim > 1:
        return []
    given, true = np.asarray(labels, float), np.asarray(actual, float)
    if not given.std() or not true.std():
        return []
    orders = [one.argsort().argsort() for one in (given, true)]
    if max(np.corrcoef(given, true)[0, 1], np.corrcoef(orders[0], orders[1])[0, 1]) < 0.9:
        return []
    sizes = f"{np.median(given):.4g} and {np.median(true):.4g} in the middle"
    return [
        f"the target is in other units or marks than in training (answers and truth are {sizes})"
    ]
