"""Runs programs as a person at a fresh prompt does."""

import os
import re
import resource
import shutil
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

REPO = Path(__file__).parents[1]
PYTHON = str(Path(sys.executable).resolve())  # of which this one is an environment
OURS = ("VIRTUAL_ENV", "PYTHON", "UV_RUN", "ARTIFACTS_DIR", "DATABASE_URL", "APP_ENV")


class Failed(Exception):
    """A program did not do what it was started for; the message is what it printed last."""


def environment(**extra: str) -> dict[str, str]:
    """Nothing of this process's own environment, and the same Python for all that is made."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(OURS)}
    own = str(Path(sys.executable).parent)
    folders = [folder for folder in kept["PATH"].split(os.pathsep) if folder != own]
    return kept | {"PATH": os.pathsep.join(folders), "UV_PYTHON": PYTHON} | extra


def run(folder: Path, *command: str, **extra: str) -> str:
    """What a command prints. Raises Failed."""
    done = subprocess.run(
        command, cwd=folder, env=environment(**extra), capture_output=True, text=True, check=False
    )
    if done.returncode:
        shown = " ".join(Path(word).name for word in command)[:100]  # wherever they are here
        raise Failed(f"`{shown}` gave {done.returncode}: {last(done.stderr)}")
    return done.stdout


def last(text: str, lines: int = 3) -> str:
    """The last lines of what a program printed, as one, without colours."""
    plain = re.sub(r"\x1b\[[\d;]*m", "", text)
    return " ".join(plain.split("\n")[-lines - 1 :]).strip()[-400:]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def uv() -> str:
    """The path of uv: it is installed with what this repository's work needs."""
    return shutil.which("uv") or str(Path(sys.executable).with_name("uv"))


def new_environment(folder: Path, needs: Sequence[str], python: str = PYTHON) -> Path:
    """The folder of the programs of a new environment with these packages. Raises Failed."""
    run(folder.parent, uv(), "venv", "--quiet", "--python", python, folder.name)
    programs = folder / "bin"
    install = ("pip", "install", "--quiet", "--python")
    run(folder.parent, uv(), *install, str(programs / "python"), *needs)
    return programs


def children_cpu() -> float:
    """CPU seconds of all programs that were run to their end."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def versions(python: Path) -> dict[str, str]:
    """The versions of the packages that are installed beside a Python."""
    asked = "import importlib.metadata as m; "
    asked += "[print(d.name.lower(), d.version) for d in m.distributions()]"
    lines = run(python.parent, str(python), "-c", asked).splitlines()
    return dict(line.split(" ", 1) for line in lines)
