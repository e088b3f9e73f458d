"""What the outputs of an ONNX graph mean that others made: labels or numbers, and scores."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..artifact import ArtifactError
from ..converting.parity import Answers
from ..shares import ROUND, are_shares
from ..signature import Class, class_label
from ..validation import listed

NO_SHARES = "none"
PROBABILITIES: dict[str, Callable[[Any], Any]] = {  # of scores (rows, classes), or (rows, 1)
    "as given": lambda x: x,
    "softmax": lambda x: (e := np.exp(x - x.max(1, keepdims=True))) / e.sum(1, keepdims=True),
    NO_SHARES: lambda x: x,  # the greatest is the answer's, and none is a probability
    "of the second": lambda x: np.hstack([1 - x, x]),
    "logit of the second": lambda x: np.hstack([1 / (1 + np.exp(x)), 1 / (1 + np.exp(-x))]),
}
Tables = Mapping[str, np.ndarray]  # what each output gave, (rows, columns)


@dataclass(frozen=True)
class Reading:
    """`label` is the output of labels or numbers, `scores` that of a score for each class."""

    label: str | None
    scores: str | None = None
    step: str = "as given"  # of PROBABILITIES
    classes: tuple[Class, ...] = ()  # in the order of the scores
    coded: bool = False  # labels are places among the sorted classes
    targets: int = 1

    @property
    def has_shares(self) -> bool:
        """Whether the scores tell probabilities, not only which class is the answer."""
        return self.scores is not None and self.step != NO_SHARES

    @property
    def order(self) -> list[int]:
        """The places of the sorted classes among the scores."""
        return sorted(range(len(self.classes)), key=self.classes.__getitem__)

    def answers(self, outputs: Tables) -> Answers:
        """What these outputs say, worked out without ONNX."""
        shares: Any = None
        if self.scores is not None:
            shares = PROBABILITIES[self.step](outputs[self.scores].astype(float))[:, self.order]
        if self.label is None:
            labels = np.argmax(shares, axis=1)
            shares = shares if self.has_shares else None
        else:
            labels = outputs[self.label]
            labels = labels if self.targets > 1 else labels[:, 0]
        if self.coded:
            labels = np.array(sorted(self.classes), object)[labels.astype(int)]
        return labels, shares


def numbers(outputs: Tables, targets: int) -> Reading:
    """Read the outputs of a regression. Raises ArtifactError."""
    found = [name for name, out in outputs.items() if out.dtype.kind in "fiu"]
    if len(outputs) > 1 or not found or outputs[found[0]].shape[1] != targets:
        wanted = "one number a row" if targets == 1 else f"{targets} numbers a row, in one output"
        gives = f"The model gives {_widths(outputs)} a row, and the target takes {wanted}"
        raise ArtifactError(f"{gives}; export it with that output alone.")
    return Reading(found[0], targets=targets)


def classes(outputs: Tables, known: list[Class], order: Sequence[Class] | None) -> Reading:
    """Read the outputs of a classification. Raises ArtifactError.

    `order` are the classes in the order of the scores, by default those `known` from the data.
    """
    labels = [n for n, out in outputs.items() if out.dtype.kind in "OUSib" and out.shape[1] == 1]
    label = labels[0] if labels else None
    order = _matched([*(order or known)], known)
    widths = (len(order), 1) if len(order) == 2 else (len(order),)
    floats = [name for name, out in outputs.items() if out.dtype.kind == "f"]
    fitting = [name for name in floats if outputs[name].shape[1] in widths]
    if len(fitting) > 1:
        raise ArtifactError(f"Each of {listed(fitting)} may be the scores; export only one.")
    if label is None and not fitting:
        has = f"there are {len(order)} classes: {listed(map(class_label, order))}"
        mend = "name all classes, in the order of the scores, with --classes a,b,c"
        raise ArtifactError(f"The model gives {_widths(outputs)} a row, and {has}; {mend}.")
    scores, step = (fitting[0], _step(outputs[fitting[0]])) if fitting else (None, "as given")
    if label is None:
        return Reading(None, scores, step, tuple(order), coded=True)
    if step in ("softmax", "logit of the second", NO_SHARES):
        scores, step = None, "as given"  # such as distances to a plane; the labels say enough
    seen = set(outputs[label][:, 0].tolist())
    coded = not _whole(order) and _whole(seen) and seen <= set(range(len(order)))
    if not coded and (strange := seen - set(order)):
        answers = f"The model answers {class_label(min(strange))}, which the data does not have"
        mend = "name all classes with --classes, written as the model does"
        raise ArtifactError(f"{answers}; {mend}.")
    return Reading(label, scores, step, tuple(order), coded)


def named(text: str, y: Any) -> list[Class]:
    """Classes that somebody named, with commas, as values of the kind that a column `y` holds."""
    known = {class_label(value): value for value in np.unique(np.asarray(y)).tolist()}
    names = [name.strip() for name in text.split(",")]
    whole = _whole(known.values()) and all(re.fullmatch(r"-?\d+", name) for name in names)
    if len(set(names)) < len(names):
        raise ArtifactError(f"`--classes` names {max(names, key=names.count)} twice.")
    return [known.get(name, int(name) if whole else name) for name in names]


def _matched(order: list[Class], known: list[Class]) -> list[Class]:
    if _whole(order) and not _whole(known) and sorted(order) == list(range(len(known))):
        order = [known[place] for place in order if isinstance(place, int)]
    if lacking := set(known) - set(order):
        has = f"The data has the class {class_label(min(lacking, key=class_label))}"
        among = f"which is not among those of the model: {listed(map(class_label, order))}"
        raise ArtifactError(f"{has}, {among}; write the target as the model does.")
    itself = {value: value for value in known}  # 1 finds True
    return [itself.get(value, value) for value in order]


def _whole(values: Any) -> bool:
    return all(isinstance(value, int) for value in values)


def _step(scores: np.ndarray) -> str:
    """What makes probabilities of scores (rows, classes), judged by what they are."""
    scores = scores[np.isfinite(scores).all(axis=1)]
    if scores.shape[1] == 1:
        pairs = PROBABILITIES["of the second"](scores)
        return "of the second" if are_shares(pairs).all() else "logit of the second"
    if are_shares(scores).all():
        return "as given"
    return NO_SHARES if ((scores >= -ROUND) & (scores <= 1 + ROUND)).all() else "softmax"


def _widths(outputs: Tables) -> str:
    return listed(f"{out.shape[1]} ({name})" for name, out in outputs.items())
