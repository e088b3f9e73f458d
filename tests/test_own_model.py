"""The page of ten steps, docs/own-model.md, as a stranger types it from top to bottom.

Blocks marked `sh` run as they stand, each in the folder where the one before ended. Those marked
`console` need what no test has: Docker, a public host, somebody's own secret.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest
from modeldesk.ml.importing.formats import FORMATS

from .helpers import (
    IN_CI,
    REPO,
    ask,
    assert_marked,
    blocks,
    end,
    environment,
    need,
    run,
    wait_until_ready,
)
from .people import PASSWORD, Person
from .test_readme import PORT, port_is_taken

PAGE = "docs/own-model.md"
EMAIL = "you@example.com"
SERVE = "uv run manage serve\n"

if os.name == "nt":
    pytest.skip("the commands are written for a POSIX shell", allow_module_level=True)


def test_what_is_not_run_is_marked() -> None:
    assert_marked(PAGE, "sh", "console")


def test_every_format_is_told_of() -> None:
    page = (REPO / PAGE).read_text(encoding="utf-8")
    assert FORMATS
    assert [*FORMATS] == [suffix for suffix in FORMATS if f"`{suffix}`" in page]


@pytest.mark.xdist_group("port 8000")
def test_ten_steps(template: Path, tmp_path: Path) -> None:
    if port_is_taken():
        reason = f"port {PORT} is in use, and the page serves there"
        pytest.fail(reason) if IN_CI else pytest.skip(reason)
    run(tmp_path, need("git"), "clone", "--quiet", str(template), str(tmp_path / "copier-mlserve"))
    tools = Path(need("uv")).parent
    settings = {"PATH": f"{tools}{os.pathsep}{environment()['PATH']}", "ADMIN_PASSWORD": PASSWORD}
    here, log, server = tmp_path, tmp_path / "serve.log", None
    said: dict[str, str] = {}
    try:
        for language, block in blocks(PAGE):
            if language != "sh":
                continue
            if block == SERVE:
                server = start(here, log, settings)
                continue
            if "$TOKEN" in block and "TOKEN" not in settings:
                settings["TOKEN"] = Person(PORT).logged_in(EMAIL, PASSWORD).token()
            *output, folder = run(here, "sh", "-ec", f"{block}\necho; pwd", **settings).splitlines()
            here, said[block] = Path(folder), "\n".join(output)
        check(said, here, settings["TOKEN"])
    finally:
        if server:
            end(server)


def start(folder: Path, log: Path, settings: dict[str, str]) -> "subprocess.Popen[bytes]":
    """A second terminal."""
    with log.open("wb") as output:
        server = subprocess.Popen(
            ["sh", "-c", f"exec {SERVE}"],
            cwd=folder,
            env=environment(**settings),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until_ready(server, PORT, log, limit=60)
    except BaseException:
        end(server)
        raise
    return server


def check(said: dict[str, str], service: Path, token: str) -> None:
    """What the page says of its commands is what came of them."""
    (predicted,) = (json.loads(text) for block, text in said.items() if "/predict\n" in block)
    assert predicted["predictions"][0]["value"] == "class_0"
    newest = ask(PORT, "/api/v1/predictions?limit=1", token=token)["predictions"][0]
    assert newest["id"] == predicted["predictions"][0]["id"]
    assert newest["feedback"]["actual"] == "class_0"
    answers = (service.parent / "answers.csv").read_text("utf-8").splitlines()
    assert len(answers) == len((service.parent / "rows.csv").read_text("utf-8").splitlines())
    assert "prediction" in answers[0]
