"""Commands in processes that have imported already what commands import.

Most of the time a command takes is that of its imports, and of those for training most of all.
Each is a process of its own all the same, with its folder, environment and output; how `manage`
itself starts is seen wherever a whole project is run.
"""

import importlib.metadata
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory

LIMIT = 60  # seconds
(ENTRY,) = importlib.metadata.entry_points(group="console_scripts", name="manage")
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(
    [
        ENTRY.module,
        "modeldesk.ml.publishing",
        "modeldesk.serving.doctor",
        "django.core.management.commands.migrate",
        "pandas",
        "skl2onnx",
        "skops.io",
        "sklearn.ensemble",
    ]
)


def run(
    folder: Path, arguments: Sequence[str], environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """The outcome of a command of this project, run to its end in `folder`."""
    with TemporaryDirectory() as said:
        process = start(folder, arguments, environment, said)
        process.join(LIMIT)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired(arguments, LIMIT)
        out, err = ((Path(said) / name).read_text("utf-8") for name in ("1", "2"))
    return subprocess.CompletedProcess(arguments, process.exitcode, out, err)


def start(
    folder: Path, arguments: Sequence[str], environment: dict[str, str], said: str | Path
) -> BaseProcess:
    """The process of a command that writes to the files 1 and 2 in the folder `said`."""
    command = [ENTRY.name, *arguments]
    process = PROCESSES.Process(target=become, args=(command, folder, environment, said))
    process.start()
    return process


def become(command: list[str], folder: Path, environment: dict[str, str], said: str | Path) -> None:
    """Be that command, whose output goes to files."""
    for stream in (sys.stdout, sys.stderr):
        file = os.open(Path(said) / str(stream.fileno()), os.O_WRONLY | os.O_CREAT)
        os.dup2(file, stream.fileno())
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = command
    sys.exit(ENTRY.load()())
