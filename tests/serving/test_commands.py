"""What the command line tells in one sentence."""

import errno
import os
import sys
import tempfile
from pathlib import Path

import pytest
from modeldesk.serving.commands import NotReady, sentence


def test_training_without_its_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(ModuleNotFoundError) as caught:
        import sklearn.linear_model  # noqa: F401 - that it cannot be
    said = sentence(caught.value)
    assert said
    assert "needs scikit-learn" in said
    assert "uv sync" in said


def test_a_full_disk() -> None:
    error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "artifacts/x")
    assert sentence(error) == (
        "The disk has no room for artifacts/x (No space left on device); make some and try again."
    )


def test_no_temporary_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: [str(tmp_path / "none")])
    with pytest.raises(FileNotFoundError) as caught:
        tempfile.gettempdir()
    assert str(sentence(caught.value)).endswith("name another as TMPDIR.")


def test_others_keep_their_traceback() -> None:
    assert sentence(NotReady("Free the port.")) == "Free the port."
    for error in (ModuleNotFoundError(name="mine"), OSError(2, "No such file"), ValueError("odd")):
        assert sentence(error) is None
