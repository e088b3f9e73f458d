"""Saved models: what is verified on load, what a person may edit, what an interruption leaves."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from modeldesk.ml.artifact import (
    Artifact,
    ArtifactError,
    load,
    save,
)
from modeldesk.ml.predictor import Predictor
from modeldesk.ml.versions import set_current
from modeldesk.testing import models


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    return models.publish_small_model(tmp_path_factory.mktemp("artifacts"))


@pytest.fixture
def root(published: Artifact, tmp_path: Path) -> Path:
    return Path(shutil.copytree(published.path.parent, tmp_path / "artifacts"))


@pytest.fixture
def folder(published: Artifact, root: Path) -> Path:
    return root / published.version


def edit(folder: Path, change: Any) -> None:
    path = folder / "signature.json"
    content = json.loads(path.read_text("utf-8"))
    change(content)
    path.write_text(json.dumps(content), "utf-8")


def again(root: Path, artifact: Artifact, model: bytes) -> Artifact:
    return save(root, model, artifact.signature, artifact.metrics, card="again")


def test_a_version_is_a_folder_of_five_files(folder: Path, root: Path) -> None:
    names = ["card.md", "metrics.json", "model.onnx", "probes.json.gz", "signature.json"]
    assert sorted(path.name for path in folder.iterdir()) == names
    assert {path.name for path in root.iterdir()} == {folder.name, "current", ".lock"}
    artifact = load(root)
    assert (artifact.version, artifact.runtime) == (folder.name, "onnx")
    assert artifact.trained_at.tzinfo is not None


def test_every_byte_of_the_model_counts(folder: Path, root: Path) -> None:
    content = bytearray((folder / "model.onnx").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "model.onnx").write_bytes(content)
    with pytest.raises(ArtifactError, match=r"not as trained.*manage train"):
        Predictor.load(root)


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s["features"][0].update(name="size"),
        lambda s: s["features"][0].update(type="integer"),
        lambda s: s["features"][0].update(missing=True),
        lambda s: s["features"][4].update(categories=["gas", "oil"]),
        lambda s: s["features"].reverse(),
        lambda s: s["features"].pop(),
        lambda s: s["output"].update(classes=["dear", "cheap"]),
        lambda s: s["output"].update(probabilities=False),
    ],
)
def test_the_contract_cannot_be_edited(folder: Path, root: Path, change: Any) -> None:
    edit(folder, change)
    with pytest.raises(ArtifactError, match=r"signature\.json.*not as trained"):
        load(root)


def test_words_ranges_and_policy_can_be_edited(folder: Path, root: Path) -> None:
    def change(content: Any) -> None:
        content["name"] = "homes"
        content["features"][0] |= {"unit": "ft²", "description": "Size", "max": 5000}
        content["features"][1] |= {"outside": "refuse", "min": 0}
        content["features"][4]["outside"] = "warn"
        content["output"] |= {"description": "Price class"}

    edit(folder, change)
    predictor = Predictor.load(root)
    row = predictor.signature.example | {"area": 4000, "heating": "coal"}
    rows, warnings = predictor.validator.from_json([row])
    assert [warning.loc[-1] for warning in warnings] == ["heating"]
    assert predictor.predict(rows)[0].value in ("dear", "cheap")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s: s["features"][0].update(unti="m²"), "unti"),
        (lambda s: s["features"][0].update(outside="ignore"), "outside"),
        (lambda s: s["features"][0].update(min=290), "Living area should be"),
        (lambda s: s["features"][2].update(example="many"), "Rooms should be a valid number"),
    ],
)
def test_mistaken_edits_are_named(folder: Path, root: Path, change: Any, words: str) -> None:
    edit(folder, change)
    if words.startswith("Living"):
        edit(folder, lambda s: s["features"][0].update(example=30))
    with pytest.raises(ArtifactError, match=words):
        Predictor.load(root)


@pytest.mark.parametrize("name", ["model.onnx", "signature.json", "metrics.json"])
@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe", b"[]", b"{}"])
def test_damaged_files(folder: Path, root: Path, name: str, content: bytes | None) -> None:
    (folder / name).unlink() if content is None else (folder / name).write_bytes(content)
    with pytest.raises(ArtifactError, match=f"{folder.name}.*manage train"):
        load(root)


@pytest.mark.parametrize("text", ["", "../outside", "0123456789ab", "zz", "\0", "x" * 5000])
def test_current_must_name_a_version(root: Path, text: str) -> None:
    (root / "current").write_text(text)
    with pytest.raises(ArtifactError, match="manage train"):
        load(root)


def test_no_model_yet(tmp_path: Path) -> None:
    for root in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(ArtifactError, match=r"There is no model in .*manage train"):
            Predictor.load(root)


def test_a_model_of_something_else(root: Path, published: Artifact) -> None:
    foreign = again(root, published, b"not a model")
    set_current(root, foreign.version)
    with pytest.raises(ArtifactError, match="does not answer its own example"):
        Predictor.load(root)


def test_an_interrupted_save_leaves_what_was(
    root: Path, published: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sorted(root.rglob("*"))

    def interrupted(*paths: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        again(root, published, b"another")
    with pytest.raises(KeyboardInterrupt):
        set_current(root, published.version)
    monkeypatch.undo()
    (root / ".current.new").unlink()
    assert sorted(root.rglob("*")) == before
    assert load(root).version == published.version


def test_the_same_model_is_the_same_version(root: Path, published: Artifact) -> None:
    model = (published.path / "model.onnx").read_bytes()
    (root / published.version / "model.onnx").write_bytes(b"damaged since")
    saved = again(root, published, model)
    assert saved.version == published.version
    assert (saved.path / "card.md").read_text() == "again"
    assert Predictor.load(root).version == published.version


def test_only_a_verified_version_becomes_current(root: Path, published: Artifact) -> None:
    other = again(root, published, b"another")
    (other.path / "model.onnx").write_bytes(b"damaged")
    with pytest.raises(ArtifactError):
        set_current(root, other.version)
    assert load(root).version == published.version


def test_a_folder_that_cannot_be_written(published: Artifact, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ArtifactError, match="Cannot write to"):
        again(tmp_path / "file", published, b"model")
