"""A program that predicts in a loop, with no server: a limit."""

import contextlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .protocols import PLAIN, Row
from .shell import run


@dataclass
class Loop:
    """It is given seconds and the file of a request; it prints what it did, as JSON."""

    name: str
    command: Sequence[str]
    folder: Path

    @contextlib.contextmanager
    def running(self, row: Row) -> Iterator[None]:
        """There is nothing to start."""
        yield

    def predict(self, rows: list[Row]) -> list[float]:
        """The predictions for some rows."""
        return [float(value) for value in self._run(rows, 0)["predictions"]]

    def load(self, rows: list[Row], connections: int, seconds: float) -> dict[str, Any]:
        """How many requests it answered, the same as `Server.load` tells."""
        measured = self._run(rows, seconds)
        del measured["predictions"]
        return measured

    def _run(self, rows: list[Row], seconds: float) -> dict[str, Any]:
        request = self.folder / "request.json"
        request.write_text(json.dumps(PLAIN.body(rows)))
        printed = run(self.folder, *self.command, str(seconds), str(request))
        measured: dict[str, Any] = json.loads(printed)
        return measured
