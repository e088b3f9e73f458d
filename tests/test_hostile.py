"""Names and values that browsers, frameworks and HTML would rather not have, in a real Chromium.

What the model names is typed, chosen, pasted, uploaded and told as an outcome, and is in the log
byte for byte.
"""

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from modeldesk.ml.labels import choices
from modeldesk.testing.hostile import NAMES, TEXTS, VALUES, kind_of
from playwright.sync_api import Browser, Download, Page, expect

from .browsing import LIMIT, Site, Visitor, chromium
from .helpers import Environments, ask, example, logged, need, run, served, sync
from .people import EMAIL, make_admin
from .rendering import render, write

FRAMEWORKS = [
    pytest.param(name, marks=pytest.mark.xdist_group(f"hostile {name}"))
    for name in ("flask", "django")
]
PUBLISH = "from modeldesk.testing.hostile import publish_hostile_model as p; p()"
ROUNDS = 5  # of rows in which every value stands for some feature of each family
COMMENT = "\n one\n\n two "
Row = dict[str, Any]


@pytest.fixture(scope="module", params=FRAMEWORKS)
def site(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    environments: Environments,
) -> Iterator[Site]:
    answers = {"framework": request.param, "database": "sqlite", "model": "own", "auth": False}
    project = write(
        render(answers | {"admin": True, "forms": True}),
        tmp_path_factory.mktemp("hostile") / "service",
    )
    settings = environments.of(request.param)
    sync(project, **settings)
    run(project, need("uv"), "run", "--quiet", "python", "-c", PUBLISH, **settings)
    with served(project, **settings) as (port, _):
        make_admin(project, **settings)
        yield Site(project, port)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def visitor(site: Site, browser: Browser) -> Iterator[Visitor]:
    context = browser.new_context(locale="en-GB")
    yield Visitor(site, context.new_page())
    context.close()


def rows(given: Row) -> list[Row]:
    """Rows in which each value stands for some feature; where it may, nothing does at times."""
    found = [dict(given) for _ in range(ROUNDS)]
    for family, values in {"category": VALUES, "open": VALUES, "text": TEXTS}.items():
        names = [name for name in NAMES if kind_of(name).startswith(family)]
        for turn, row in enumerate(found):
            for index, name in enumerate(names, turn * len(names)):
                row[name] = values[index % len(values)]
                if kind_of(name).endswith("gap") and (index % 7 == 0 or row[name] == ""):
                    row[name] = None
    return found


