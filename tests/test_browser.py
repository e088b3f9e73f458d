"""What people do with a service, in a real Chromium: both frameworks, of them one on MongoDB."""

import contextlib
import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Download, expect

from .browsing import LIMIT, Site, Visitor, chromium
from .helpers import (
    Environments,
    Models,
    ask,
    example,
    logged,
    need,
    predict_example,
    run,
    served,
    sync,
)
from .people import EMAIL, make_admin
from .rendering import render, write
from .servers import Databases

ANSWERS = {"auth": True, "admin": True, "forms": True}


def site_of(framework: str, database: str, model: str) -> Any:
    """The parameter of a fixture that serves a project with everything on."""
    return pytest.param(
        {"framework": framework, "database": database, "model": model} | ANSWERS,
        id=f"{framework}-{database}",
        marks=pytest.mark.xdist_group(f"browser {framework}"),
    )


SITES = [site_of("flask", "mongodb", "classification"), site_of("django", "sqlite", "regression")]
ON_SQLITE = [site_of(framework, "sqlite", "regression") for framework in ("flask", "django")]
WIDE = """
import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge
from my_service.ml import publish

genes = [f"gene_{number}" for number in range(2000)]
X = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 2000)).round(3), columns=genes)
y = X[genes[:9]].sum(axis=1).rename("expression")
publish(Ridge().fit(X, y), X, y, name="genes")
"""
NEXT = """
import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge
from my_service.ml import publish

X = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 2)).round(3), columns=["mood", "sleep"])
y = X.sum(axis=1).rename("joy")
print(publish(Ridge().fit(X, y), X, y, name="moods", test=(X, y), promote=False).version)
"""
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
    models: Models,
) -> Iterator[Site]:
    answers = request.param
    project = write(render(answers), tmp_path_factory.mktemp("browser") / "service")
    with databases.fresh(answers["database"]) as fresh:
        settings = fresh | environments.of(answers["framework"])
        sync(project, **settings)
        models.train(project, answers["model"], **settings)
        with served(project, **settings) as (port, _):
            make_admin(project, **settings)
            yield Site(project, port)


@pytest.fixture(scope="module", params=ON_SQLITE[1:])
def wide_site(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    environments: Environments,
) -> Iterator[Site]:
    """Of a model with 2,000 features."""
    answers = request.param | {"model": "own"}
    project = write(render(answers), tmp_path_factory.mktemp("wide") / "service")
    settings = environments.of(answers["framework"])
    sync(project, **settings)
    run(project, need("uv"), "run", "--quiet", "python", "-c", WIDE, **settings)
    with served(project, **settings) as (port, _):
        make_admin(project, **settings)
        yield Site(project, port)


@dataclass
class TwoVersions(Site):
    """The first is current; the `second` one takes other columns."""

    second: str = ""


@pytest.fixture(scope="module", params=ON_SQLITE)
def two_versions(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    environments: Environments,
    models: Models,
) -> Iterator[TwoVersions]:
    project = write(render(request.param), tmp_path_factory.mktemp("versions") / "service")
    settings = environments.of(request.param["framework"])
    sync(project, **settings)
    models.train(project, request.param["model"], **settings)
    with served(project, **settings) as (port, _):
        make_admin(project, **settings)
        said = run(project, need("uv"), "run", "--quiet", "python", "-c", NEXT, **settings)
        yield TwoVersions(project, port, second=said.split()[-1])


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


def example_row(visitor: Visitor, folder: Path) -> dict[str, str]:
    """What the page offers as an example of a file."""
    with visitor.page.expect_download() as download:
        visitor.page.get_by_role("link", name="Example file").click()
    (row,) = downloaded(download.value, folder / "example.csv")
    return row


