"""Every distinct project: checked, tested, served on its own database, stopped.

Projects that differ only in the model form a group. Its leader runs all of the shipped tests, the
followers those of the files in which they differ from it, and everything else as the leader does.
"""

from pathlib import Path

import psutil
import pytest

from .helpers import (
    Environments,
    copy,
    differences,
    free_port,
    need,
    predict_example,
    run,
    served,
)
from .servers import SERVERS, WITHOUT_SERVER, Databases
from .variants import Project, choices, leader_of, projects

TRAIN = "src/my_service/ml/train.py"
WORKER_MEMORY = 120 * 2**20  # bytes
DRIVER_MEMORY = 20 * 2**20  # of a server's driver, which brings TLS and more

# What the owner of an `own` project writes into the file that starts empty.
OWN_TRAINING = '''"""Trains a model on wines."""

from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from . import Artifact, publish


def main() -> Artifact:
    """Fit a model and publish it."""
    X, y = load_wine(return_X_y=True, as_frame=True)
    X, X_test, y, y_test = train_test_split(X.astype("float32"), y, random_state=0)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
    return publish(model, X, y, name="wine", test=(X_test, y_test))
'''


def worker_memory(server: int) -> int:
    """The resident memory of the largest worker below `uv run`, in bytes."""
    below = psutil.Process(server).children(recursive=True)
    workers = [process for process in below if not process.children()]
    return max(int(process.memory_info().rss) for process in workers)


@pytest.mark.parametrize("project", projects(), ids=lambda project: project.name)
def test_project(
    project: Project,
    template: Path,
    tmp_path: Path,
    databases: Databases,
    environments: Environments,
) -> None:
    uv, database = need("uv"), str(project.answers["database"])
    made = copy(template, tmp_path / "service", project.answers)
    tests = pytest_arguments(project, made, template)
    with databases.fresh(database) as fresh:
        settings = fresh | environments.of(str(project.answers["framework"]))
        run(made, uv, "sync", "--quiet", **settings)
        for check in ("ruff check .", "ruff format --check .", "mypy", "deptry src"):
            run(made, uv, "run", *check.split(), **settings)
        run(made, uv, "run", "pytest", *tests, **settings)
        if database not in WITHOUT_SERVER:
            serve_and_compare(project, made, settings)


def pytest_arguments(project: Project, made: Path, template: Path) -> list[str]:
    """The arguments of pytest: all tests, or those of the files in which a follower differs."""
    chosen = ["-m", "not database"] if project.answers["database"] in WITHOUT_SERVER else []
    leader = leader_of(project)
    if leader is project:
        # The contract is held against the served project.
        return chosen or ["--ignore=tests/contract"]
    different = differences(made, copy(template, made.with_name("leader"), leader.answers))
    assert TRAIN in different <= {TRAIN, "README.md"}
    return [*chosen, "tests/test_train.py"]


def serve_and_compare(project: Project, made: Path, settings: dict[str, str]) -> None:
    """Boot it twice: in a fresh folder, which the first start prepares, and in a prepared one."""
    uv = need("uv")
    if project.answers["model"] == "own":
        (made / TRAIN).write_text(OWN_TRAINING, encoding="utf-8")
        run(made, uv, "run", "manage", "train", **settings)
    with served(made, **settings) as (port, _):
        address = f"http://127.0.0.1:{port}"
        run(made, uv, "run", "pytest", "tests/contract", "--base-url", address, **settings)
    run(made, uv, "run", "manage", "doctor", "--port", str(free_port()), **settings)
    with served(made, **settings) as (port, server):
        for _ in range(20):  # enough for each worker to have answered
            assert predict_example(port)["predictions"]
        driver = 0 if project.answers["database"] == "sqlite" else DRIVER_MEMORY
        assert worker_memory(server) < WORKER_MEMORY + driver


def test_every_model_leads_with_every_framework_and_every_database() -> None:
    leaders = [project.answers for project in projects() if leader_of(project) is project]
    for question in ("framework", "database"):
        led = {(answers[question], answers["model"]) for answers in leaders}
        assert led == {(p.answers[question], p.answers["model"]) for p in projects()}


def test_every_database_is_run_but_for_those_that_cannot_be_had() -> None:
    offered = {choice.value for choice in choices("database", {}) if not choice.refusal}
    assert offered == {"sqlite", *SERVERS, *WITHOUT_SERVER}
