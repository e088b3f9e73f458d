"""The page docs/model-life.md as somebody types it, from the first version to what is pruned.

Blocks marked `sh` run as they stand, each in the folder where the one before ended, but for the
port and, in the first, the framework and the database. A block marked `text` is what the one before
printed; versions, moments and times differ, and `...` stands for lines that are left out.
"""

import os
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Self

import pytest

from .helpers import (
    Environments,
    ask,
    assert_marked,
    blocks,
    end,
    environment,
    free_port,
    need,
    run,
    wait_until_ready,
)
from .servers import Databases

PAGE = "docs/model-life.md"
SERVE = "uv run manage serve\n"
ADDRESS = "127.0.0.1:8000"
COPIED = ' "$PWD/copier-mlserve" progression\n'
CASES = [
    pytest.param(*case, marks=pytest.mark.xdist_group(f"life {case[0]}"))
    for case in (("flask", "mongodb"), ("django", "sqlite"))
]
VARIES = {  # from run to run
    r"\b[0-9a-f]{12}\b": "VERSION",
    r"\d{4}-\d\d-\d\d( \d\d:\d\d(:\d\d)?)?": "MOMENT",
    r"\d[\d.]* ms\b": "TIME",
    r"\s+": " ",
}
if os.name == "nt":
    pytest.skip("the commands are written for a POSIX shell", allow_module_level=True)


def test_what_is_not_run_is_marked() -> None:
    assert_marked(PAGE, "sh", "text", "console")


@pytest.mark.parametrize(("framework", "database"), CASES)
def test_the_circle(
    *,
    template: Path,
    environments: Environments,
    databases: Databases,
    tmp_path: Path,
    framework: str,
    database: str,
) -> None:
    run(tmp_path, need("git"), "clone", "--quiet", str(template), str(tmp_path / "copier-mlserve"))
    with databases.fresh(database) as address:
        settings = address | environments.of(framework)
        settings["PATH"] = f"{Path(need('uv')).parent}{os.pathsep}{environment()['PATH']}"
        with Person(tmp_path, settings, framework, database) as person:
            person.types(blocks(PAGE))


class Person:
    """Somebody with two terminals."""

    def __init__(
        self, folder: Path, settings: dict[str, str], framework: str, database: str
    ) -> None:
        self.here, self.settings = folder, settings
        self.chosen = f" --data framework={framework} --data database={database}"
        self.log, self.port = folder / "serve.log", free_port()
        self.server: subprocess.Popen[bytes] | None = None
        self.old = self.current = ""  # versions

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.server:
            end(self.server)

    def types(self, page: Iterable[tuple[str, str]]) -> None:
        said = ""
        for language, block in page:
            if language == "text":
                self.reads(block, said)
            elif block == SERVE:
                self.serves()
            elif language == "sh":
                said = self.enters(block)

    def enters(self, block: str) -> str:
        """What it prints."""
        typed = block.replace(ADDRESS, f"127.0.0.1:{self.port}")
        typed = typed.replace(COPIED, self.chosen + COPIED)
        script = f"{typed}\necho; pwd"
        *output, folder = run(self.here, "sh", "-ec", script, **self.settings).splitlines()
        self.here, said = Path(folder), "\n".join(output)
        if "--with-feedback" in block:
            self.settings["NEW"] = re.findall(r"\b[0-9a-f]{12}\b", said)[0]
        if self.server:
            self.is_answered(block)
        return said

    def reads(self, printed: str, said: str) -> None:
        """What is printed on the page is in what was said, in that order."""
        lines = iter([alike(line) for line in said.splitlines()])
        for line in printed.splitlines():
            assert line == "..." or alike(line) in lines, f"{line!r} is not in:\n{said}"

    def serves(self) -> None:
        """The second terminal."""
        with self.log.open("wb") as output:
            self.server = subprocess.Popen(
                ["sh", "-c", f"exec {SERVE.strip()} --port {self.port} --workers 2"],
                cwd=self.here,
                env=environment(**self.settings),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        wait_until_ready(self.server, self.port, self.log, limit=60)
        self.old = self.current = self.served()

    def is_answered(self, block: str) -> None:
        """Both workers have the version that they should have after a command, with no restart."""
        if "promote $NEW" in block or "rollback" in block:
            self.current = self.old if "rollback" in block else self.settings["NEW"]
        assert {self.served() for _ in range(20)} == {self.current}

    def served(self) -> str:
        version: str = ask(self.port, "/api/v1/model")["version"]
        return version


def alike(line: str) -> str:
    for pattern, name in VARIES.items():
        line = re.sub(pattern, name, line)
    return line.strip()
