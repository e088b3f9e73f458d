"""What people do with a service, in a real Chromium: both frameworks, on SQLite and MongoDB."""

import contextlib
import csv
import re
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from .browsing import LIMIT, Site, Visitor, chromium
from .helpers import Environments, ask, example, logged, need, predict_example, run, served
from .people import EMAIL, make_admin
from .rendering import render, write
from .servers import Databases

ANSWERS = {"auth": True, "admin": True, "forms": True}
SITES = [
    pytest.param(
        {"framework": framework, "database": database, "model": model} | ANSWERS,
        id=f"{framework}-{database}",
        marks=pytest.mark.xdist_group(f"browser {framework} {database}"),
    )
    for framework, (database, model) in product(
        ("flask", "django"), (("sqlite", "regression"), ("mongodb", "classification"))
    )
]
NewVisitor = Callable[[], Visitor]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module", params=SITES)
def site(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    databases: Databases,
    environments: Environments,
) -> Iterator[Site]:
    answers = request.param
    project = write(render(answers), tmp_path_factory.mktemp("browser") / "service")
    with databases.fresh(answers["database"]) as fresh:
        settings = fresh | environments.of(answers["framework"])
        run(project, need("uv"), "sync", "--quiet", **settings)
        with served(project, **settings) as (port, _):
            make_admin(project, **settings)
            yield Site(project, port)


@pytest.fixture
def new_visitor(site: Site, browser: Browser) -> Iterator[NewVisitor]:
    """Makes people, each with a browser of their own."""
    with contextlib.ExitStack() as stack:

        def make() -> Visitor:
            context = stack.enter_context(browser.new_context(locale="en-GB"))
            return Visitor(site, context.new_page())

        yield make


def predicted(visitor: Visitor) -> str:
    """Predict by the form, with the example that it shows; gives the id."""
    visitor.go("/", "New prediction")
    visitor.press("Predict")
    expect(visitor.page).to_have_url(re.compile(r"/predictions/[0-9a-f-]{36}$"), timeout=LIMIT)
    return visitor.page.url.rpartition("/")[2]


def choose(admin: Visitor, row: str, action: str) -> None:
    """Mark a row of a list, and do this with it."""
    admin.main.get_by_role("row", name=row).get_by_role("checkbox").check()
    admin.main.get_by_role("combobox", name=re.compile("^Action")).select_option(label=action)
    admin.press("Go")


def test_a_person_signs_up_predicts_and_tells_the_outcome(new_visitor: NewVisitor) -> None:
    eve = new_visitor()
    eve.go("/", "Log in")
    eve.sign_up("eve@example.com")
    eve.log_in("eve@example.com")
    eve.sees("New prediction")

    first, second = (eve.main.get_by_role("textbox").nth(index) for index in range(2))
    first.fill("much")
    second.fill("2.5")
    eve.main.get_by_role("button", name="Predict").click()
    expect(first).to_be_focused()
    assert first.evaluate("control => control.validity.patternMismatch")
    first.evaluate("control => { control.form.noValidate = true }")  # then the service refuses it
    eve.press("Predict", "Error")
    eve.says("needs your attention")
    expect(first).to_be_focused()
    expect(first).to_have_value("much")
    expect(second).to_have_value("2.5")
    expect(first).to_have_accessible_description(re.compile("number", re.IGNORECASE))

    made = predicted(eve)
    outcome = eve.main.get_by_label(re.compile("^Actual"))
    if outcome.evaluate("control => control.tagName") == "SELECT":
        outcome.select_option(index=1)
    else:
        outcome.fill("151.5")
    eve.fill(Comment="Seen by Eve")
    eve.press("Report the outcome")
    eve.says("Seen by Eve")

    eve.follow("History", "History")
    row = eve.main.get_by_role("row").nth(1)
    expect(row).not_to_contain_text("not known yet")
    row.get_by_role("link").click()
    expect(eve.page).to_have_url(re.compile(made))
    eve.sees()


