"""What callers of one version of a model meet when another is served."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, floor
from typing import Any

from .signature import Feature, Output, Part, Signature, Target, class_label
from .validation import limits, listed

# Types whose values are told apart by their range or categories; others are of another kind.
FAMILIES = {"integer": "number", "category": "text"}


@dataclass(frozen=True)
class Difference:
    """What it is, and whether it `breaks` callers: a row refused, an answer of another kind."""

    text: str
    breaks: bool


def differences(old: Signature, new: Signature) -> list[Difference]:
    """What a caller of `old` meets when `new` is served, the worst first."""
    found = [*_of_features(old, new), *_of_answers(old, new), *_of_words(old, new)]
    return sorted(found, key=lambda difference: not difference.breaks)


def _of_features(old: Signature, new: Signature) -> Iterator[Difference]:
    before = {feature.name: feature for feature in old.features}
    after = {feature.name: feature for feature in new.features}
    for name in [name for name in before if name not in after]:
        yield Difference(f"{name!r} is no longer taken, and rows that have it are refused", True)
    for name, feature in after.items():
        if name in before:
            yield from _of_one(before[name], feature)
        elif feature.missing:
            yield Difference(f"{name!r} is taken, too, and may be left out", False)
        else:
            yield Difference(f"{name!r} is needed, and rows without it are refused", True)
    if [name for name in before if name in after] != [name for name in after if name in before]:
        yield Difference("rows that are lists are read in another order of the features", True)


def _of_one(old: Feature, new: Feature) -> Iterator[Difference]:
    name = repr(new.name)
    if old.missing and not new.missing:
        yield Difference(f"{name} may no longer be missing", True)
    elif new.missing and not old.missing:
        yield Difference(f"{name} may be missing", False)
    if old.type != new.type:
        narrower = _family(old) != _family(new) or new.type == "integer"
        yield Difference(f"{name} is of the type {new.type}, and was {old.type}", narrower)
    if _family(old) != _family(new):
        return
    if _family(new) == "text":
        yield from _of_categories(old, new)
    elif new.type != "boolean":
        yield from _of_range(old, new)


def _family(feature: Feature) -> str:
    return FAMILIES.get(feature.type, feature.type)


def _of_categories(old: Feature, new: Feature) -> Iterator[Difference]:
    before, after = _listed(old), _listed(new)
    name = repr(new.name)
    if after is not None and before is None:
        known = listed(new.categories or [])
        yield Difference(f"{name} is refused unless it is one of {known}", True)
    elif before is not None and after is None:
        yield Difference(f"{name} may be any text", False)
    elif before is not None and after is not None:
        if gone := before - after:
            yield Difference(f"{name} is refused if it is {listed(sorted(gone))}", True)
        if more := after - before:
            yield Difference(f"{name} may be {listed(sorted(more))}, too", False)


def _listed(feature: Feature) -> set[str] | None:
    """The only texts that are accepted; None when all are."""
    closed = feature.type == "category" and feature.outside == "refuse"
    return set(feature.categories or []) if closed else None


def _of_range(old: Feature, new: Feature) -> Iterator[Difference]:
    (least, most), (low, high) = _accepted(old), _accepted(new)
    name = repr(new.name)
    if new.outside == "refuse" and (low > least or high < most):
        yield Difference(f"{name} is refused unless it is {_between(new)}", True)
    elif (old.outside, old.min, old.max) != (new.outside, new.min, new.max):
        what = "accepted" if new.outside == "refuse" else "usual"
        says = f"{what} values of {name} are {_between(new)}, and were {_between(old)}"
        yield Difference(says, False)


def _accepted(feature: Feature) -> tuple[Any, Any]:
    low, high = limits(feature)
    return (ceil(low), floor(high)) if feature.type == "integer" else (low, high)


def _between(feature: Feature) -> str:
    if feature.min is None and feature.max is None:
        return "of any size"
    if feature.min is None or feature.max is None:
        return f"{feature.max} at most" if feature.min is None else f"{feature.min} at least"
    return f"{feature.min} to {feature.max}"


def _of_answers(old: Signature, new: Signature) -> Iterator[Difference]:
    if old.name != new.name:
        where = "which addresses under /v1 and /v2 have in them"
        yield Difference(f"the model's name is {new.name}, and was {old.name}, {where}", True)
    if old.task != new.task:
        yield Difference(f"it answers {_a(new.task)}, and was {_a(old.task)}", True)
        return
    yield from _of_classes(old.output, new.output)
    yield from _of_scores(old.output, new.output)
    if new.task == "clustering":
        says = "every training numbers its clusters anew: `manage replay` tells which is which"
        yield Difference(says, False)
    before = [target.name for target in old.output.targets or []]
    after = [target.name for target in new.output.targets or []]
    if before != after:
        one = "one class" if new.output.of_classes else "one number"
        says = f"answers have {listed(after) or one}, and had"
        yield Difference(f"{says} {listed(before) or one}", True)
    else:
        pairs = zip(old.output.targets or [], new.output.targets or [], strict=True)
        for target, now in pairs:
            yield from _of_target(target, now)


def _a(task: str) -> str:
    return f"an {task}" if task == "anomaly" else f"a {task}"


def _of_scores(old: Output, new: Output) -> Iterator[Difference]:
    """What becomes of the score of a detector of outliers."""
    if new.threshold is None and old.threshold is not None:
        yield Difference("answers have no score any more", True)
    elif old.threshold is None and new.threshold is not None:
        yield Difference("answers have a score, too", False)
    elif old.threshold != new.threshold:
        yield Difference(f"anomalies score below {new.threshold}, and did {old.threshold}", False)


def _of_target(old: Target, new: Target) -> Iterator[Difference]:
    """What becomes of the classes of one of several targets."""
    before, after = ([label for label, _ in one.choices] for one in (old, new))
    if gone := [label for label in before if label not in after]:
        yield Difference(f"no answer of {new.name!r} is {listed(gone)} any more", True)
    if more := [label for label in after if label not in before]:
        yield Difference(f"answers of {new.name!r} may be {listed(more)}, too", True)


def _of_classes(old: Output, new: Output) -> Iterator[Difference]:
    before = {(type(value), value): class_label(value) for value in old.classes or []}
    after = {(type(value), value): class_label(value) for value in new.classes or []}
    if gone := [label for value, label in before.items() if value not in after]:
        yield Difference(f"no answer is {listed(gone)} any more", True)
    if more := [label for value, label in after.items() if value not in before]:
        yield Difference(f"answers may be {listed(more)}, too", True)
    if old.probabilities and not new.probabilities:
        yield Difference("answers have no probabilities any more", True)
    elif new.probabilities and not old.probabilities:
        yield Difference("answers have probabilities, too", False)
    elif new.probabilities and before.keys() == after.keys() and list(before) != list(after):
        yield Difference("probabilities are in another order of the classes", True)


def _of_words(old: Signature, new: Signature) -> Iterator[Difference]:
    """Units and descriptions, which people read."""
    parts: dict[str, Part] = {feature.name: feature for feature in old.features}
    pairs: list[tuple[Part, Part]] = [(parts[f.name], f) for f in new.features if f.name in parts]
    pairs.append((old.output, new.output))
    targets = {target.name: target for target in old.output.targets or []}
    pairs += [(targets[t.name], t) for t in new.output.targets or [] if t.name in targets]
    for before, after in pairs:
        for what in ("unit", "description"):
            was, now = getattr(before, what), getattr(after, what)
            if was != now:
                text = f"the {what} of {after.name!r} is {now or 'not said'}, and was"
                yield Difference(f"{text} {was or 'not said'}", False)
