# /// script
# requires-python = ">=3.11"
# dependencies = ["copier>=9.17.2,<10", "psutil>=7"]
# ///
"""One prediction a request: this service, in both frameworks, beside plain Flask and FastAPI."""

import argparse
import contextlib
import http.client
import json
import os
import shutil
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
CONNECTIONS = (1, 32)
PRODUCTION = {"APP_ENV": "production", "ALLOWED_HOSTS": "127.0.0.1", "SECRET_KEY": "x" * 32}
# Run in a generated project: its own train.py, with the fitted pipeline and one row put aside.
KEEP_PIPELINE = """
import joblib
from my_service.ml import train
def keep(model, X, y, **about):
    joblib.dump(model, "../model.joblib")
    print(X.iloc[0].to_json())
train.publish = keep; train.main()
"""
VERSIONS = """
import json, importlib.metadata as m
print(json.dumps({d.name.lower(): d.version for d in m.distributions()}))
"""
PACKAGES = "flask django sqlalchemy granian onnxruntime fastapi uvicorn gunicorn scikit-learn"
BEGIN, END = "<!-- results, written by predict.py -->", "<!-- end of results -->"
LOADS = "| | connections | requests/s | ratio | lowest to highest round | p50 ms | p99 ms |"
SIZES = "| | start s, median | slowest | worker MiB | after load | all MiB | after load |"
RULE = "|---|" + "---:|" * 6


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
    process: Any = None
    start_s: float = 0.0  # from the command to its first 200

    @contextlib.contextmanager
    def served(self) -> Iterator[None]:
        """Run it, from its first 200 on, until the block is left."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        command = [*self.environment, *self.command.format(port=self.port).split()]
        with (self.folder / f"{self.port}.log").open("w+") as log:
            how: Any = {"cwd": self.folder, "env": env(self.settings), "stdout": log, "stderr": log}
            started = time.perf_counter()
            self.process = psutil.Popen(command, **how)
            try:
                while self.predict() is None:
                    if self.process.poll() is not None or time.perf_counter() - started > 60:
                        log.seek(0)
                        sys.exit(f"{self.name} does not answer:\n{log.read()}")
                    time.sleep(0.01)
                self.start_s = time.perf_counter() - started
                yield
            finally:
                family = self.family() if self.process.poll() is None else []
                for server in family[:1]:
                    server.terminate()
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
        """Resident MiB of the largest worker, and of all processes together."""
        size = {process: process.memory_info().rss / 2**20 for process in self.family()}
        workers = [size[process] for process in size if not process.children()]
        return {"worker": round(max(workers), 1), "all": round(sum(size.values()), 1)}

    def check_logged(self) -> None:
        """Nobody answers faster by forgetting predictions."""
        if self.database:
            ((rows,),) = sqlite3.connect(self.database).execute("SELECT count(*) FROM predictions")
            if rows < self.acknowledged:
                sys.exit(f"{self.name}: {self.acknowledged} acknowledged, {rows} logged")


def env(extra: dict[str, str]) -> dict[str, str]:
    """A fresh prompt: nothing of this script's own environment, but its Python."""
    ours = ("VIRTUAL_ENV", "PYTHON", "UV_RUN", "ARTIFACTS_DIR")
    kept = {name: text for name, text in os.environ.items() if not name.startswith(ours)}
    return kept | {"UV_PYTHON": PYTHON} | extra


def run(folder: Path, *command: str, **extra: str) -> str:
    return subprocess.check_output(command, cwd=folder, env=env(extra), text=True)


