"""What is kept of predictions once they are removed: totals of each version and day."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC
from typing import Any, Protocol, Self

from .log import Record

BATCH = 1000  # summaries


@dataclass(frozen=True, slots=True)
class Totals:
    """What predictions come to; two of these can be added.

    `duration_ms` is a sum in milliseconds, of which `longest_ms` is the longest. Of those
    `with_feedback`, whose true outcome is known, `correct` are classes that came true, and
    `errors` holds sums of absolute errors: of the numbers by target, or of the one as `value`.
    """

    count: int = 0
    duration_ms: float = 0.0
    longest_ms: float = 0.0
    with_feedback: int = 0
    correct: int = 0
    errors: Mapping[str, float] = field(default_factory=dict)
    labels: Mapping[str, int] = field(default_factory=dict)  # how many were of each class

    @classmethod
    def of(cls, record: Record) -> Self:
        feedback, label = record.feedback, record.label
        of_class = {} if label is None else {label: 1}
        usual = cls(1, record.duration_ms, record.duration_ms, labels=of_class)
        if feedback is None:
            return usual
        if of_class:
            return replace(usual, with_feedback=1, correct=int(feedback.actual == record.value))
        return replace(usual, with_feedback=1, errors=_errors(record.value, feedback.actual))

    def __add__(self, other: "Totals") -> "Totals":
        names = [one.name for one in fields(self)]
        summed = {name: _sum(getattr(self, name), getattr(other, name)) for name in names}
        return Totals(**summed | {"longest_ms": max(self.longest_ms, other.longest_ms)})


def _sum(one: Any, other: Any) -> Any:
    if isinstance(one, Mapping):
        return {name: one.get(name, 0) + other.get(name, 0) for name in sorted({*one, *other})}
    return one + other


def _errors(value: Any, actual: Any) -> dict[str, float]:
    """The absolute error of each target that has a number on both sides."""
    predicted, true = (one if isinstance(one, dict) else {"value": one} for one in (value, actual))
    return {
        name: float(abs(predicted[name] - true[name]))
        for name in sorted(predicted.keys() & true.keys())
        if all(type(one[name]) in (int, float) for one in (predicted, true))
    }


@dataclass(frozen=True, slots=True)
class DaySummary:
    """The totals of a version on a day in UTC, such as 2026-02-28."""

    day: str
    model_version: str
    totals: Totals

    @property
    def id(self) -> str:
        return f"{self.day}/{self.model_version}"

    def __add__(self, other: Self) -> Self:
        return replace(self, totals=self.totals + other.totals)

    def as_row(self) -> dict[str, Any]:
        """The columns of a new row of the table."""
        key = {"id": self.id, "day": self.day, "model_version": self.model_version}
        return key | asdict(self.totals)

    @classmethod
    def from_row(cls, row: Any) -> Self:
        totals = {one.name: getattr(row, one.name) for one in fields(Totals)}
        return cls(row.day, row.model_version, Totals(**totals))

    def content(self) -> dict[str, Any]:
        """What becomes JSON."""
        row = self.as_row()
        del row["id"]
        return {"kind": "summary"} | row


@dataclass(frozen=True, slots=True)
class Tally:
    """How many predictions a version `made` with ids below `until`, pruned ones among them."""

    made: int
    until: str


class SummaryStore(Protocol):
    """Every method raises LogUnavailable when the database cannot be reached, or is too slow."""

    def add(self, summaries: Sequence[DaySummary]) -> None:
        """Store all of these days or none."""

    def find(self, ids: Sequence[str]) -> list[DaySummary]:
        """The summaries that are there, in any order."""

    def scan(self, after: str, limit: int) -> list[DaySummary]:
        """At most `limit` summaries by id, which is by day, after the one of this id."""

    def count(self) -> int: ...

    def fold(self, records: Sequence[Record]) -> bool:
        """Add records to the totals of their days and remove them from the log: all of it or none.

        False, and none, when one of them is not as it was read: somebody gave it feedback, or
        removed it.
        """

    def tallies(self) -> dict[str, Tally]:
        """The counts that are kept, by version; `tallies` makes and uses them."""

    def keep(self, tallies: Mapping[str, Tally]) -> None:
        """Put these in the place of what is kept of their versions."""

    def forget(self) -> None:
        """Keep no counts, so that all predictions are counted anew."""


def day_of(record: Record) -> str:
    return record.created_at.astimezone(UTC).date().isoformat()


def summarise(records: Iterable[Record]) -> list[DaySummary]:
    """The summaries of these records, by day and version."""
    found: dict[tuple[str, str], Totals] = {}
    for record in records:
        key = day_of(record), record.model_version
        found[key] = found.get(key, Totals()) + Totals.of(record)
    return [DaySummary(*key, totals) for key, totals in sorted(found.items())]


def by_version(store: SummaryStore) -> dict[str, Totals]:
    """The totals of each version over all days."""
    found: dict[str, Totals] = {}
    for summary in _all(store):
        before = found.get(summary.model_version, Totals())
        found[summary.model_version] = before + summary.totals
    return found


def _all(store: SummaryStore) -> Iterator[DaySummary]:
    after = ""
    while summaries := store.scan(after, BATCH):
        yield from summaries
        after = summaries[-1].id
