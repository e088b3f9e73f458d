"""`uv run python -m benchmarks`: measures, prints tables, and with `--keep` writes them here."""

import argparse
import os
import platform
import tempfile
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from .asked import Asked
from .field import Field
from .report import keep
from .shell import PYTHON

PARTS = ["predict", "batch", "file", "log", "article", "start"]
SIZES = [10_000, 5_000_000]
KINDS = ["sqlite", "postgresql", "mysql", "mongodb"]
SHOWN = "flask django sqlalchemy granian onnxruntime scikit-learn gunicorn fastapi uvicorn"
SHOWN += " django-ninja litserve mlserver bentoml mlflow ray"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; all, if none is named")
    parser.add_argument("--only", nargs="+", default=[], help="who: parts of their names")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4, help="of each load")
    parser.add_argument("--quick", action="store_true", help="one round of loads of a second")
    parser.add_argument("--keep", action="store_true", help="write README.md and results.json")
    parser.add_argument("--sizes", nargs="+", type=int, default=SIZES, help="rows of a log")
    parser.add_argument("--databases", nargs="+", default=["sqlite"], help=", ".join(KINDS))
    options = parser.parse_args()
    rounds, seconds = (1, 1.0) if options.quick else (options.rounds, options.seconds)
    for part in options.parts or PARTS:
        if part not in PARTS:
            parser.error(f"there is no part {part}; there are {', '.join(PARTS)}")
    more = (options.quick, options.sizes, options.databases)
    for part in options.parts or PARTS:
        module = import_module(f".{part}", __package__)
        with tempfile.TemporaryDirectory() as folder:
            field = Field(Path(folder))
            names = [*field.makers("linear")]
            chosen = [name for name in names if not options.only or _named(name, options.only)]
            found = module.measure(field, Asked(chosen, rounds, seconds, *more))
            about: dict[str, Any] = {
                "date": datetime.now(UTC).date().isoformat(),
                "machine": f"{os.cpu_count()} cores, {platform.system()}, Python {PYTHON}",
                "versions": {k: v for k, v in field.versions().items() if k in SHOWN.split()},
                "rounds": rounds,
                "seconds": seconds,
            }
        listed = ", ".join(f"{name} {number}" for name, number in about["versions"].items())
        how = f"{about['date']}, {about['machine']}; {rounds} rounds; {listed}."
        print(text := f"{how}\n\n{module.tables(found)}")
        if options.keep:
            keep(part, about | found, text)


def _named(name: str, parts: list[str]) -> bool:
    return any(part.lower() in name.lower() for part in parts)


if __name__ == "__main__":
    main()
