"""One row a request: everyone, over 1 and 32 connections."""

from typing import Any

from .asked import Asked
from .field import Field
from .peers import BASELINE, BATCH_ONLY
from .race import Case, race
from .report import middle, spread, table

CASES = [Case("linear", 1, 1), Case("linear", 32, 1), Case("forest", 32, 1)]
HEADINGS = ["", "linear, 1", "linear, 32", "p50 ms", "p99 ms", "CPU µs", "forest, 32"]
SIZES = ["", "start s", "slowest", "worker MiB", "after load", "all MiB", "after load"]


def measure(field: Field, asked: Asked) -> dict[str, Any]:
    names = [name for name in asked.names if name not in BATCH_ONLY]
    return race(field, names, CASES, asked.rounds, asked.seconds)


def tables(found: dict[str, Any]) -> str:
    """Requests a second as ratios to the baseline; p50, p99, CPU and sizes are of linear."""
    names = list(dict.fromkeys(load["name"] for load in found["loads"]))
    rates = []
    for name in names:
        cells = [_of(found, name, case, "ratio") for case in CASES]
        busy = [_of(found, name, CASES[1], key) for key in ("p50_ms", "p99_ms", "cpu_us")]
        shown = [middle(busy[0]), middle(busy[1]), middle(busy[2], ".0f")]
        rates.append([name, spread(cells[0]), spread(cells[1]), *shown, spread(cells[2])])
    sizes = []
    starts = [start for start in found["starts"] if start["model"] == "linear"]
    for name in dict.fromkeys(start["name"] for start in starts):
        its = [start for start in starts if start["name"] == name]
        seconds = [start["start_s"] for start in its]
        keys = ("worker", "worker_after", "all", "all_after")
        memory = [middle([start[key] for start in its], ".0f") for key in keys]
        sizes.append([name, middle(seconds, ".2f"), f"{max(seconds):.2f}", *memory])
    base = [load["base"] for load in found["loads"] if load["connections"] == 32]
    texts = [table(HEADINGS, rates), table(SIZES, sizes)]
    if base:
        texts.insert(1, f"A ratio of 1 is {BASELINE}.")
    return "\n\n".join([*texts, *failures(found)])


def failures(found: dict[str, Any]) -> list[str]:
    """A line for each that could not be measured."""
    return [f"- {name} was not measured: {why}" for name, why in found["failed"].items()]


def _of(found: dict[str, Any], name: str, case: Case, key: str) -> list[float]:
    wanted = vars(case) | {"name": name}
    return [load[key] for load in found["loads"] if wanted.items() <= load.items()]