def downloaded(download: Download, path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    download.save_as(path)
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def paste(visitor: Visitor, row: dict[str, str]) -> None:
    """Copy a row with its header from a spreadsheet."""
    visitor.fill(A_row_from_a_spreadsheet="\n".join(map("\t".join, (row, row.values()))))
    visitor.press("Fill in")


def upload(visitor: Visitor, rows: list[dict[str, str]], folder: Path) -> list[dict[str, str]]:
    """Send rows as a CSV file, and read the one that comes back."""
    with (folder / "rows.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    visitor.page.get_by_label("A CSV file", exact=True).set_input_files(folder / "rows.csv")
    with visitor.page.expect_download() as download:
        visitor.page.get_by_role("button", name="Predict the file").click()
    return downloaded(download.value, folder / "answers.csv")


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


def test_a_person_pastes_a_row_and_uploads_a_file(new_visitor: NewVisitor, tmp_path: Path) -> None:
    pat = new_visitor()
    pat.sign_up("pat@example.com")
    pat.log_in("pat@example.com")
    pat.go("/", "New prediction")
    more = pat.main.get_by_text("Paste a row, or upload a file")
    more.click()
    row = example_row(pat, tmp_path)
    first = next(iter(row))
    paste(pat, {"noted": "Tuesday"} | row | {first: "much"})
    pat.sees("Error: New prediction")
    pat.says("The model does not take noted.")
    typed = pat.main.get_by_role("textbox").first
    expect(typed).to_be_focused()
    expect(typed).to_have_value("much")
    more.click()
    paste(pat, row)
    pat.says(f"{len(row)} of {len(row)} values are filled in.")
    expect(typed).to_have_value(row[first])
    pat.press("Predict")
    expect(pat.page).to_have_url(re.compile(r"/predictions/[0-9a-f-]{36}$"), timeout=LIMIT)

    pat.go("/", "New prediction")
    more.click()
    found = upload(pat, [row, row | {first: "much"}, row], tmp_path)
    assert [bool(answer["prediction"]) for answer in found] == [True, False, True]
    assert "(it was 'much')" in found[1]["prediction_error"]
    pat.follow("History", "History")
    expect(pat.main.get_by_role("row")).to_have_count(4)  # one is the head

    pat.go("/", "New prediction")
    more.click()
    pat.page.get_by_label("A CSV file", exact=True).set_input_files(
        {"name": "picture.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n"}
    )
    pat.press("Predict the file", "Error: New prediction")
    pat.says("picture.png is not utf-8 text")
    expect(pat.page.get_by_label("A CSV file", exact=True)).to_be_focused()


def test_a_model_of_many_columns_is_used(wide_site: Site, browser: Browser, tmp_path: Path) -> None:
    with contextlib.closing(browser.new_context(locale="en-GB")) as context:
        kim = Visitor(wide_site, context.new_page())
        kim.log_in(EMAIL)
        kim.go("/", "New prediction")
        gene = kim.page.get_by_label("Gene 1999", exact=True)
        expect(gene).to_be_hidden()
        row = example_row(kim, tmp_path)
        assert len(row) == 2000
        paste(kim, row)
        kim.says("2,000 of 2,000 values are filled in.")
        expect(gene).to_have_value(row["gene_1999"])
        kim.main.get_by_role("button", name="Predict", exact=True).first.click()
        kim.sees("Expression: ")
        value = kim.main.get_by_text(row["gene_1999"], exact=True).last
        expect(value).to_be_hidden()
        kim.main.get_by_text("Show all 2,000").click()
        expect(value).to_be_visible()

        kim.follow("Predict", "New prediction")
        paste(kim, row | {"gene_7": "much"})
        kim.sees("Error: New prediction")
        expect(kim.page.get_by_label("Gene 7", exact=True)).to_be_focused()
        kim.go("/", "New prediction")
        found = upload(kim, [row] * 100, tmp_path)
        assert len({answer["prediction"] for answer in found} - {""}) == 1
        assert len(found) == 100

        kim.go("/docs", "API")
        kim.follow("Admin", "Admin")
        kim.follow("Predictions", "Predictions")
        kim.says("And 1,980 more")
        kim.follow("Outcomes", "True outcomes")
        kim.follow("Monitor", "Monitor")
        figures = kim.page.locator("#predictions-now")
        expect(figures).to_have_text(re.compile(r"^\d"), timeout=LIMIT)


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


def test_an_admin_promotes_a_version_and_rolls_back(
    two_versions: TwoVersions, browser: Browser
) -> None:
    with contextlib.closing(browser.new_context(locale="en-GB")) as context:
        admin, second = Visitor(two_versions, context.new_page()), two_versions.second
        admin.log_in(EMAIL)
        made = predicted(admin)
        admin.follow("Model", "Model")
        first = admin.main.get_by_role("row", name="served").locator("code").inner_text()
        admin.says("What it is not for")
        shares = admin.main.get_by_role("row", name=first).get_by_role("meter")
        expect(shares).to_have_attribute("value", "1.0000")

        admin.follow("Admin", "Admin")
        admin.follow("Models", "Versions of the model")
        admin.press(f"Run {second} as shadow", "Versions of the model")
        admin.says("runs in the shadow: its answers are logged")
        admin.press("End the shadow", "Versions of the model")
        admin.says("runs in the shadow no more")
        admin.page.get_by_label("Compare", exact=True).select_option(first)
        admin.page.get_by_label("with", exact=True).select_option(second)
        admin.press("Compare", "Versions of the model")
        admin.says("'mood' is needed, and rows without it are refused")
        admin.looked_at.clear()  # so that this one is looked at, too
        admin.sees("Versions of the model")

        admin.press(f"Promote {second}", "Versions of the model")
        expect(admin.page.get_by_role("alert")).to_contain_text(f"breaks callers of {first}")
        assert ask(two_versions.port, "/readyz")["model"]["version"] == first
        admin.page.get_by_label("Promote all the same").check()
        admin.press(f"Promote {second}", "Versions of the model")
        admin.says(f"Version {second} is current, although it breaks callers of {first}.")
        admin.go("/", "New prediction")
        expect(admin.main.get_by_label("Mood")).to_be_visible()
        assert predicted(admin) != made
        admin.says("Joy")
        admin.follow("Model", "Model")
        expect(admin.page.get_by_role("heading", level=1)).to_have_text("moods")

        admin.go("/admin/models", "Versions of the model")
        admin.press(f"Roll back to {first}", "Versions of the model")
        admin.says(f"Version {first} is current again, in place of {second}.")
        admin.go("/", "New prediction")
        expect(admin.main.get_by_label("Mood")).to_have_count(0)
        admin.go(f"/predictions/{made}")
        admin.sees()