def racers(root: Path) -> list[Racer]:
    """Generate and train the projects; the plain views get the very same fitted pipeline."""
    uv, row, path = ["uv", "run", "--quiet"], "", "/api/v1/predict"
    services: dict[str, list[Racer]] = {"durable": [], "buffered": []}
    for framework, migrate in {"flask": "db upgrade", "django": "migrate"}.items():
        folder, given = root / framework, {"framework": framework}
        copier.run_copy(str(HERE.parent), folder, given, vcs_ref="HEAD", defaults=True, quiet=True)
        run(folder, *uv, "manage", "train")
        row = row or run(folder, *uv, "python", "-c", KEEP_PIPELINE).strip()
        for log, found in services.items():
            file = root / f"{framework}-{log}.db"
            settings = PRODUCTION | {"DATABASE_URL": f"sqlite:///{file}", "PREDICTION_LOG": log}
            run(folder, *uv, "manage", *migrate.split(), **settings)
            name, body = f"{framework.title()} service, {log}", f'{{"instances": [{row}]}}'
            serve = "manage serve --workers 2 --port {port}"
            found.append(Racer(name, folder, uv, serve, path, body, settings, file))
    # On top of the Flask project's environment, so that all have the same versions.
    uv = [*uv, "--project", "flask", "--with", "gunicorn,fastapi,uvicorn[standard]"]
    plain = {
        "plain Flask": "gunicorn -k gthread --threads 4 -w 2 -b 127.0.0.1:{port} plain_flask:app",
        "plain FastAPI": "uvicorn --workers 2 --no-access-log --port {port} plain_fastapi:app",
    }
    views = {"PYTHONPATH": str(HERE)}
    field = [Racer(name, root, uv, serve, "/", row, views) for name, serve in plain.items()]
    return field + services["durable"] + services["buffered"]


def race(field: list[Racer], rounds: int, seconds: int) -> dict[str, Any]:
    """Load all in turn, again and again; then start all in turn, again and again."""
    results: dict[str, Any] = {r.name: {"start_s": [], "loads": []} for r in field}
    with contextlib.ExitStack() as stack:
        for racer in field:
            stack.enter_context(racer.served())
            results[racer.name]["after_start"] = racer.memory()
        values = [racer.predict() or 0.0 for racer in field]
        if max(values) - min(values) > 0.01:
            sys.exit(f"They do not answer the same: {values}")
        for number in range(rounds + 1):
            for connections in CONNECTIONS:
                for racer in field:
                    measured = racer.load(connections, seconds)
                    results[racer.name]["loads"] += [measured] if number else []  # warm by now
            print(f"round {number} of {rounds}", file=sys.stderr)
        for racer in field:
            results[racer.name]["after_load"] = racer.memory()
    for racer in field * rounds:
        with racer.served():
            results[racer.name]["start_s"].append(round(racer.start_s, 3))
    return results


def tables(results: dict[str, Any]) -> str:
    """The results in Markdown; a ratio compares loads of the same round."""
    lines = [LOADS, RULE]
    for connections in CONNECTIONS:
        base: list[float] = []
        for name, its in results.items():
            loads = [load for load in its["loads"] if load["connections"] == connections]
            rate, p50, p99 = ([load[key] for load in loads] for key in ("rate", "p50_ms", "p99_ms"))
            base = base or rate  # the plain Flask view is the first
            ratio = [mine / flask for mine, flask in zip(rate, base, strict=True)]
            lines.append(
                f"| {name} | {connections} | {median(rate):.0f} | {median(ratio):.2f} "
                f"| {min(ratio):.2f} to {max(ratio):.2f} | {median(p50):.1f} | {median(p99):.1f} |"
            )
    lines += ["", SIZES, RULE]
    for name, its in results.items():
        starts, new, used = its["start_s"], its["after_start"], its["after_load"]
        lines.append(
            f"| {name} | {median(starts):.2f} | {max(starts):.2f} | {new['worker']:.0f} "
            f"| {used['worker']:.0f} | {new['all']:.0f} | {used['all']:.0f} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="of loads, and of starts")
    parser.add_argument("--seconds", type=int, default=8, help="of each load")
    parser.add_argument("--keep", action="store_true", help="write results.json and README.md")
    options = parser.parse_args()
    shutil.which("wrk") or sys.exit("This needs wrk: apt-get install wrk")
    with tempfile.TemporaryDirectory() as folder:
        field = racers(Path(folder))
        results = race(field, options.rounds, options.seconds)
        installed: dict[str, str] = {}
        for racer in field:
            racer.check_logged()
            installed |= json.loads(run(racer.folder, *racer.environment, "python", "-c", VERSIONS))
    versions = {name: installed[name] for name in PACKAGES.split()}
    machine = f"{os.cpu_count()} cores, Python {PYTHON}"
    listed = ", ".join(f"{name} {version}" for name, version in versions.items())
    print(text := f"{machine}; {listed}.\n\n{tables(results)}")
    if options.keep:
        kept = {"machine": machine, "versions": versions, "results": results}
        (HERE / "results.json").write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
        readme = HERE / "README.md"
        before, rest = readme.read_text("utf-8").split(BEGIN)
        after = rest.split(END)[1]
        readme.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", "utf-8")


if __name__ == "__main__":
    main()
