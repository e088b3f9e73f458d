"""Every distinct project, in an environment of its own: checked, tested, served, stopped."""

from pathlib import Path

import psutil
import pytest

from .helpers import copy, free_port, need, predict_example, run, served
from .variants import Project, projects

WORKER_MEMORY = 120 * 2**20  # bytes

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
def test_project(project: Project, template: Path, tmp_path: Path) -> None:
    uv = need("uv")
    made = copy(template, tmp_path / "service", project.answers)
    run(made, uv, "sync", "--quiet")
    for check in (
        "ruff check .",
        "ruff format --check .",
        "mypy",
        "deptry src",
        "pytest",
    ):
        run(made, uv, "run", *check.split())

    if project.answers["model"] == "own":
        (train,) = made.glob("src/*/ml/train.py")
        train.write_text(OWN_TRAINING, encoding="utf-8")
        run(made, uv, "run", "manage", "train")

    # On a fresh folder: the first start prepares what is missing.
    with served(made) as (port, _):
        address = f"http://127.0.0.1:{port}"
        run(made, uv, "run", "pytest", "tests/contract", "--base-url", address)
    # What the first start prepared is found again.
    run(made, uv, "run", "manage", "doctor", "--port", str(free_port()))
    with served(made) as (port, server):
        for _ in range(20):  # enough for each worker to have answered
            assert predict_example(port)["predictions"]
        assert worker_memory(server) < WORKER_MEMORY
