"""The two commands that README promises, as a stranger types them."""

import contextlib
import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from .helpers import (
    IN_CI,
    REPO,
    blocks,
    end,
    environment,
    need,
    predict_example,
    run,
    wait_until_ready,
)

PORT = 8000

if os.name == "nt":
    pytest.skip("the commands are written for a POSIX shell", allow_module_level=True)


def port_is_taken() -> bool:
    with socket.socket() as probe, contextlib.suppress(ConnectionError):
        probe.connect(("127.0.0.1", PORT))
        return True
    return False


@pytest.mark.xdist_group("port 8000")
def test_the_first_command_generates_and_serves(template: Path, tmp_path: Path) -> None:
    if port_is_taken():
        reason = f"port {PORT} is in use, and the command serves there"
        pytest.fail(reason) if IN_CI else pytest.skip(reason)
    _, command = blocks("README.md")[0]
    assert command.count("\n") == 1
    clone = tmp_path / "copier-mlserve"
    run(tmp_path, need("git"), "clone", "--quiet", str(template), str(clone))
    log = tmp_path / "first.log"
    with log.open("wb") as output:
        shell = subprocess.Popen(
            ["sh", "-c", command],
            cwd=clone,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_until_ready(shell, PORT, log, limit=600)
        (prediction,) = predict_example(PORT)["predictions"]
        assert isinstance(prediction["value"], float)
        os.killpg(shell.pid, signal.SIGINT)  # what Ctrl-C does: all of the group are told
        shell.wait(timeout=15)
    finally:
        end(shell)
    assert not port_is_taken()


def test_ci_runs_the_second_command() -> None:
    """It is what runs this test, so it is compared and not run once more."""
    _, command = blocks("README.md")[1]
    assert command.count("\n") == 1
    assert command.rstrip().endswith("run pytest")
    assert run(REPO, "bash", ".ci/run", "--show") == command
