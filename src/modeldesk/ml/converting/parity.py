"""Whether two ways of answering the same rows agree, and where they do not."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..rows import Row
from ..signature import class_label

TOLERANCE = 1e-4
MOST_ASKS = 200  # until rows that a model fails on are given up
LONGEST_ROW = 300  # characters of one that is shown

# Labels or numbers (rows,) or (rows, targets); and the probabilities (rows, classes), those of
# several targets beside each other, or the decision function of a detector of outliers (rows, 1).
Answers = tuple[np.ndarray, np.ndarray | None]


@dataclass(frozen=True)
class Tried:
    """What a model answered to those rows it was `asked` (places) that it had an answer to."""

    asked: np.ndarray
    answered: np.ndarray
    labels: np.ndarray
    shares: np.ndarray | None

    def of(self, places: np.ndarray) -> Answers:
        """The answers to some of the rows that it answered."""
        found = np.searchsorted(self.answered, places)
        return self.labels[found], None if self.shares is None else self.shares[found]


def tried(ask: Callable[[slice], Answers], rows: int) -> Tried:
    """Ask for all rows at once; where that fails, for halves of them, down to the rows at fault.

    What is not finite is no answer.
    """
    asked, found, asks = np.zeros(rows, bool), [], 0
    waiting = [(0, rows)] if rows else []
    while waiting and asks < MOST_ASKS:
        start, stop = waiting.pop()
        asks += 1
        try:
            labels, shares = ask(slice(start, stop))
        except Exception:
            if stop - start > 1:
                middle = (start + stop) // 2
                waiting += [(middle, stop), (start, middle)]
            else:
                asked[start] = True
            continue
        asked[start:stop] = True
        shares = shares if isinstance(shares, np.ndarray) else None  # maps of scores are none
        finite = _finite(labels) if shares is None else _finite(labels) & _finite(shares)
        places = np.arange(start, stop)[finite]
        found.append((places, labels[finite], None if shares is None else shares[finite]))
    if not found:
        return Tried(np.flatnonzero(asked), np.zeros(0, int), np.zeros(0), None)
    each, their_labels, their_shares = zip(*found, strict=True)
    shares = None if their_shares[0] is None else np.concatenate(their_shares)
    labels, answered = np.concatenate(their_labels), np.concatenate(each)
    return Tried(np.flatnonzero(asked), answered, labels, shares)


def _finite(values: np.ndarray) -> Any:
    if values.dtype.kind != "f":
        return np.ones(len(values), bool)
    return np.isfinite(values.reshape(len(values), -1)).all(axis=1)


def compare(served: Answers, expected: Answers, typical: Any = None) -> dict[str, Any]:
    """Compare answers to the same rows: labels must be equal, probabilities within 1e-4, and
    numbers within 1e-4 of the value, or of 1 % of its target's average where that is more.

    `typical` is that average where these rows are unusual ones.
    """
    labels = served[0]
    equal, gaps = _gaps(served, expected, typical)
    worst = float(gaps.max(initial=0))
    agrees = bool(equal.all()) and worst <= TOLERANCE
    labels_equal = bool(equal.all())
    return {
        "agrees": agrees,
        "rows": len(labels),
        "labels_equal": labels_equal,
        "difference": worst,
    }


def average(labels: np.ndarray) -> Any:
    """The average size of numbers (rows,) or (rows, targets), by target; None of other labels."""
    return np.abs(labels).mean(axis=0) if labels.dtype.kind == "f" else None


def _gaps(served: Answers, expected: Answers, typical: Any) -> tuple[Any, Any]:
    """By row: whether labels are equal, and how far numbers or probabilities are apart."""
    (labels, shares), (true_labels, true_shares) = served, expected
    if labels.dtype.kind == true_labels.dtype.kind == "f":
        usual = np.abs(true_labels).mean(axis=0) if typical is None else np.asarray(typical)
        size = np.maximum(np.abs(true_labels), 0.01 * usual)
        gaps = np.abs(labels - true_labels) / np.where(size > 0, size, 1)
        return np.ones(len(labels), bool), _worst(gaps)
    pairs = zip(labels.tolist(), true_labels.tolist(), strict=True)
    equal = np.array([one == other for one, other in pairs], bool)
    if true_shares is None or shares is None:
        return equal, np.zeros(len(labels))
    apart = np.abs(shares - true_shares)
    if true_shares.shape[1] == 1 and len(apart):  # a decision function, of any size
        size = np.maximum(np.abs(true_shares), np.median(np.abs(true_shares)))
        apart /= np.where(size > 0, size, 1)
    return equal, _worst(apart)


def _worst(gaps: np.ndarray) -> Any:
    return gaps.reshape(len(gaps), -1).max(axis=1, initial=0)


def difference(
    served: Tried, original: Tried, rows: Sequence[Row], typical: Any, what: str = "probes"
) -> str | None:
    """The first row that is answered otherwise, with both answers; None when all agree."""
    # Sets: those of NumPy bring along its masked arrays, which no worker needs.
    ours, theirs = {*served.answered.tolist()}, {*original.answered.tolist()}
    both = np.array(sorted(ours & theirs), int)
    equal, gaps = _gaps(served.of(both), original.of(both), typical)
    asked = {*served.asked.tolist()} & {*original.asked.tolist()}
    wrong = {*both[~equal | (gaps > TOLERANCE)].tolist()} | (asked & (ours ^ theirs))
    if not wrong:
        return None
    first = min(wrong)
    gives, wanted = (_said(one, first) for one in (served, original))
    told = f"to {len(wrong)} of {len(asked)} {what}, such as {shown(rows[first])}"
    return f"{told}: {gives}, not {wanted}"


def shown(row: Row) -> str:
    """A row in one line."""
    text = ", ".join(f"{name} {value!r:.60}" for name, value in row.items())
    return text if len(text) <= LONGEST_ROW else f"{text[:LONGEST_ROW]}..."


def _said(tried: Tried, place: int) -> str:
    if place not in tried.answered:
        return "no answer"
    labels, shares = tried.of(np.array([place]))
    (label,) = labels.tolist()
    if isinstance(label, float):
        return f"{label:.7g}"
    if shares is None or shares.ndim != 2:
        return class_label(label)
    return f"{class_label(label)} (at {shares[0].max():.6g})"
