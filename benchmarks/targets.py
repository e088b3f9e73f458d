"""What is aimed at, beside what was measured last, from results.json."""

from collections.abc import Callable
from typing import Any

from .peers import BASELINE, LIMIT, STORED
from .report import spread, table

Results = dict[str, Any]
Found = Callable[[Results, str], list[float]]
FASTAPI = "FastAPI, async"


def tables(results: Results) -> str:
    rows = []
    for what, least, found in TARGETS:
        cells = [spread(found(results, framework)) for framework in ("Flask", "Django")]
        rows.append([what, least, *cells])
    complete = spread(_complete(results))
    rows.append(["complete page, Django to Flask", "0.9", "", complete])
    return table(["", "at least", "Flask", "Django"], rows)


def _against(kind: str, other: str, model: str = "linear") -> Found:
    """Ratios, round by round, of requests a second over 32 connections."""

    def found(results: Results, framework: str) -> list[float]:
        case = {"model": model, "connections": 32}
        return _ratios(results, "predict", case, f"{framework}{kind}", other)

    return found


def _batch(results: Results, framework: str) -> list[float]:
    return _ratios(results, "batch", {"connections": 1}, f"{framework}, durable", STORED)


def _tail(results: Results, framework: str) -> list[float]:
    case = {"model": "linear", "connections": 32, "name": f"{framework}, durable"}
    loads = _measured(results, "predict", "loads", case)
    return [load["p99_ms"] / load["p50_ms"] for load in loads]


def _file(kind: str) -> Found:
    def found(results: Results, framework: str) -> list[float]:
        case = {"name": framework.lower(), "kind": kind}
        return [run["ratio_seconds"] for run in _measured(results, "file", "runs", case)]

    return found


def _growth(key: str) -> Found:
    """Of each page: its time over the largest log against the smallest, or its milliseconds."""

    def found(results: Results, framework: str) -> list[float]:
        pages = _measured(results, "log", "pages", {"framework": framework.lower()})
        times: dict[tuple[str, str], list[float]] = {}
        for page in sorted(pages, key=lambda page: page["rows"]):
            times.setdefault((page["database"], page["page"]), []).append(page["ms"])
        return [ms[-1] / ms[0] if key == "times" else ms[-1] for ms in times.values()]

    return found


def _started(key: str) -> Found:
    def found(results: Results, framework: str) -> list[float]:
        case = {"model": "linear", "name": f"{framework}, durable"}
        return [start[key] for start in _measured(results, "predict", "starts", case)]

    return found


def _complete(results: Results) -> list[float]:
    loads = results.get("article", {}).get("loads", [])
    of = {
        name: {one["round"]: one["ratio"] for one in loads if its == (one["name"], one["load"])}
        for name in ("Django", "Flask")
        for its in [(f"{name} service", "complete")]
    }
    both = of["Django"].keys() & of["Flask"].keys()
    return [of["Django"][number] / of["Flask"][number] for number in both]


def _ratios(
    results: Results, part: str, case: dict[str, Any], name: str, other: str
) -> list[float]:
    """One against another, both by their ratios to the baseline of the same round."""
    loads = _measured(results, part, "loads", case)
    own = {load["round"]: load["ratio"] for load in loads if load["name"] == name}
    theirs = {load["round"]: load["ratio"] for load in loads if load["name"] == other}
    if other == BASELINE:
        return list(own.values())
    return [own[number] / theirs[number] for number in own.keys() & theirs.keys()]


def _measured(results: Results, part: str, kind: str, case: dict[str, Any]) -> list[dict[str, Any]]:
    """The entries of a part that are of this case; none, where it was not measured."""
    return [one for one in results.get(part, {}).get(kind, []) if case.items() <= one.items()]


TARGETS: list[tuple[str, str, Found]] = [
    ("buffered, linear, to plain Flask", "6", _against(", buffered", BASELINE)),
    ("the same to FastAPI", "4", _against(", buffered", FASTAPI)),
    ("the same to the bare WSGI callable", "0.45", _against(", buffered", LIMIT)),
    ("durable, linear, to plain Flask", "2.5", _against(", durable", BASELINE)),
    ("with everything, by token", "2", _against(" with everything, durable", BASELINE)),
    ("durable, forest, to plain Flask", "15", _against(", durable", BASELINE, "forest")),
    ("p99 to p50, durable, linear", "at most 4", _tail),
    ("1,000 rows a request, durable, to one process", "0.5", _batch),
    ("`predict-file`, CSV, to pandas", "0.7", _file("csv")),
    ("`predict-file`, Parquet, to pandas", "0.7", _file("parquet")),
    ("pages, the large log to the small", "at most 1.5", _growth("times")),
    ("pages, ms over the large log", "at most 100", _growth("ms")),
    ("start to the first prediction, trained, s", "at most 1.5", _started("start_s")),
    ("memory of a worker, MiB", "at most 120", _started("worker")),
]
