"""Training, for real: shorten this test, or drop it, once `ml/train.py` takes its time."""

from pathlib import Path

from package.ml.predictor import Predictor

from .running import manage


def test_what_is_trained_can_be_served(folder: Path) -> None:
    done = manage(folder, "train")
    if "Nothing to train yet" in done.stderr:
        # Until ml/train.py is written it says so, and where it is.
        assert done.returncode == 1
        assert "train.py" in done.stderr
        assert not (folder / "artifacts").exists()
        return
    assert done.returncode == 0, done.stderr
    predictor = Predictor.load(folder / "artifacts")
    assert predictor.version in done.stdout
    for name in predictor.artifact.metrics["metrics"]:
        assert name in done.stdout
    rows, warnings = predictor.validator.from_json([predictor.signature.example])
    assert len(predictor.predict(rows)) == 1
    assert warnings == []
