"""`uv run python -m benchmarks`: measures, prints tables, and with `--keep` writes them here."""

import argparse
import os
import signal
import sys
import tempfile
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from platform import python_version, system
from typing import Any

from . import targets
from .asked import Asked
from .field import Field
from .report import keep, kept, write
from .shell import Failed

PARTS = ["predict", "batch", "file", "log", "article", "start"]
SIZES, QUICK_SIZES = [10_000, 5_000_000], [1_000, 20_000]
KINDS = ["sqlite", "postgresql", "mysql", "mongodb"]
SHOWN = "flask django sqlalchemy granian onnxruntime scikit-learn gunicorn fastapi uvicorn"
SHOWN += " django-ninja litserve mlserver bentoml mlflow ray"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; all, if none is named")
    parser.add_argument("--only", nargs="+", default=[""], help="who: parts of their names")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4, help="of each load")
    parser.add_argument("--sizes", nargs="+", type=int, default=SIZES, help="rows of a log")
    parser.add_argument("--databases", nargs="+", default=KINDS, help=", ".join(KINDS))
    parser.add_argument("--quick", action="store_true", help="a first look: one round of little")
    parser.add_argument("--keep", action="store_true", help="write README.md and results.json")
    given = parser.parse_args()
    if unknown := {*given.parts} - {*PARTS}:
        parser.error(f"there is no part {unknown.pop()}; there are {', '.join(PARTS)}")
    if given.quick:
        given.rounds, given.seconds, given.sizes = 1, 1, QUICK_SIZES
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that servers are stopped
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        field = Field(Path(folder))
        names = [name for name in field.makers("linear") if _named(name, given.only)]
        more = (given.quick, given.sizes, given.databases)
        asked = Asked(names, given.rounds, given.seconds, *more)
        for part in given.parts or PARTS:
            module = import_module(f".{part}", __package__)
            try:
                found = module.measure(field, asked)
            except Failed as failure:
                failed = 1
                print(f"{part}: {failure}", file=sys.stderr)
                continue
            about = _about(field, asked)
            print(text := f"{_line(about)}\n\n{module.tables(found)}\n", flush=True)
            if given.keep:
                keep(part, about | found, text)
                write("targets", targets.tables(kept()))
    return failed


def _about(field: Field, asked: Asked) -> dict[str, Any]:
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{os.cpu_count()} cores, {system()}, Python {python_version()}",
        "versions": {name: of for name, of in field.versions().items() if name in SHOWN.split()},
        "rounds": asked.rounds,
        "seconds": asked.seconds,
    }


def _line(about: dict[str, Any]) -> str:
    listed = ", ".join(f"{name} {number}" for name, number in about["versions"].items())
    loads = f"rounds: {about['rounds']}, of {about['seconds']:g} s a load"
    return f"{about['date']}, {about['machine']}; {loads}; {listed}."


def _named(name: str, parts: list[str]) -> bool:
    return any(part.lower() in name.lower() for part in parts)


if __name__ == "__main__":
    sys.exit(main())
