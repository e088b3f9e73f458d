"""Models that people bring, of every kind: imported into a project of each framework, and served.

What is served answers every row the model has not seen as the model itself does. The libraries of
XGBoost, LightGBM and CatBoost are in an environment of this test: no project depends on them.
"""

import functools
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from .helpers import REPO, Environments, ask, need, run, served
from .rendering import rendered, write
from .test_render import FRAMEWORKS

MODELS = [
    *("linear", "forest", "boosting", "mixed", "text", "codes"),
    *("xgboost", "xgboost_file", "lightgbm", "lightgbm_file"),
    *("onnx_columns", "onnx_zipmap", "onnx_logits", "torch_program", "torch_script"),
]
LIBRARIES = ["xgboost-cpu", "lightgbm", "onnxmltools", "onnxscript"]
CATBOOST = ["catboost", "six", "graphviz"]  # without what it draws with
TORCH = "torch==2.13.0"  # by pip, to which uv prefers builds for graphics cards, of gigabytes
KEPT = {"boosting"}  # by scikit-learn: skl2onnx takes no categories of pandas
TOLERANCE = 1e-4
PROJECT = "own-sqlite-no-auth-no-admin-forms"
pytestmark = pytest.mark.xdist_group("import")


@dataclass(frozen=True)
class Place:
    """A project, the settings of its environment, and the folder of models that are brought."""

    project: Path
    settings: dict[str, str]
    models: Path

    def manage(self, *command: str) -> str:
        return run(self.project, need("uv"), "run", "manage", *command, **self.settings)


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Makes the place of each framework once."""
    folder, models = tmp_path_factory.mktemp("brought"), tmp_path_factory.mktemp("models")
    environments = Environments(folder / "environments")

    @functools.cache
    def place(framework: str) -> Place:
        project = write(rendered(f"{PROJECT}-{framework}"), folder / framework)
        settings = environments.of(framework)
        run(project, need("uv"), "sync", "--quiet", **settings)
        python = Path(settings["UV_PROJECT_ENVIRONMENT"]) / (
            "Scripts" if os.name == "nt" else "bin"
        )
        install = [need("uv"), "pip", "install", "--quiet", "--python", str(python / "python")]
        run(project, *install, *LIBRARIES)
        run(project, *install, "--no-deps", *CATBOOST)
        pip = [need("uv"), "tool", "run", "pip", "--quiet", "--python", str(python / "python")]
        run(project, *pip, "install", TORCH)
        settings["UV_NO_SYNC"] = "1"  # which would take them out again
        if not list(models.iterdir()):
            made = [str(python / "python"), str(REPO / "tests" / "brought.py"), str(models)]
            run(project, *made, *MODELS)
        return Place(project, settings, models)

    return place


def test_boosters(places: Any, tmp_path: Path) -> None:
    place: Place = places(FRAMEWORKS[0])
    alone = ["-c", os.devnull, "--rootdir", str(tmp_path), "--noconftest", "-p", "no:cacheprovider"]
    tests = [*alone, "-q", "--basetemp", str(tmp_path / "t"), str(REPO / "tests" / "boosters.py")]
    run(place.project, need("uv"), "run", "python", "-m", "pytest", *tests, **place.settings)


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("model", MODELS)
def test_what_is_brought_is_served(places: Any, framework: str, model: str) -> None:
    place: Place = places(framework)
    expected = json.loads((place.models / f"{model}.expected.json").read_text("utf-8"))
    said = place.manage(
        *("import-model", str(place.models / expected["file"]), "--name", f"my-{model}", "--yes"),
        *("--data", str(place.models / f"{model}.csv"), "--target", "target"),
        "--force",  # in the place of the one before, which took other columns
    )
    assert ("as ONNX was refused: " in said) == (model in KEPT), said
    assert f"of my-{model} is current" in said
    with served(place.project, "--workers", "1", **place.settings) as (port, _):
        answer = ask(port, "/api/v1/predict", {"instances": expected["rows"]})
    assert answer["model"]["name"] == f"my-{model}"
    values = [prediction["value"] for prediction in answer["predictions"]]
    if "probabilities" not in expected:
        assert values == pytest.approx(expected["values"], rel=TOLERANCE, abs=TOLERANCE)
        return
    assert values == expected["values"]
    for prediction, shares in zip(answer["predictions"], expected["probabilities"], strict=True):
        assert list(prediction["probabilities"].values()) == pytest.approx(shares, abs=TOLERANCE)
