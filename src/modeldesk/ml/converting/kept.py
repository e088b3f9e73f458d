"""Probes that are kept with a version, and what its original answered, to be asked again."""

import gzip
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Protocol

import numpy as np

from ..rows import Row
from .parity import Answers, Tried, difference, tried

MOST, MOST_CELLS, LONGEST_TEXT = 300, 6_000, 500  # rows, values in all, characters of a row


class Asked(Protocol):
    """What answers checked rows."""

    def run(self, rows: list[Row]) -> Answers:
        """Labels or numbers, and probabilities."""


@dataclass(frozen=True)
class Kept:
    """Rows with the answers to them; `libraries` are those that computed alike, by version.

    `typical` is how large an answer usually is, by which differences of numbers are measured.
    """

    features: list[str]
    rows: list[list[Any]]
    labels: list[Any]
    shares: list[list[float]] | None
    typical: Any
    libraries: dict[str, str]

    @classmethod
    def of(
        cls, rows: Sequence[Row], answers: Answers, typical: Any, libraries: Sequence[str]
    ) -> "Kept":
        """The most telling of `rows`: those with the closest answers, and some of all others."""
        labels, shares = answers
        places = _telling(rows, shares)
        names = list(rows[0])
        return cls(
            features=names,
            rows=[[rows[place][name] for name in names] for place in places],
            labels=labels[places].tolist(),
            shares=None if shares is None else shares[places].tolist(),
            typical=None if typical is None else np.asarray(typical).tolist(),
            libraries={name: version(name) for name in libraries},
        )

    def dumps(self) -> bytes:
        """As a file has it, the same bytes each time."""
        return gzip.compress(json.dumps(asdict(self), allow_nan=False).encode(), mtime=0)

    @classmethod
    def loads(cls, content: bytes) -> "Kept":
        """Read what `dumps` wrote. Raises ValueError, TypeError or OSError."""
        return cls(**json.loads(gzip.decompress(content)))

    def fault(self, engine: Asked) -> str | None:
        """What an engine answers otherwise than the original did, or None."""
        rows = [dict(zip(self.features, row, strict=True)) for row in self.rows]
        labels = np.array(self.labels)
        shares = None if self.shares is None else np.array(self.shares)
        places = np.arange(len(rows))
        served = tried(lambda some: engine.run(rows[some]), len(rows))
        found = difference(served, Tried(places, places, labels, shares), rows, self.typical)
        return found and f"{found}. {self._told()}"

    def _told(self) -> str:
        was = ", ".join(f"{name} {known}" for name, known in self.libraries.items())
        now = ", ".join(f"{name} {_installed(name)}" for name in self.libraries)
        if was == now:
            mend = "train or import it on such a machine"
            return f"It was made with {was}, as here: the machine computes otherwise; {mend}"
        mend = "install what it was made with (`uv sync --locked`), or train or import it anew"
        return f"It was made with {was}, and here is {now}; {mend}"


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"


def _telling(rows: Sequence[Row], shares: np.ndarray | None) -> Any:
    """The places of the rows that are kept, in order."""
    most = min(MOST, max(50, MOST_CELLS // len(rows[0])))
    short = [sum(len(v) for v in row.values() if isinstance(v, str)) for row in rows]
    places = np.flatnonzero(np.array(short) <= LONGEST_TEXT)
    if len(places) <= most:
        return places
    spread = places[np.linspace(0, len(places) - 1, most).astype(int)]
    if shares is None or shares.ndim != 2 or shares.shape[1] < 2:
        return spread
    ordered = np.sort(shares[places], axis=1)
    close = places[np.argsort(ordered[:, -1] - ordered[:, -2], kind="stable")[: most // 2]]
    return np.unique(np.concatenate([close, spread[::2]]))
