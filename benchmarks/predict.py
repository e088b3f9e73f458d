# /// script
# requires-python = ">=3.11"
# dependencies = ["copier>=9.17.2,<10", "psutil>=7"]
# ///
"""One row a request: this service in both frameworks beside a plain Flask and a plain FastAPI view.

Everything is made in a temporary folder, listens on loopback only and is stopped at the end.
"""

import argparse
import contextlib
import http.client
import json
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import copier
import psutil

HERE = Path(__file__).parent
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
BASE = "plain Flask"
CONNECTIONS = (1, 32)
MIGRATE = {"flask": ["db", "upgrade"], "django": ["migrate"]}
PRODUCTION = {
    "APP_ENV": "production",
    "SECRET_KEY": "for this benchmark and for nothing else",
    "ALLOWED_HOSTS": "127.0.0.1",
}
# Run in a generated project: its own train.py, with the fitted pipeline and one row put aside.
KEEP_PIPELINE = """
import joblib
from my_service.ml import train
def keep(model, X, y, **about):
    joblib.dump(model, "../model.joblib")
    print(X.iloc[0].to_json())
train.publish = keep
train.main()
"""
PACKAGES = ["flask", "django", "fastapi", "granian", "gunicorn", "uvicorn", "sqlalchemy"]
PACKAGES += ["pydantic", "onnxruntime", "scikit-learn", "pandas", "numpy"]
VERSIONS = """
import json, sys, importlib.metadata as m
have = {d.name.lower(): d.version for d in m.distributions()}
print(json.dumps({name: have[name] for name in sys.argv[1:] if name in have}))
"""
BEGIN, END = "<!-- results, written by predict.py -->", "<!-- end of results -->"
LOADS = ["", "connections", "requests/s", "ratio", "over its rounds", "p50 ms", "p99 ms"]
SIZES = ["", "start s", "slowest start", "worker MB", "after load", "all MB", "after load"]


