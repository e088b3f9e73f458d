"""Answers one request in a loop, and prints how fast."""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def repeat(answer: Callable[[str], list[Any]]) -> None:
    """`answer` is given the JSON of a request, for as long as the command line says."""
    seconds, request = float(sys.argv[1]), Path(sys.argv[2]).read_text()
    predictions = answer(request)
    times = []
    started, cpu = time.perf_counter(), time.process_time()
    end = before = started
    while end - started < seconds:
        answer(request)
        before, end = end, time.perf_counter()
        times.append(end - before)
    spent = time.process_time() - cpu
    print(json.dumps({"predictions": predictions} | (about(times, spent) if times else {})))


def about(times: list[float], cpu_seconds: float) -> dict[str, float]:
    times.sort()
    count = len(times)
    return {
        "requests": count,
        "rate": round(count / sum(times), 1),
        "p50_ms": round(times[count // 2] * 1e3, 4),
        "p99_ms": round(times[int(count * 0.99)] * 1e3, 4),
        "cpu_us": round(cpu_seconds / count * 1e6, 1),
    }
