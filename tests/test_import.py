"""Models that people bring, of every kind: imported by a project, and served by both frameworks.

What is served answers every row the model has not seen as the model itself does. The libraries of
XGBoost, LightGBM, CatBoost and PyTorch are in the environment of one project alone: no other needs
them to serve what they made. Both projects have the same folder of models, and their services
follow it.
"""

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from .helpers import REPO, Environments, ask, need, run, served, sync
from .rendering import rendered, write
from .test_render import FRAMEWORKS

OURS = ["linear", "forest", "boosting", "mixed", "text", "codes"]
OTHERS = [
    *("xgboost", "xgboost_file", "lightgbm", "lightgbm_file"),
    *("onnx_columns", "onnx_zipmap", "onnx_logits", "torch_program", "torch_script"),
]
# Which project imports it.
MODELS = dict.fromkeys(OURS, FRAMEWORKS[-1]) | dict.fromkeys(OTHERS, FRAMEWORKS[0])
LIBRARIES = ["xgboost-cpu", "lightgbm", "onnxmltools", "onnxscript"]
CATBOOST = ["catboost", "six", "graphviz"]  # without what it draws with
TORCH = "torch==2.13.0"  # by pip, to which uv prefers builds for graphics cards, of gigabytes
KEPT = {"boosting"}  # by scikit-learn: skl2onnx takes no categories of pandas
TOLERANCE = 1e-4
PROJECT = "own-sqlite-no-auth-no-admin-forms"
pytestmark = pytest.mark.xdist_group("import")


@dataclass
class Places:
    """The projects by framework, the settings of each, and the ports of their services."""

    projects: dict[str, Path]
    settings: dict[str, dict[str, str]]
    models: Path  # that are brought
    ports: dict[str, int] = field(default_factory=dict)

    def run(self, framework: str, *command: str) -> str:
        command = (need("uv"), "run", *command)
        return run(self.projects[framework], *command, **self.settings[framework])


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory, environments: Environments) -> Places:
    """Both projects; the libraries are where the first one is, in an environment of its own."""
    folder, first = tmp_path_factory.mktemp("brought"), FRAMEWORKS[0]
    projects = {name: write(rendered(f"{PROJECT}-{name}"), folder / name) for name in FRAMEWORKS}
    settings = {name: environments.of(name) for name in FRAMEWORKS}
    settings[first] = Environments(folder / "environments").of(first)
    for name in FRAMEWORKS:
        settings[name]["ARTIFACTS_DIR"] = str(folder / "artifacts")
        sync(projects[name], **settings[name])
    bin_folder = "Scripts" if os.name == "nt" else "bin"
    python = str(Path(settings[first]["UV_PROJECT_ENVIRONMENT"]) / bin_folder / "python")
    install = [need("uv"), "pip", "install", "--quiet", "--python", python]
    run(folder, *install, *LIBRARIES)
    run(folder, *install, "--no-deps", *CATBOOST)
    pip = [need("uv"), "tool", "run", "pip", "--quiet", "--python", python]
    run(folder, *pip, "install", "--no-compile", TORCH)
    settings[first]["UV_NO_SYNC"] = "1"  # which would take them out again
    return Places(projects, settings, folder / "models")


@pytest.fixture(scope="module")
def services(places: Places) -> Iterator[Places]:
    """Both serve the first model, until another one is imported."""
    made = [str(REPO / "tests" / "brought.py"), str(places.models), *MODELS]
    places.models.mkdir()
    places.run(FRAMEWORKS[0], "python", *made)
    import_model(places, next(iter(MODELS)))
    with contextlib.ExitStack() as stack:
        for name, project in places.projects.items():
            service = served(project, "--workers", "1", **places.settings[name])
            places.ports[name], _ = stack.enter_context(service)
        yield places


def import_model(places: Places, model: str) -> str:
    """What the command says that makes a model current."""
    file = json.loads((places.models / f"{model}.expected.json").read_text("utf-8"))["file"]
    return places.run(
        MODELS[model],
        *("manage", "import-model", str(places.models / file), "--name", f"my-{model}", "--yes"),
        *("--data", str(places.models / f"{model}.csv"), "--target", "target"),
        "--force",  # in the place of the one before, which took other columns
    )


def test_boosters(places: Places, tmp_path: Path) -> None:
    alone = ["-c", os.devnull, "--rootdir", str(tmp_path), "--noconftest", "-p", "no:cacheprovider"]
    tests = [*alone, "-q", "--basetemp", str(tmp_path / "t"), str(REPO / "tests" / "boosters.py")]
    places.run(FRAMEWORKS[0], "python", "-m", "pytest", *tests)


@pytest.mark.parametrize("model", MODELS)
def test_what_is_brought_is_served(services: Places, model: str) -> None:
    said = import_model(services, model)
    assert ("as ONNX was refused: " in said) == (model in KEPT), said
    assert f"of my-{model} is current" in said
    expected = json.loads((services.models / f"{model}.expected.json").read_text("utf-8"))
    for port in services.ports.values():
        answer = ask(port, "/api/v1/predict", {"instances": expected["rows"]})
        assert answer["model"]["name"] == f"my-{model}"
        values = [prediction["value"] for prediction in answer["predictions"]]
        if "probabilities" not in expected:
            assert values == pytest.approx(expected["values"], rel=TOLERANCE, abs=TOLERANCE)
            continue
        assert values == expected["values"]
        rows = zip(answer["predictions"], expected["probabilities"], strict=True)
        for prediction, shares in rows:
            found = list(prediction["probabilities"].values())
            assert found == pytest.approx(shares, abs=TOLERANCE)