@dataclass
class Racer:
    """A server to measure; what is below `database` holds while it runs."""

    name: str
    folder: Path
    environment: list[str]  # what comes before a command that runs beside this server
    command: str
    path: str
    body: str
    settings: dict[str, str]
    database: Path | None = None
    acknowledged: int = 0  # rows its database must hold
    port: int = 0
    process: psutil.Popen | None = None
    value: float | None = None  # its first prediction
    start_s: float = 0.0  # from the command to that

    @contextlib.contextmanager
    def served(self) -> Iterator[None]:
        """Run it, from its first 200 on, until the block is left."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        command = [*self.environment, *self.command.format(port=self.port).split()]
        with (self.folder / f"{self.port}.log").open("w+") as log:
            started, streams = time.perf_counter(), {"stdout": log, "stderr": log}
            self.process = psutil.Popen(command, cwd=self.folder, env=env(self.settings), **streams)
            try:
                while (value := self.predict()) is None:
                    if self.process.poll() is not None or time.perf_counter() - started > 60:
                        log.seek(0)
                        sys.exit(f"{self.name} does not answer:\n{log.read()}")
                    time.sleep(0.01)
                self.start_s, self.value = time.perf_counter() - started, value
                yield
            finally:
                family = self.family()
                self.process.terminate()
                for left in psutil.wait_procs(family, timeout=40)[1]:
                    left.kill()

    def family(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]

    def predict(self) -> float | None:
        """The prediction for the row, or None where there is no answer yet."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection), contextlib.suppress(OSError):
            connection.request("POST", self.path, self.body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            if response.status == 200:
                answer = json.load(response)
                self.acknowledged += 1
                return float(answer.get("predictions", [answer])[0]["value"])
        return None

    def load(self, connections: int, seconds: int) -> dict[str, Any]:
        """What wrk measures; a failed request ends the benchmark."""
        wrk = f"wrk -t{min(connections, 2)} -c{connections} -d{seconds}s --timeout 30s -s post.lua"
        url = f"http://127.0.0.1:{self.port}{self.path}"
        printed = run(HERE, *wrk.split(), url, BODY=self.body)
        measured: dict[str, Any] = json.loads(printed.splitlines()[-1])
        if measured.pop("errors"):
            sys.exit(f"{self.name} failed some requests, so there is no result:\n{printed}")
        self.acknowledged += measured["requests"]
        return {"connections": connections, **measured}

    def memory(self) -> dict[str, float]:
        """Resident MB of the largest worker, and of all processes together."""
        size = {process: process.memory_info().rss / 1e6 for process in self.family()}
        leaves = [
            p for p in size if not p.children() and "resource_tracker" not in str(p.cmdline())
        ]
        return {"worker": max(size[p] for p in leaves), "all": sum(size.values())}


def env(extra: dict[str, str]) -> dict[str, str]:
    """A fresh prompt: nothing of this script's own environment, but its Python."""
    ours = ("VIRTUAL_ENV", "PYTHON", "UV_RUN", "ARTIFACTS_DIR")
    kept = {name: text for name, text in os.environ.items() if not name.startswith(ours)}
    return kept | {"UV_PYTHON": PYTHON} | extra


def run(folder: Path, *command: str, **extra: str) -> str:
    done = subprocess.run(command, cwd=folder, env=env(extra), check=True, stdout=-1, text=True)  # noqa: S603 - our own commands
    return done.stdout


def racers(root: Path) -> list[Racer]:
    """Generate and train the projects; the plain views get the very same fitted pipeline."""
    uv, row = ["uv", "run", "--quiet"], ""
    services: dict[str, list[Racer]] = {"durable": [], "buffered": []}
    for framework, migrate in MIGRATE.items():
        folder, answers = root / framework, {"framework": framework}
        copier.run_copy(
            str(HERE.parent), folder, answers, vcs_ref="HEAD", defaults=True, quiet=True
        )
        run(folder, *uv, "manage", "train")
        row = row or run(folder, *uv, "python", "-c", KEEP_PIPELINE).strip()
        for log, found in services.items():
            file = root / f"{framework}-{log}.db"
            settings = PRODUCTION | {"DATABASE_URL": f"sqlite:///{file}", "PREDICTION_LOG": log}
            run(folder, *uv, "manage", *migrate, **settings)
            name, serve = f"{framework.title()} service, {log}", "manage serve --port {port}"
            instances, path = f'{{"instances": [{row}]}}', "/api/v1/predict"
            serve += " --workers 2"
            found.append(Racer(name, folder, uv, serve, path, instances, settings, file))
    # On top of the Flask project's environment, so that all have the same versions.
    uv = [*uv, "--project", "flask", "--with", "gunicorn,fastapi,uvicorn[standard]"]
    gunicorn = "gunicorn -k gthread --threads 4 -w 2 -b 127.0.0.1:{port} plain_flask:app"
    uvicorn = "uvicorn --no-access-log --workers 2 --port {port} plain_fastapi:app"
    views = {"PYTHONPATH": str(HERE)}
    return [
        Racer(BASE, root, uv, gunicorn, "/", row, views),
        Racer("plain FastAPI", root, uv, uvicorn, "/", row, views),
        *services["durable"],
        *services["buffered"],
    ]


def race(field: list[Racer], rounds: int, seconds: int, starts: int) -> dict[str, Any]:
    """Start all in turn, again and again; then load all in turn, again and again."""
    results: dict[str, Any] = {r.name: {"start_s": [], "loads": []} for r in field}
    for _ in range(starts):
        for racer in field:
            with racer.served():
                results[racer.name]["start_s"].append(racer.start_s)
    with contextlib.ExitStack() as stack:
        for racer in field:
            stack.enter_context(racer.served())
            results[racer.name]["after_start"] = racer.memory()
        values = [racer.value or 0.0 for racer in field]
        if max(values) - min(values) > 0.01:
            sys.exit(f"The servers do not agree: {values}")
        for number in range(rounds + 1):  # the first warms up
            for connections in CONNECTIONS:
                loads = [(racer, racer.load(connections, seconds)) for racer in field]
                for racer, measured in loads if number else []:
                    results[racer.name]["loads"].append(measured)
            print(f"round {number} of {rounds}", file=sys.stderr)
        for racer in field:
            results[racer.name]["after_load"] = racer.memory()
    return results


def check_logged(racer: Racer) -> None:
    """No service answered faster by forgetting predictions."""
    with contextlib.closing(sqlite3.connect(racer.database or "")) as connection:
        (rows,) = connection.execute("SELECT count(*) FROM predictions").fetchone()
    if rows < racer.acknowledged:
        sys.exit(f"{racer.name} acknowledged {racer.acknowledged} predictions, but logged {rows}")


def table(head: list[str], rows: Iterator[list[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def loads(results: dict[str, Any]) -> Iterator[list[str]]:
    """The rows of the first table; a ratio compares loads of the same round."""
    for connections in CONNECTIONS:

        def column(name: str, key: str, connections: int = connections) -> list[float]:
            return [m[key] for m in results[name]["loads"] if m["connections"] == connections]

        base = column(BASE, "rate")
        for name in results:
            rate = column(name, "rate")
            ratio = [mine / its for mine, its in zip(rate, base, strict=True)]
            spread = f"{min(ratio):.2f} to {max(ratio):.2f}"
            cells = [name, f"{connections}", f"{median(rate):.0f}", f"{median(ratio):.2f}", spread]
            yield cells + [f"{median(column(name, key)):.1f}" for key in ("p50_ms", "p99_ms")]


def sizes(results: dict[str, Any]) -> Iterator[list[str]]:
    for name, its in results.items():
        starts = [f"{median(its['start_s']):.2f}", f"{max(its['start_s']):.2f}"]
        moments = its["after_start"], its["after_load"]
        yield [name, *starts, *(f"{m[key]:.0f}" for key in ("worker", "all") for m in moments)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=8, help="of each load")
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--keep", action="store_true", help="write results.json and README.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        field = racers(Path(folder))
        results = race(field, options.rounds, options.seconds, options.starts)
        versions: dict[str, str] = {}
        for racer in field:
            if racer.database:
                check_logged(racer)
            command = [*racer.environment, "python", "-c", VERSIONS, *PACKAGES]
            versions |= json.loads(run(racer.folder, *command))
    about = {"machine": f"{os.cpu_count()} cores, Python {PYTHON}", "versions": versions}
    listed = ", ".join(f"{name} {version}" for name, version in versions.items())
    tables = f"{table(LOADS, loads(results))}\n\n{table(SIZES, sizes(results))}"
    text = f"{about['machine']}; {listed}.\n\n{tables}"
    print(text)
    if options.keep:
        kept = json.dumps(about | vars(options) | {"results": results}, indent=1)
        (HERE / "results.json").write_text(kept + "\n", "utf-8")
        readme = HERE / "README.md"
        head, tail = readme.read_text("utf-8").split(BEGIN)[0], readme.read_text().split(END)[1]
        readme.write_text(f"{head}{BEGIN}\n\n{text}\n\n{END}{tail}", "utf-8")


if __name__ == "__main__":
    main()
