"""A server that is started, asked, loaded, measured and stopped."""

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from .load import load
from .protocols import SERVICE, Protocol, Row
from .shell import Failed, environment, free_port, last

START_LIMIT, STOP_LIMIT = 300, 40  # seconds
MIB = 2**20


@dataclass
class Server:
    """What to type, where, and how it is asked; `{port}`, `{port1}` and `{port2}` are filled in.

    `database` is made anew from `empty` at each start. What is below it holds while it runs.
    """

    name: str
    command: Sequence[str]
    folder: Path
    protocol: Protocol = SERVICE
    settings: Mapping[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    empty: Path | None = None
    database: Path | None = None

    port: int = 0
    process: Any = None
    start_s: float = 0.0  # from the command to its first 200
    acknowledged: int = 0  # rows that its database must hold

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextlib.contextmanager
    def running(self, row: Row) -> Iterator[None]:
        """Run it, once it has predicted `row`, until the block is left. Raises Failed."""
        with self.started(lambda: self.predict([row])):
            yield
        self._check_logged()

    @contextlib.contextmanager
    def started(self, answers: Callable[[], Any]) -> Iterator[None]:
        """Run it, once `answers` gives something, until the block is left. Raises Failed."""
        ports = {name: free_port() for name in ("port", "port1", "port2")}
        self.port, self.acknowledged = ports["port"], 0
        command = [part.format(**ports) for part in self.command]
        settings = {name: text.format(**ports) for name, text in self.settings.items()}
        self._fresh_database()
        with (self.folder / f"{self.port}.log").open("w+") as log:
            how: Any = {"cwd": self.folder, "env": environment(**settings), "process_group": 0}
            started = time.perf_counter()
            self.process = psutil.Popen(command, **how, stdout=log, stderr=log)
            try:
                while not answers():
                    ended = self.process.poll() is not None
                    if ended or time.perf_counter() - started > START_LIMIT:
                        log.seek(0)
                        raise Failed(f"it does not answer: {last(log.read())}")
                    time.sleep(0.01)
                self.start_s = time.perf_counter() - started
                yield
            finally:
                self._stop()

    def is_ready(self) -> bool:
        """Whether a service of this template is."""
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(f"{self.url}/readyz").status_code == 200
        return False

    def predict(self, rows: list[Row]) -> list[float] | None:
        """The predictions for some rows, or None where there is no answer yet."""
        body = json.dumps(self.protocol.body(rows))
        headers = {"Content-Type": "application/json"} | self.headers
        with contextlib.suppress(httpx.HTTPError):
            where = self.url + self.protocol.path
            answer = httpx.post(where, content=body, headers=headers, timeout=30)
            if answer.status_code == 200:
                self.acknowledged += len(rows)
                return [float(value) for value in self.protocol.answers(answer.json())]
        return None

    def load(self, rows: list[Row], connections: int, seconds: float) -> dict[str, Any]:
        """What wrk measures, with these rows in each request, and CPU microseconds of each."""
        before = self._cpu_seconds()
        url = self.url + self.protocol.path
        body = self.folder / f"{self.port}.json"
        body.write_text(json.dumps(self.protocol.body(rows)))
        measured: dict[str, Any] = load(url, body, self.headers, connections, seconds)
        self.acknowledged += measured["requests"] * len(rows)
        spent = self._cpu_seconds() - before
        return measured | {"cpu_us": round(spent / measured["requests"] * 1e6, 1)}

    def memory(self) -> dict[str, float]:
        """MiB: resident in the largest worker, and of all processes, what they share once."""
        family = self._family()
        workers = [process for process in family if not process.children()]
        resident = max(process.memory_info().rss for process in workers)
        used = sum(process.memory_full_info().pss for process in family)
        return {"worker": round(resident / MIB, 1), "all": round(used / MIB, 1)}

    def _family(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]

    def _cpu_seconds(self) -> float:
        times = [process.cpu_times() for process in self._family()]
        return sum(time.user + time.system for time in times)

    def _stop(self) -> None:
        """The first process is asked to end; those that it leaves behind are not asked."""
        if self.process.poll() is None:
            family = self._family()
            self.process.terminate()
            psutil.wait_procs(family[:1], timeout=STOP_LIMIT)
            for left in psutil.wait_procs(family, timeout=1)[1]:
                with contextlib.suppress(psutil.NoSuchProcess):
                    left.kill()
        with contextlib.suppress(ProcessLookupError):  # and what was started since
            os.killpg(self.process.pid, signal.SIGKILL)

    def _fresh_database(self) -> None:
        if self.database and self.empty:
            for suffix in ("-wal", "-shm"):
                Path(f"{self.database}{suffix}").unlink(missing_ok=True)
            shutil.copy(self.empty, self.database)

    def _check_logged(self) -> None:
        """Nobody answers faster by forgetting predictions."""
        if self.database:
            with contextlib.closing(sqlite3.connect(self.database)) as connection:
                ((rows,),) = connection.execute("SELECT count(*) FROM predictions")
            if rows < self.acknowledged:
                raise Failed(f"{self.acknowledged} predictions acknowledged, {rows} logged")
