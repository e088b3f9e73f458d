"""Loads a server with wrk."""

import json
import shutil
from pathlib import Path
from typing import Any

from .shell import Failed, run

HERE = Path(__file__).parent
MOST_THREADS = 2  # of the load generator, which shares the cores with the server


def load(
    url: str, body: Path | None, headers: dict[str, str], connections: int, seconds: float
) -> Any:
    """Send what is in a file, or just ask: requests, rate a second, p50 and p99 in milliseconds.

    Raises Failed when a single request failed.
    """
    if not shutil.which("wrk"):
        raise SystemExit("This needs wrk: apt-get install wrk")
    threads = min(connections, MOST_THREADS)
    wrk = (
        f"wrk -t{threads} -c{connections} -d{max(round(seconds), 1)}s --timeout 30s -s requests.lua"
    )
    given = [text for name, value in headers.items() for text in ("-H", f"{name}: {value}")]
    printed = run(HERE, *wrk.split(), *given, url, BODY=str(body or ""))
    measured = json.loads(printed.splitlines()[-1])
    if errors := measured.pop("errors"):
        raise Failed(f"{errors} of {measured['requests']} requests failed")
    return measured
