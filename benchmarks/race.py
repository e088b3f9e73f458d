"""Loads servers in rounds, each beside the baseline, which is loaded just before and just after."""

import json
import sys
from dataclasses import dataclass
from itertools import product
from typing import Any

from .field import Field, Racer
from .peers import BASELINE
from .protocols import Row
from .server import Server
from .shell import Failed

CLOSE = 0.01  # of answers between 25 and 346, some of them computed in 32 bits
WARM_UP = 1  # seconds


@dataclass(frozen=True)
class Case:
    """A model, asked over some connections for so many rows a request."""

    model: str
    connections: int
    rows: int


def race(
    field: Field, names: list[str], cases: list[Case], rounds: int, seconds: float
) -> dict[str, Any]:
    """Loads and starts, and why some gave none.

    In each round each is started, checked, warmed up, loaded in every case and stopped. Round 0 has
    no loads: it compiles what is imported. Who failed once takes no further part.
    """
    loads: list[dict[str, Any]] = []
    starts: list[dict[str, Any]] = []
    failed: dict[str, str] = {}
    for model in dict.fromkeys(case.model for case in cases):
        rows = json.loads((field.models / model / "rows.json").read_text())
        here = [case for case in cases if case.model == model]
        makers = field.makers(model)
        base = makers[BASELINE]()
        with base.running(rows[0]):
            base.load(rows[:1], 32, WARM_UP)
            for number, name in product(range(rounds + 1), names):
                if name in failed:
                    continue
                said = "done"
                try:
                    counted = here if number else []
                    own, start = measure(makers[name](), base, rows, counted, seconds)
                except Failed as failure:
                    said = failed[name] = str(failure)
                else:
                    about = {"name": name, "round": number, "model": model}
                    loads += [about | load for load in own]
                    starts += [about | start] if start and number else []
                print(f"{model}, round {number} of {rounds}, {name}: {said}", file=sys.stderr)
    return {"loads": loads, "starts": starts, "failed": failed}


def measure(
    racer: Racer, base: Racer, rows: list[Row], cases: list[Case], seconds: float
) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """The loads of one, and what its start took of time and memory. Raises Failed."""
    loads, start = [], {}
    with racer.running(rows[0]):
        for count in {1, *(case.rows for case in cases)}:
            check(racer, base, rows[:count])
        if isinstance(racer, Server):
            start = {"start_s": round(racer.start_s, 3), **racer.memory()}
        for case in cases:
            asked = rows[: case.rows]
            racer.load(asked, case.connections, WARM_UP)
            before = base.load(asked, case.connections, seconds)
            own = racer.load(asked, case.connections, seconds)
            after = base.load(asked, case.connections, seconds)
            rate = (before["rate"] + after["rate"]) / 2
            loads.append(vars(case) | own | {"base": rate, "ratio": round(own["rate"] / rate, 4)})
        if isinstance(racer, Server):
            start |= {f"{name}_after": size for name, size in racer.memory().items()}
    return loads, start


def check(racer: Racer, base: Racer, rows: list[Row]) -> None:
    """Raise Failed unless both answer the same."""
    answers, expected = racer.predict(rows) or [], base.predict(rows) or []
    pairs = list(zip(answers, expected, strict=False))
    if len(answers) != len(rows) or max(abs(one - other) for one, other in pairs) > CLOSE:
        raise Failed(f"it answers {answers[:3]}..., and the baseline {expected[:3]}...")
