"""What the command line tells in one sentence."""

import errno
import os
import sys
import tempfile
from pathlib import Path

import pytest
from modeldesk.serving import transfer
from modeldesk.serving.commands import NotReady, sentence, told
from modeldesk.serving.log import LogUnavailable
from modeldesk.serving.transfer import TransferError


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


DENIED = "permission denied for table predictions"
HERE = "postgresql://app:unsaid@db.example.com/here"


@pytest.mark.parametrize("error", [RuntimeError(f"(driver) {DENIED}\n"), LogUnavailable(DENIED)])
def test_what_the_database_denies(error: Exception) -> None:
    said = told(error, lambda: HERE)
    assert said
    assert said.startswith("The database at db.example.com:5432/here does not let its user do that")
    assert said == told(LogUnavailable(said), lambda: HERE)


def test_what_another_database_denies() -> None:
    """It is not said of the one that is here."""
    for error in (RuntimeError(f"(driver) {DENIED}\n"), LogUnavailable(DENIED)):
        with pytest.raises(TransferError) as caught, transfer.told("there"):
            raise error
        assert str(caught.value).startswith(f"A database refuses: {DENIED}. Let its user")
        assert told(caught.value, lambda: HERE) == str(caught.value)
    for kind in (RuntimeError, TransferError):
        with pytest.raises(kind, match=r"^as it is$"), transfer.told("there"):
            raise kind("as it is")