def lines(text: str) -> str:
    """A text as a control of several lines has it, which cannot tell line breaks apart."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def as_typed(row: Row) -> Row:
    """A row as it is when it was typed."""
    return {
        name: lines(value) if kind_of(name).startswith("text") and value else value
        for name, value in row.items()
    }


def typed(kind: str, value: str) -> str:
    """What is typed for a value: a known one that no control can hold as the hint has it."""
    same = kind.startswith("open") and lines(value) != value and lines(value) in VALUES
    return json.dumps(value) if same else value


def type_in(page: Page, row: Row) -> None:
    for index, name in enumerate(NAMES):
        control, value, kind = page.locator(f"#feature-{index}"), row[name], kind_of(name)
        if kind.startswith("category"):
            control.select_option(index=0 if value is None else VALUES.index(value) + 1)
        elif kind == "boolean":
            control.select_option(label="Yes" if value else "No")
        else:
            control.fill("" if value is None else typed(kind, str(value)))


def made(visitor: Visitor) -> Row:
    """What the log has of the prediction whose page is shown."""
    expect(visitor.page).to_have_url(re.compile(r"/predictions/[0-9a-f-]{36}$"), timeout=LIMIT)
    found: Row = ask(visitor.site.port, f"/api/v1/predictions/{visitor.page.url[-36:]}")
    return found


def as_cells(row: Row) -> Row:
    """A row as it comes from a file: an empty cell is the level "", else a gap where there are."""
    found = dict(row)
    for name, value in row.items():
        kind = kind_of(name)
        if kind in ("category or gap", "open or gap") and value is None:
            found[name] = ""
        if kind == "text or gap" and not str(value).strip():
            found[name] = None
    return found


def as_csv(*given: Row) -> str:
    """Rows as a file, where booleans are true and false."""
    text = io.StringIO()
    write = csv.writer(text).writerow
    write(given[0])
    for row in given:
        write(str(v).lower() if isinstance(v, bool) else v for v in row.values())
    return text.getvalue()


def read_csv(download: Download, path: Path) -> list[dict[str, str]]:
    download.save_as(path)
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_what_is_typed_is_predicted_and_told(visitor: Visitor) -> None:
    visitor.log_in(EMAIL)
    given, classes = rows(example(visitor.site.port)), sorted(VALUES)
    for turn, row in enumerate(given):
        visitor.go("/", "New prediction")
        visitor.main.get_by_text(f"Type the {len(NAMES)} values").click()
        type_in(visitor.page, row)
        visitor.press("Predict")
        entry = made(visitor)
        assert entry["inputs"] == as_typed(row)
        assert entry["value"] == row[NAMES[0]]
        outcome = VALUES[turn]
        visitor.page.locator("#actual").select_option(index=classes.index(outcome) + 1)
        visitor.fill(Comment=COMMENT)
        visitor.press("Report the outcome")
        told = made(visitor)["feedback"]
        assert (told["actual"], told["comment"]) == (outcome, COMMENT)
        expect(visitor.page.locator("blockquote")).to_have_text(COMMENT, use_inner_text=True)
    visitor.go("/predictions/", "History")
    visitor.go("/model", "Model")


def test_no_two_fields_are_called_the_same(visitor: Visitor) -> None:
    visitor.go("/", "New prediction")
    called = visitor.page.locator("#values label").all_text_contents()
    looks = {" ".join(text.split()) for text in called}
    assert len(looks) == len(called) == len(NAMES)


@pytest.mark.parametrize("form", ["object", "line"])
def test_a_row_that_is_pasted_is_predicted(visitor: Visitor, form: str) -> None:
    row = rows(example(visitor.site.port))[1]
    text = json.dumps(row)
    if form == "line":  # without headings, as line breaks cannot be told apart there
        named = {" ".join(name.split()) for name in NAMES}
        for name, value in row.items():
            if "\r" in str(value) or " ".join(str(value).split()) in named:
                row[name] = "spam"
        text = as_csv(row).partition(f"{NAMES[-1]}\r\n")[2]
        row = as_cells(row)
    visitor.go("/", "New prediction")
    visitor.fill(A_row_from_a_spreadsheet=text)
    visitor.press("Fill in", "New prediction")
    visitor.says(f"{len(NAMES)} of {len(NAMES)} values are filled in.")
    visitor.main.get_by_role("button", name="Predict", exact=True).first.click()
    assert made(visitor)["inputs"] == as_typed(row)


def test_a_file_that_is_uploaded_is_predicted(visitor: Visitor, tmp_path: Path) -> None:
    given = rows(example(visitor.site.port))
    visitor.go("/", "New prediction")
    (tmp_path / "rows.csv").write_text(as_csv(*given), "utf-8", newline="")
    visitor.page.get_by_label("A CSV file", exact=True).set_input_files(tmp_path / "rows.csv")
    with visitor.page.expect_download() as download:
        visitor.page.get_by_role("button", name="Predict the file").click()
    found = read_csv(download.value, tmp_path / "answers.csv")
    assert [row["prediction_2"] for row in found] == [row[NAMES[0]] for row in given]
    entries = sorted(logged(visitor.site.port), key=lambda entry: entry["id"])[-len(given) :]
    assert [entry["inputs"] for entry in entries] == [as_cells(row) for row in given]


def test_outcomes_are_told_and_found_in_the_admin(visitor: Visitor, tmp_path: Path) -> None:
    port, given = visitor.site.port, rows(example(visitor.site.port))
    answer = ask(port, "/api/v1/predict", {"instances": given})
    ids = [one["id"] for one in answer["predictions"]]
    outcomes = dict(zip(ids, (" spam", "", "a\nb", '"spam"', "e\u0301"), strict=True))
    visitor.log_in(EMAIL)
    visitor.go("/admin/feedback", "True outcomes")
    for one, outcome in outcomes.items():
        choice = visitor.page.get_by_label(f"True outcome of {one}")
        choice.select_option(index=sorted(VALUES).index(outcome) + 1)
        visitor.page.get_by_label(f"Comment on {one}").fill(COMMENT)
    visitor.press("Store the outcomes", "True outcomes")
    visitor.says("5 outcomes were stored.")
    entries = {entry["id"]: entry for entry in logged(port)}
    told = {one: entries[one]["feedback"] for one in ids}
    assert {one: feedback["actual"] for one, feedback in told.items()} == outcomes
    assert {feedback["comment"] for feedback in told.values()} == {COMMENT}

    for label in (" spam", "", "a\r\nb"):
        ask(port, "/api/v1/predict", {"instances": [given[0] | {NAMES[0]: label}]})
        visitor.go("/admin/", "Admin")
        visitor.follow("Predictions", "Predictions")
        shown = choices(sorted(VALUES))[label]
        if (chosen := visitor.page.get_by_label("Class")).count():
            chosen.select_option(index=sorted(VALUES).index(label) + 1)
            visitor.press("Search", "Predictions")
        else:
            visitor.page.locator("[data-filter-title=class]").get_by_role(
                "link", name=shown, exact=True
            ).first.click()
        with visitor.page.expect_download() as download:
            visitor.page.get_by_role("link", name="Export as CSV").click()
        found = read_csv(download.value, tmp_path / "found.csv")
        assert {row["prediction"] for row in found} == {label}
        wanted = {entry["id"]: entry for entry in logged(port) if entry["value"] == label}
        assert {row["id"] for row in found} == wanted.keys()
        for row in found:
            for name in NAMES:
                value = wanted[row["id"]]["inputs"][name]
                column = (
                    f"input {name}" if name in ("id", "comment", "actual", "prediction") else name
                )
                if kind_of(name).startswith(("category", "open")):
                    assert row[column] == (value or ""), (name, value)
    visitor.go("/admin/monitor", "Monitor")
    expect(visitor.page.locator("#predictions-now")).to_have_text(re.compile(r"^\d"), timeout=LIMIT)
