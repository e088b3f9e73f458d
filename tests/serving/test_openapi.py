"""The OpenAPI document of a service with accounts, and of one without."""

import copy
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from modeldesk.ml.predictor import Predictor
from modeldesk.ml.versions import set_current
from modeldesk.serving.deployment import Deployment
from modeldesk.serving.docs import docs
from modeldesk.serving.openapi import openapi
from modeldesk.serving.service import NEEDED, ROUTES

MODEL = {"name": "houses", "version": "0123456789ab"}


def document(root: Path, *, auth: bool) -> dict[str, Any]:
    predictor = Predictor.load(root)
    return openapi(predictor.signature, MODEL, predictor.validator, auth=auth)


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for operation in methods.values():
            yield path, operation


def route(path: str) -> str:
    """How a path is written, whatever its parts are called."""
    return re.sub(r"<[^>]+>|{[^}]+}", "*", path)


@pytest.fixture(params=["small_model", "small_regression"])
def root(request: pytest.FixtureRequest) -> Path:
    found: Path = request.getfixturevalue(request.param)
    return found


def test_without_accounts_nothing_is_said_of_tokens(root: Path) -> None:
    found = document(root, auth=False)
    assert "securitySchemes" not in found["components"]
    for _, operation in operations(found):
        assert "security" not in operation
        assert operation["responses"].keys().isdisjoint({"401", "403"})
    for listed in docs(found, "http://localhost")["operations"]:
        assert "Authorization" not in listed["curl"]


def test_with_accounts_it_says_what_needs_a_token(root: Path) -> None:
    """It is what the service refuses without one."""
    found = document(root, auth=True)
    assert found["components"]["securitySchemes"] == {"token": {"type": "http", "scheme": "bearer"}}
    needing = {route(path) for path, (_, handler) in ROUTES.items() if handler in NEEDED}
    told = {route(path) for path, operation in operations(found) if "security" in operation}
    assert told == needing
    for _, operation in operations(found):
        assert operation.get("security", [{"token": []}]) == [{"token": []}]
        assert {"401", "403"} <= operation["responses"].keys() or "security" not in operation
        assert list(operation["responses"]) == sorted(operation["responses"])
    for listed in docs(found, "http://localhost")["operations"]:
        needs = route(listed["path"]) in needing
        assert ('-H "Authorization: Bearer $TOKEN"' in listed["curl"]) == needs


def test_accounts_change_nothing_else(root: Path) -> None:
    found = copy.deepcopy(document(root, auth=True))
    del found["components"]["securitySchemes"]
    for _, operation in operations(found):
        for status in ("401", "403") if operation.pop("security", None) else ():
            del operation["responses"][status]
    assert found == document(root, auth=False)


def test_every_route_is_in_the_document(root: Path) -> None:
    told = {route(path) for path, _ in operations(document(root, auth=True))}
    assert told == {route(path) for path in ROUTES} - {"/openapi.json"}


@pytest.mark.parametrize("auth", [False, True])
def test_it_stays_so_when_another_version_is_served(
    tmp_path: Path, small_model: Path, small_regression: Path, auth: bool
) -> None:
    for model in (small_regression, small_model):
        shutil.copytree(model, tmp_path, dirs_exist_ok=True)
    deployment = Deployment(tmp_path, auth=auth)
    first = deployment.latest()
    set_current(tmp_path, Predictor.load(small_regression).version)
    second = deployment.latest()
    assert second.model != first.model
    for served in (first, second):
        assert ("securitySchemes" in served.openapi["components"]) == auth
