"""Asks another version what was asked before, and holds its answers against the logged ones."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import isclose
from typing import Any

from ..ml.answered import NotFinite, Prediction
from ..ml.predictor import Predictor
from ..ml.rows import Row
from ..ml.validation import Fault, InvalidInstances
from .log import PredictionLog, Query, Record
from .newest import NothingLogged, newest

ROWS = 10_000  # that are replayed, unless another number is asked for
MOST_TOLD = 10  # lines of a part of the report
CLOSE = 1e-6  # of a number; what differs less comes of computing in 32 bits

Place = tuple[Any, ...]


@dataclass
class Change:
    """How far the replayed numbers of a target are from the logged ones."""

    count: int = 0
    changed: int = 0
    distance: float = 0.0  # all together
    largest: float = 0.0

    @property
    def mean(self) -> float:
        return self.distance / self.count

    def add(self, logged: float, replayed: float) -> bool:
        """Count a pair, and say whether it differs."""
        changed = not isclose(logged, replayed, rel_tol=CLOSE)
        self.count += 1
        self.changed += changed
        self.distance += abs(replayed - logged)
        self.largest = max(self.largest, abs(replayed - logged))
        return changed


@dataclass
class Score:
    """Sums over rows whose true outcome is known, of the logged and of the replayed answers."""

    count: int = 0
    logged: float = 0.0
    replayed: float = 0.0

    def add(self, logged: float, replayed: float) -> None:
        self.count += 1
        self.logged += logged
        self.replayed += replayed


@dataclass
class Replay:
    """What became of logged rows; where classes are predicted `labels`, else `changes` by target.

    Those `apart` have a logged answer that none of this version can be held against.
    """

    predictor: Predictor
    rows: int = 0
    apart: int = 0
    changed: int = 0
    logged_by: Counter[str] = field(default_factory=Counter)  # versions
    refused: Counter[tuple[Place, str]] = field(default_factory=Counter)  # by the first fault
    reasons: dict[tuple[Place, str], str] = field(default_factory=dict)  # of the first such row
    labels: Counter[tuple[str, str]] = field(default_factory=Counter)  # that changed
    changes: dict[str, Change] = field(default_factory=dict)
    scores: dict[str, Score] = field(default_factory=dict)
    known: int = 0  # rows whose outcome had come in when this version was trained

    def add(self, record: Record, answer: Prediction | Fault) -> None:
        """Count a row."""
        self.rows += 1
        self.logged_by[record.model_version] += 1
        trained_at = self.predictor.artifact.trained_at
        self.known += bool(record.feedback and record.feedback.created_at < trained_at)
        if isinstance(answer, Fault):
            kind = answer.loc[2:], answer.type
            self.refused[kind] += 1
            self.reasons.setdefault(kind, answer.msg)
        elif self.predictor.signature.output.of_classes and record.label is not None:
            self.changed += self._add_class(record, answer.value)
        elif shared := self._shared(record, answer.value):
            self.changed += self._add_numbers(record, shared)
        else:
            self.apart += 1

    def _add_class(self, record: Record, replayed: Any) -> bool:
        changed = not _same(record.value, replayed)
        if changed:
            output = self.predictor.signature.output
            pair = (str(output.filed_as(one)) for one in (record.value, replayed))
            self.labels[next(pair), next(pair)] += 1
        if record.feedback:
            actual = record.feedback.actual
            score = self.scores.setdefault("accuracy", Score())
            score.add(_same(record.value, actual), _same(replayed, actual))
        return changed

    def _add_numbers(self, record: Record, shared: dict[str, tuple[float, float]]) -> bool:
        changed = False
        actual = self._numbers(record.feedback.actual) if record.feedback else {}
        for name, (logged, replayed) in shared.items():
            changed |= self.changes.setdefault(name, Change()).add(logged, replayed)
            if name in actual:
                score = self.scores.setdefault(f"mean absolute error of {name}", Score())
                score.add(abs(logged - actual[name]), abs(replayed - actual[name]))
        return changed

    def _shared(self, record: Record, replayed: Any) -> dict[str, tuple[float, float]]:
        """The logged and the replayed number of each target that both have."""
        if self.predictor.signature.output.of_classes or record.label is not None:
            return {}
        logged = self._numbers(record.value)
        numbers = self._numbers(replayed).items()
        return {name: (logged[name], number) for name, number in numbers if name in logged}

    def _numbers(self, value: Any) -> dict[str, float]:
        output = self.predictor.signature.output
        if isinstance(value, dict):
            return value
        return {} if output.targets else {output.name: value}


def replay(
    predictor: Predictor, log: PredictionLog, limit: int = ROWS, *, progress: bool = True
) -> Replay:
    """Ask a version what the newest `limit` records asked, and compare its answers with theirs.

    Nothing is stored, and memory does not grow with the log. Raises NothingLogged and
    LogUnavailable.
    """
    found = Replay(predictor)
    for records in newest(log, Query(limit=limit), progress=progress):
        answers = _answers(predictor, [record.inputs for record in records])
        for record, answer in zip(records, answers, strict=True):
            found.add(record, answer)
    if not found.rows:
        raise NothingLogged("Nothing is logged yet, so there is nothing to replay.")
    return found


def report(found: Replay) -> Iterator[str]:
    """A replay in words and tables."""
    yield f"Version {found.predictor.version} was asked what {found.rows:,} logged rows asked."
    yield "Its answers are held against the logged ones, which were given by"
    yield from _counted(found.logged_by.most_common())
    yield from comparison(found)


def comparison(found: Replay) -> Iterator[str]:
    """How the answers of a version compare with the logged ones."""
    refused = found.refused.total()
    yield ""
    yield f"{'refused':<28}{refused:>9,}{_share(refused, found.rows)}"
    yield f"{'answered otherwise':<28}{found.changed:>9,}{_share(found.changed, found.rows)}"
    if found.apart:
        yield f"{'answers of another kind':<28}{found.apart:>9,}{_share(found.apart, found.rows)}"
    if found.refused:
        yield from ["", "Refused, by the first fault of a row"]
        yield from _counted((found.reasons[why], n) for why, n in found.refused.most_common())
    if found.labels:
        yield from ["", "Classes that change"]
        pairs = found.labels.most_common()
        yield from _counted((f"{logged} -> {replayed}", n) for (logged, replayed), n in pairs)
        if found.predictor.signature.task == "clustering":
            yield "Every training numbers its clusters anew: the same one may have another number."
    if found.changes:
        yield ""
        yield from _table(
            ("Numbers", "rows", "changed", "mean change", "largest change"),
            *(
                (name, f"{c.count:,}", f"{c.changed:,}", f"{c.mean:.4g}", f"{c.largest:.4g}")
                for name, c in found.changes.items()
            ),
        )
    if found.scores:
        yield ""
        yield from _table(
            ("Score on true outcomes", "rows", "logged", "replayed"),
            *(
                (name, f"{s.count:,}", f"{s.logged / s.count:.4g}", f"{s.replayed / s.count:.4g}")
                for name, s in found.scores.items()
            ),
        )
        if found.known and (seen := found.predictor.artifact.metrics.get("logged_rows")):
            yield ""
            yield f"It was trained on {seen:,} logged rows, and is better on them than on new ones;"
            yield "its score on rows held out of training is told by `manage compare`."


def _share(count: int, rows: int) -> str:
    return f"{count / rows:>9.1%}"


def _counted(pairs: Iterable[tuple[str, int]]) -> Iterator[str]:
    pairs = list(pairs)
    for text, count in pairs[:MOST_TOLD]:
        yield f"  {count:>9,}  {text}"
    if rest := pairs[MOST_TOLD:]:
        yield f"  {sum(count for _, count in rest):>9,}  others"


def _table(header: tuple[str, ...], *rows: tuple[str, ...]) -> Iterator[str]:
    """A line for each row: a name, and numbers below each other."""
    indented = [header, *((f"  {name}", *numbers) for name, *numbers in rows)]
    widths = [max(map(len, cells)) for cells in zip(*indented, strict=True)]
    for name, *numbers in indented:
        cells = (number.rjust(width) for number, width in zip(numbers, widths[1:], strict=True))
        yield "   ".join([name.ljust(widths[0]), *cells])


def _answers(predictor: Predictor, rows: list[Row]) -> Iterator[Prediction | Fault]:
    """The answer to each row that was taken once, or the first reason why it is not any more."""
    faults: dict[Any, Fault] = {}
    try:
        checked, _ = predictor.validator.from_json(rows)
    except InvalidInstances as error:
        for fault in error.faults:
            faults.setdefault(fault.loc[1], fault)
        good = [row for index, row in enumerate(rows) if index not in faults]
        checked, _ = predictor.validator.from_json(good)
    answers = iter(predictor.predict_each(checked))
    for index in range(len(rows)):
        answer = faults.get(index) or next(answers)
        yield Fault((), str(answer), "not_finite") if isinstance(answer, NotFinite) else answer


def _same(value: Any, other: Any) -> bool:
    """Whether two classes, or those of each target, are the same; true is not 1."""
    if isinstance(value, dict) and isinstance(other, dict):
        return value.keys() == other.keys() and all(_same(value[n], other[n]) for n in value)
    return bool(value == other) and type(value) is type(other)