def test_a_program_predicts_until_its_token_is_revoked(site: Site, new_visitor: NewVisitor) -> None:
    bob = new_visitor()
    bob.sign_up("bob@example.com")
    bob.log_in("bob@example.com")
    token = bob.make_token("nightly job")
    (prediction,) = predict_example(site.port, token)["predictions"]
    assert [entry["id"] for entry in logged(site.port, token)] == [prediction["id"]]
    bob.go(f"/predictions/{prediction['id']}")
    bob.go("/accounts/tokens", "API tokens")
    expect(bob.main.get_by_role("row", name="nightly job")).not_to_contain_text("never")
    expect(bob.main).not_to_contain_text(token)
    bob.press("Revoke nightly job", "API tokens")
    bob.says("You have no token yet.")
    assert ask(site.port, "/api/v1/model", token=token)["status"] == 401


def test_who_guesses_a_password_is_locked_out(new_visitor: NewVisitor) -> None:
    mallory = new_visitor()
    mallory.sign_up("dan@example.com")
    for _ in range(5):
        mallory.log_in("dan@example.com", "a wrong long password")
        mallory.says("do not belong together")
    mallory.log_in("dan@example.com")
    mallory.sees("Too Many Requests")
    expect(mallory.main).to_contain_text(re.compile(r"Try again in (1\d minutes)"))


def test_an_admin_finds_exports_watches_and_revokes(
    site: Site, new_visitor: NewVisitor, tmp_path: Path
) -> None:
    tim, admin = new_visitor(), new_visitor()
    tim.sign_up("tim@example.com")
    tim.log_in("tim@example.com")
    made, token = predicted(tim), tim.make_token("mine")
    admin.log_in(EMAIL)
    admin.follow("Admin", "Admin")

    admin.follow("Predictions", "Predictions")
    for text in ("tim@example.com", made):
        admin.page.locator("#searchbar").fill(text)
        admin.press("Search", "Predictions")
        expect(admin.main.get_by_role("row")).to_have_count(2)  # one is the head
    with admin.page.expect_download() as download:
        admin.page.get_by_role("link", name="Export as CSV").click()
    download.value.save_as(tmp_path / "found.csv")
    with (tmp_path / "found.csv").open(encoding="utf-8", newline="") as file:
        assert [row["id"] for row in csv.DictReader(file)] == [made]
    admin.main.get_by_role("row").nth(1).get_by_role("link").first.click()
    admin.sees("Prediction")
    admin.says(made)

    admin.follow("Monitor", "Monitor")
    figures = admin.page.locator("#predictions-now")
    expect(figures).to_have_text(re.compile(r"^\d"), timeout=LIMIT)
    before = figures.inner_text()
    instances = [example(site.port, token)] * 3
    ask(site.port, "/api/v1/predict", {"instances": instances}, token)
    expect(figures).to_have_text(str(int(before) + 3), timeout=LIMIT)
    admin.sees("Monitor")

    admin.follow("Users", "Users")
    choose(admin, "tim@example.com", "Revoke: no log-in, sessions and tokens end")
    admin.says("1 account revoked.")
    tim.go("/predictions/", "Log in")
    assert ask(site.port, "/api/v1/model", token=token)["status"] == 401
    tim.log_in("tim@example.com")
    tim.says("do not belong together")


def test_an_analyst_reads_and_does_not_write(site: Site, new_visitor: NewVisitor) -> None:
    ann, admin = new_visitor(), new_visitor()
    ann.sign_up("ann@example.com")
    ann.log_in("ann@example.com")
    expect(ann.page.get_by_role("link", name="Admin")).to_have_count(0)
    admin.log_in(EMAIL)
    admin.go("/admin/", "Admin")
    admin.follow("Users", "Users")
    admin.follow("ann@example.com", "Change user")
    admin.page.get_by_label("analyst").check()
    admin.press("Save", "Users")

    ann.go("/", "New prediction")
    made = predicted(ann)
    ann.follow("Admin", "Admin")
    ann.follow("Outcomes", "True outcomes")
    ann.says("Only an administrator can store outcomes.")
    expect(ann.main.get_by_label(f"True outcome of {made}")).to_be_disabled()
    expect(ann.main.get_by_role("button", name="Store the outcomes")).to_be_disabled()
    ann.follow("Users", "Users")
    ann.says("ann@example.com")
    expect(ann.page.get_by_role("link", name="Add user")).to_have_count(0)
    expect(ann.main.get_by_role("checkbox")).to_have_count(0)
    for page in ("Monitor", "Models", "Roles", "Tokens"):
        ann.follow(page)
