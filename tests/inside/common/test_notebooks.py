"""The notebooks, from top to bottom: drop one here once it takes its time, as training may."""

from pathlib import Path

import nbformat
import pytest
from modeldesk.ml.predictor import Predictor
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


@pytest.mark.parametrize("name", ["publish"])
def test_what_a_notebook_publishes_can_be_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("ARTIFACTS_DIR", str(tmp_path))  # the project's own stay as they are
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    resources = {"metadata": {"path": str(NOTEBOOKS)}}
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources=resources).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [output["text"] for output in outputs if output.get("name") == "stderr"]
    predictor = Predictor.load(tmp_path)
    rows, _ = predictor.validator.from_json([predictor.signature.example])
    assert len(predictor.predict(rows)) == 1
