"""`manage predict-file` beside pandas, the same ONNX session, and pandas."""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd

from .asked import Asked
from .field import SCRIPTS, Field
from .projects import FRAMEWORKS
from .report import middle, spread, table
from .services import settings_of
from .shell import Failed, children_cpu, run

ROWS, QUICK = 500_000, 20_000
KINDS = ("csv", "parquet")
PANDAS = "pandas, ONNX, pandas"


def measure(field: Field, asked: Asked) -> dict[str, Any]:
    """Seconds of each whole command, and of its CPU; in each round pandas comes first and last."""
    model = field.models / "linear"
    count = QUICK if asked.quick else ROWS
    _write(model, count)
    found: list[dict[str, Any]] = []
    for number in range(1, asked.rounds + 1):
        for kind in KINDS:
            before = _run(field, PANDAS, model, kind)
            own = {name: _run(field, name, model, kind) for name in FRAMEWORKS}
            after = _run(field, PANDAS, model, kind)
            base = {key: (before[key] + after[key]) / 2 for key in before}
            for name, took in {PANDAS: base, **own}.items():
                ratios = {f"ratio_{key}": round(base[key] / took[key], 4) for key in took}
                found.append({"name": name, "kind": kind, "round": number, **took, **ratios})
            for name in FRAMEWORKS:
                _compare(model / f"{name}.{kind}", model / f"{PANDAS}.{kind}", count)
        print(f"files, round {number} of {asked.rounds}", file=sys.stderr)
    return {"rows": count, "runs": found, "failed": {}}


def _write(model: Path, count: int) -> None:
    rows = json.loads((model / "rows.json").read_text())
    frame = pd.DataFrame((rows * (count // len(rows) + 1))[:count])
    frame.to_csv(model / "rows.csv", index=False)
    frame.to_parquet(model / "rows.parquet")


def _run(field: Field, name: str, model: Path, kind: str) -> dict[str, float]:
    source, target = f"rows.{kind}", model / f"{name}.{kind}"
    framework = "flask" if name == PANDAS else name
    programs = field.plain[framework].programs
    command = [str(programs / "manage"), "predict-file", str(model / source), str(target)]
    settings = settings_of(model / "artifacts", f"sqlite:///{model / 'file.db'}")
    if name == PANDAS:
        command = [str(programs / "python"), str(SCRIPTS / "pandas_file.py"), source, str(target)]
        settings = {}
    folder = model if name == PANDAS else field.plain[framework].folder
    cpu, started = children_cpu(), time.perf_counter()
    run(folder, *command, **settings)
    took = time.perf_counter() - started
    return {"seconds": round(took, 3), "cpu_seconds": round(children_cpu() - cpu, 3)}


def _compare(own: Path, other: Path, count: int) -> None:
    """Raise Failed unless both files hold the same predictions."""
    read = pd.read_csv if own.suffix == ".csv" else pd.read_parquet
    one, two = (read(path)["prediction"].astype(float) for path in (own, other))
    if len(one) != count or not (abs(one - two) < 0.01).all():
        raise Failed(f"{own.name} and {other.name} hold other predictions")
    os.remove(own)


def tables(found: dict[str, Any]) -> str:
    """Rows a second of the whole command; ratios to pandas, of time and of CPU time."""
    rows = []
    for kind in KINDS:
        for name in (PANDAS, *FRAMEWORKS):
            its = [r for r in found["runs"] if (r["name"], r["kind"]) == (name, kind)]
            pace = [found["rows"] / run["seconds"] for run in its]
            ratios = ([run[f"ratio_{key}"] for run in its] for key in ("seconds", "cpu_seconds"))
            shown = name if name == PANDAS else f"`manage predict-file`, {name.title()}"
            rows.append([f"{kind}, {shown}", middle(pace, ",.0f"), *map(spread, ratios)])
    heading = [f"{found['rows']:,} rows", "rows/s", "to pandas", "of CPU time"]
    return table(heading, rows)
