"""What administrators do with versions in the admin, and what is refused to them and others."""

import logging
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from modeldesk.ml.artifact import load
from modeldesk.ml.versions import (
    current_version,
    set_current,
    set_shadow,
    shadow_version,
)
from modeldesk.staff import versions

from .conftest import Databases
from .contract.login import log_in
from .contract.page import Page, check_page
from .framework import add_account, web
from .running import EMAIL, PASSWORD

MODELS = "/admin/models"
BROKEN = "0123456789ab"
ANALYST = "analyst@example.com"


@dataclass
class Admin:
    """The admin of a service with two versions, of which each breaks callers of the other."""

    service: Any
    client: httpx.Client
    root: Path
    first: str
    second: str

    def page(self, **asked: str) -> Page:
        response = self.client.get(MODELS, params=asked)
        assert response.status_code == 200
        page = Page(response.text)
        check_page(page, str(response.url))
        return page

    def do(self, action: str, **typed: str) -> httpx.Response:
        sent = self.page().csrf | {"action": action} | typed
        return self.client.post(MODELS, data=sent)

    def promote(self, **typed: str) -> httpx.Response:
        return self.do("promote", old=self.first, new=self.second, **typed)

    def told(self, response: httpx.Response) -> str:
        """What the page says once something is done."""
        assert (response.status_code, response.headers["Location"]) == (303, MODELS)
        return self.page().text


@pytest.fixture(scope="module")
def served(
    fresh_database: Databases,
    small_model: Path,
    small_regression: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Admin]:
    folder = tmp_path_factory.mktemp("versions")
    root = folder / "artifacts"
    for model in (small_regression, small_model):
        shutil.copytree(model, root, dirs_exist_ok=True)
    with fresh_database(folder) as url, web(url, ARTIFACTS_DIR=str(root)) as service:
        add_account(EMAIL, PASSWORD, "admin")
        add_account(ANALYST, PASSWORD, "analyst")
        both = [load(one).version for one in (small_model, small_regression)]
        with browser(service) as client:
            log_in(client, EMAIL, PASSWORD)
            yield Admin(service, client, root, *both)


def browser(service: Any) -> httpx.Client:
    transport, headers = httpx.WSGITransport(app=service), {"Accept": "text/html"}
    return httpx.Client(transport=transport, base_url="http://localhost", headers=headers)


@pytest.fixture
def admin(served: Admin) -> Admin:
    """With the first version current, and none before it."""
    (served.root / "current").unlink()
    set_shadow(served.root, None)
    set_current(served.root, served.first)
    return served


def buttons(page: Page) -> set[str]:
    return {page.name_of(e) if "aria-label" in e.attributes else e.text for e in page.all("button")}


def test_versions_are_compared(admin: Admin) -> None:
    page = admin.page(new=admin.second)
    (breaking,) = page.all("ul", class_="breaking")
    assert "'heating' is no longer taken, and rows that have it are refused" in breaking.text
    for name, value in load(admin.root, admin.second).metrics["metrics"].items():
        shown = [row.text for row in page.all("tr") if row.text.startswith(name)]
        assert [text.endswith(f"{value:.4g}") for text in shown] == [True]
    assert f"Promote {admin.second}" in buttons(page)
    backwards = admin.page(old=admin.second, new=admin.first)
    assert f"Promote {admin.first}" not in buttons(backwards)


def test_many_differences_are_cut_short(admin: Admin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "MOST_DIFFERENCES", 2)
    (breaking,) = admin.page(new=admin.second).all("ul", class_="breaking")
    assert re.search(r"and \d+ more$", breaking.text.strip())
    assert breaking.text.count("rows that have it are refused") == 2


def test_what_breaks_callers_is_promoted_by_a_tick_and_rolled_back(
    admin: Admin, caplog: pytest.LogCaptureFixture
) -> None:
    refused = admin.promote()
    assert refused.status_code == 422
    page = Page(refused.text)
    says = f"Version {admin.second} breaks callers of {admin.first}; tick the box below"
    assert says in page.one("p", role="alert").text
    assert page.all("ul", class_="breaking")
    assert page.one("input", name="force")["type"] == "checkbox"
    assert current_version(admin.root) == admin.first

    with caplog.at_level(logging.INFO):
        said = admin.told(admin.promote(force="yes"))
    done = f"Version {admin.second} is current, although it breaks callers of {admin.first}."
    assert done in said
    assert f"{EMAIL}: {done}" in caplog.messages
    assert current_version(admin.root) == admin.second

    assert f"Roll back to {admin.first}" in buttons(admin.page())
    said = admin.told(admin.do("roll_back", old=admin.second))
    assert f"Version {admin.first} is current again, in place of {admin.second}." in said
    assert current_version(admin.root) == admin.first


def test_one_runs_in_the_shadow_until_it_is_ended(admin: Admin) -> None:
    said = admin.told(admin.do("shadow", new=admin.second))
    assert f"Version {admin.second} runs in the shadow" in said
    assert shadow_version(admin.root) == admin.second
    assert "End the shadow" in buttons(admin.page())
    said = admin.told(admin.do("end_shadow"))
    assert f"Version {admin.second} runs in the shadow no more." in said
    assert shadow_version(admin.root) is None
    assert admin.do("end_shadow").status_code == 422


@pytest.mark.parametrize(
    ("action", "typed", "says"),
    [
        ("promote", {"new": "ffff"}, "has no version 'ffff'"),
        ("promote", {"new": "../etc"}, "has no version"),
        ("promote", {"new": BROKEN}, "damaged"),
        ("shadow", {"new": BROKEN}, "damaged"),
        ("roll_back", {}, "has no version that was current before"),
        ("erase", {"new": BROKEN}, "Choose what to do."),
    ],
)
def test_what_cannot_be_is_refused(
    admin: Admin, action: str, typed: dict[str, Any], says: str
) -> None:
    (admin.root / BROKEN).mkdir(exist_ok=True)
    try:
        assert "damaged" in admin.page().text
        response = admin.do(action, old=admin.first, **typed)
        assert response.status_code == 422
        told = Page(response.text).one("p", role="alert").text
        assert says in told
        assert "Traceback" not in response.text
    finally:
        (admin.root / BROKEN).rmdir()
    assert current_version(admin.root) == admin.first
    assert shadow_version(admin.root) is None


def test_who_looks_at_an_older_page_changes_nothing(admin: Admin) -> None:
    set_current(admin.root, admin.second)
    response = admin.do("roll_back", old=admin.first)
    assert response.status_code == 422
    assert f"version {admin.second} has become current" in Page(response.text).text
    assert current_version(admin.root) == admin.second


def test_without_its_token_a_form_is_refused(admin: Admin) -> None:
    sent = {"action": "promote", "old": admin.first, "new": admin.second, "force": "yes"}
    assert admin.client.post(MODELS, data=sent).status_code in (400, 403)
    assert current_version(admin.root) == admin.first


def test_an_analyst_compares_and_changes_nothing(admin: Admin) -> None:
    set_current(admin.root, admin.second)
    set_current(admin.root, admin.first)
    with browser(admin.service) as client:
        log_in(client, ANALYST, PASSWORD)
        reader = replace(admin, client=client)
        page = reader.page(new=admin.second)
        assert page.all("ul", class_="breaking")
        assert not [name for name in buttons(page) if name.startswith(("Promote", "Roll", "Run"))]
        for action in ("promote", "roll_back", "shadow", "end_shadow"):
            response = reader.do(action, old=admin.first, new=admin.second, force="yes")
            assert response.status_code == 403
    assert current_version(admin.root) == admin.first
    assert shadow_version(admin.root) is None
