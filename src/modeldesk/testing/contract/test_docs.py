"""The page that documents the API: complete, and its commands work as they are printed."""

import argparse
import json
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from ..page import Page
from .client import Document


@pytest.fixture(scope="module")
def page(client: httpx.Client) -> Page:
    response = client.get("/docs")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    return Page(response.text)


def commands(page: Page) -> list[str]:
    return [code.text for code in page.all("code") if code.text.startswith("curl ")]


def run(client: httpx.Client, command: str, folder: Path) -> tuple[int, bytes]:
    """The status and body that a printed command gets, by curl where there is one."""
    token = client.headers.get("Authorization", "").rpartition(" ")[-1]
    words = shlex.split(command.replace("\\\n", "").replace("$TOKEN", token))
    if curl := shutil.which("curl"):
        body = folder / "body"
        told = ["--silent", "--show-error", "--output", str(body), "--write-out", "%{http_code}"]
        done = subprocess.run([curl, *told, *words[1:]], capture_output=True, check=True)
        return int(done.stdout), body.read_bytes()
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("-H", dest="headers", action="append", default=[])
    parser.add_argument("-d", dest="data")
    given = parser.parse_args(words[1:])
    headers = [tuple(header.split(": ")) for header in given.headers]
    method = "POST" if given.data else "GET"
    response = httpx.request(method, given.address, headers=headers, content=given.data)
    return response.status_code, response.content


def test_every_operation_is_shown(page: Page, document: Document) -> None:
    shown = {section["id"] for section in page.all("section")}
    operations: list[Any] = [o for methods in document["paths"].values() for o in methods.values()]
    assert {operation["operationId"] for operation in operations} <= shown
    assert all(operation["summary"] in page.text for operation in operations)
    assert len(commands(page)) == len(operations)


def test_commands_run_as_printed(
    client: httpx.Client, page: Page, document: Document, tmp_path: Path
) -> None:
    example = document["components"]["parameters"]["record_id"]["example"]
    for command in commands(page):
        status, body = run(client, command, tmp_path)
        assert status == (404 if example in command else 200), (command, body)


def test_commands_work_for_a_prediction_that_exists(
    client: httpx.Client, page: Page, document: Document, record_id: str, tmp_path: Path
) -> None:
    example = document["components"]["parameters"]["record_id"]["example"]
    named = [command for command in commands(page) if example in command]
    assert len(named) == 2
    for command in named:
        status, body = run(client, command.replace(example, record_id), tmp_path)
        assert status == 200, body
        assert json.loads(body)["id"] == record_id


def test_the_document_is_linked(page: Page) -> None:
    assert page.one("a", href="/openapi.json")
