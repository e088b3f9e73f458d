"""Makes tables of what was measured, and keeps both."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).parent
RESULTS, README = HERE / "results.json", HERE / "README.md"


def table(heading: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown: the first column is text, the others are numbers."""
    names = list(heading)
    lines = [names, ["---", *["---:"] * (len(names) - 1)], *map(list, rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def spread(values: list[float], shown: str = ".2f") -> str:
    """The median, and the least and the most in brackets."""
    if not values:
        return "-"
    low, middle, high = min(values), median(values), max(values)
    return f"{middle:{shown}} ({low:{shown}} to {high:{shown}})"


def middle(values: list[float], shown: str = ".1f") -> str:
    return f"{median(values):{shown}}" if values else "-"


def keep(part: str, found: dict[str, Any], text: str) -> None:
    """Write what a part found to results.json, and its tables to their place in the README."""
    results = kept()
    results[part] = found
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    write(part, text)


def kept() -> dict[str, Any]:
    """What was found by each part, when it was last kept."""
    found: dict[str, Any] = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    return found


def write(part: str, text: str) -> None:
    """Put tables in their place in the README."""
    page = README.read_text("utf-8")
    begin, end = f"<!-- {part} -->", f"<!-- end of {part} -->"
    place = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    block = f"{begin}\n\n{text}\n\n{end}"
    page, count = place.subn(lambda _: block, page)
    if count != 1:
        raise SystemExit(f"README.md has no place for {part}: {begin} and {end}")
    README.write_text(page, "utf-8")
