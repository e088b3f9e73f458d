"""A thousand rows a request: services, the baseline, and one process that does the same."""

from typing import Any

from .asked import Asked
from .field import Field
from .peers import BASELINE, LIMIT, STORED
from .predict import failures
from .race import Case, race
from .report import middle, spread, table

ROWS = 1000
CASES = [Case("linear", 1, ROWS), Case("linear", 8, ROWS)]
HEADINGS = ["", "rows/s, 1", "to plain Flask", "to one process", "rows/s, 8", "to plain Flask"]


def measure(field: Field, asked: Asked) -> dict[str, Any]:
    few = [
        n
        for n in asked.names
        if n in (BASELINE, LIMIT, STORED) or n.startswith(("Flask", "Django"))
    ]
    return race(field, few, CASES, asked.rounds, asked.seconds)


def tables(found: dict[str, Any]) -> str:
    """Rows a second, and ratios to the baseline and to json.loads, ONNX and executemany."""
    rows = []
    for name in dict.fromkeys(load["name"] for load in found["loads"]):
        cells = [name]
        for case in CASES:
            its = _loads(found, name, case)
            cells += [middle([load["rate"] * ROWS for load in its.values()], ",.0f")]
            cells += [spread([load["ratio"] for load in its.values()])]
            if case.connections == 1:
                one = _loads(found, STORED, case)
                pairs = [(its[n]["ratio"], one[n]["ratio"]) for n in its.keys() & one.keys()]
                cells += [spread([mine / other for mine, other in pairs])]
        rows.append(cells)
    return "\n\n".join([table(HEADINGS, rows), *failures(found)])


def _loads(found: dict[str, Any], name: str, case: Case) -> dict[int, dict[str, Any]]:
    wanted = vars(case) | {"name": name}
    return {load["round"]: load for load in found["loads"] if wanted.items() <= load.items()}
