"""The admin as staff meet it: predictions, outcomes, versions, and the live monitor."""

import csv
import io
import json
import uuid
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from ..page import Element, Page
from .asking import Instance, Predict, in_form, parts_of, typed_outcome

pytestmark = pytest.mark.part("admin")

FEEDBACK = "/admin/feedback"
MODELS = "/admin/models"
PAGES = ["/admin/", "/admin/monitor", FEEDBACK, MODELS]
EVENTS = "/admin/monitor/events"


def table_of(browser: httpx.Client, name: str) -> str:
    """The address of a table."""
    links = [
        link for link in Page(browser.get("/admin/").text).all("a") if "href" in link.attributes
    ]
    found = {link["href"] for link in links if link.text.strip() == name}
    (address,) = {urlsplit(address).path for address in found if "/admin/" in address}
    return address


@pytest.fixture
def table(browser: httpx.Client) -> str:
    """The address of the table of predictions."""
    return table_of(browser, "Predictions")


def searched(browser: httpx.Client, table: str, words: str) -> Page:
    """The table after a search."""
    page = Page(browser.get(table).text)
    box = next(e for e in page.all("input") if e.attributes.get("name") in ("q", "search"))
    response = browser.get(table, params={box["name"]: words})
    assert response.status_code == 200
    return Page(response.text)


def export_link(page: Page) -> Element:
    return next(link for link in page.all("a") if "CSV" in link.text)


def exported(browser: httpx.Client, address: str) -> list[dict[str, str]]:
    response = browser.get(address)
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/csv")
    assert response.headers["Content-Disposition"].startswith("attachment")
    return list(csv.DictReader(io.StringIO(response.text, newline="")))


@pytest.mark.parametrize("path", [*PAGES, EVENTS])
def test_nobody_is_let_in(stranger: httpx.Client, path: str) -> None:
    response = stranger.get(path, follow_redirects=True)
    assert response.history
    assert response.url.path == "/accounts/login"
    assert stranger.post(FEEDBACK, data={}).status_code in (302, 303, 403)


@pytest.mark.parametrize("path", PAGES)
def test_pages_of_staff(browser: httpx.Client, path: str) -> None:
    response = browser.get(path)
    assert response.status_code == 200
    page = Page(response.text)
    for script in page.all("script"):
        assert browser.get(script["src"]).status_code == 200
    for style in page.all("link", rel="stylesheet"):
        assert browser.get(style["href"]).status_code == 200


def test_a_prediction_is_found_and_exported(
    browser: httpx.Client, client: httpx.Client, table: str, predict: Predict, good: Instance
) -> None:
    request_id = f"order-{uuid.uuid4().hex}"
    predict(good, headers={"X-Request-ID": "another"})
    made = predict(good, good, headers={"X-Request-ID": request_id}).json()["predictions"]
    for words in (request_id, request_id[:-4]):
        page = searched(browser, table, words)
        rows = exported(browser, export_link(page)["href"])
        assert [row["id"] for row in rows] == [p["id"] for p in reversed(made)]
    (row, *_) = rows
    entry = client.get(f"/api/v1/predictions/{row['id']}").json()
    assert row["request_id"] == request_id
    assert row["model_version"] == entry["model_version"]
    assert {text for name, text in row.items() if name.startswith("actual")} == {""}
    assert row.get("prediction_score", "") == str(entry.get("score", ""))
    for name, value in good.items():
        assert row[name] == (str(value).lower() if isinstance(value, bool) else str(value))
    assert any(row["id"] in element.attributes.get("href", "") for element in page.all("a"))
    nothing = searched(browser, table, uuid.uuid4().hex)
    assert exported(browser, export_link(nothing)["href"]) == []


def test_a_search_for_people_ignores_case(
    browser: httpx.Client, administrator: dict[str, str]
) -> None:
    email, users = administrator["email"], table_of(browser, "Users")
    for words in (email, email.swapcase()):
        cells = searched(browser, users, words).all("td", "th")
        assert any(email in cell.text for cell in cells)


@pytest.mark.part("auth")  # else nobody is known to have asked
def test_a_search_for_who_asked_ignores_case(
    browser: httpx.Client,
    administrator: dict[str, str],
    table: str,
    predict: Predict,
    good: Instance,
) -> None:
    email = administrator["email"]
    (made,) = predict(good).json()["predictions"]
    for words in (email, email.swapcase()):
        rows = exported(browser, export_link(searched(browser, table, words))["href"])
        assert rows[0]["id"] == made["id"]


def test_outcomes_are_entered_in_the_table(
    browser: httpx.Client, client: httpx.Client, predict: Predict, good: Instance, outcome: Any
) -> None:
    one, two, three = (p["id"] for p in predict(good, good, good).json()["predictions"])
    typed = Page(browser.get(FEEDBACK).text).typed()
    told = in_form(typed_outcome(outcome))
    assert {f"{name}:{i}" for name in [*told, "comment"] for i in (one, two, three)} <= set(typed)
    typed |= {f"{name}:{one}": text for name, text in told.items()}
    typed |= {f"comment:{one}": "as it was"}
    without = {name: text for name, text in typed.items() if not name.startswith("csrf")}
    assert browser.post(FEEDBACK, data=without).status_code in (400, 403)
    assert client.get(f"/api/v1/predictions/{one}").json()["feedback"] is None
    wrong = typed | {f"{name}:{two}": "no such outcome" for name in told}
    wrong |= {f"comment:{three}": "alone"}
    response = browser.post(FEEDBACK, data=wrong)
    assert response.status_code == 422
    page = Page(response.text)
    assert page.one("p", id=f"fault-{two}").text.strip()
    assert page.one("p", id=f"fault-{three}").text.strip()
    assert page.value(page.one("textarea", name=f"comment:{three}")) == "alone"
    kept = [client.get(f"/api/v1/predictions/{i}").json()["feedback"] for i in (one, two, three)]
    assert (kept[0]["actual"], kept[0]["comment"]) == (outcome, "as it was")
    assert kept[1:] == [None, None]
    again = Page(browser.get(FEEDBACK).text).typed()
    assert f"comment:{one}" not in again
    again |= {f"{name}:{two}": text for name, text in told.items()}
    response = browser.post(FEEDBACK, data=again)
    assert response.status_code in (302, 303)
    assert client.get(f"/api/v1/predictions/{two}").json()["feedback"]["actual"] == outcome


def test_outcomes_come_from_a_file(
    browser: httpx.Client, client: httpx.Client, predict: Predict, good: Instance, outcome: Any
) -> None:
    one, two = (p["id"] for p in predict(good, good).json()["predictions"])
    token = Page(browser.get(FEEDBACK).text).csrf

    def upload(text: str) -> httpx.Response:
        return browser.post(FEEDBACK, data=token, files={"file": ("outcomes.csv", text)})

    told = typed_outcome(outcome)
    names, texts = ",".join(told), ",".join(told.values())
    for text in ("", "id\n", f"id,{names},colour\n", "\x00\xff"):
        assert upload(text).status_code == 422
    bad = ",".join(["no such outcome"] * len(told))
    partly = upload(f"id,{names},comment\n{one},{texts},from a file\n{two},{bad},\n")
    assert partly.status_code == 422
    assert "Row 2" in Page(partly.text).text
    kept = client.get(f"/api/v1/predictions/{one}").json()["feedback"]
    assert (kept["actual"], kept["comment"]) == (outcome, "from a file")
    assert upload(f"{names},id\n{texts},{two}\n").status_code in (302, 303)
    assert client.get(f"/api/v1/predictions/{two}").json()["feedback"]["actual"] == outcome


def test_an_export_is_taken_back(
    browser: httpx.Client, client: httpx.Client, predict: Predict, good: Instance, outcome: Any
) -> None:
    request_id = f"export-{uuid.uuid4().hex}"
    predict(good, good, headers={"X-Request-ID": request_id})
    found = searched(browser, table_of(browser, "Predictions"), request_id)
    link = export_link(found)["href"]
    first, second = exported(browser, link)
    first |= typed_outcome(outcome) | {"comment": "'=1+1"}
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, first)
    writer.writeheader()
    writer.writerows([first, second])
    token, files = Page(browser.get(FEEDBACK).text).csrf, {"file": ("back.csv", text.getvalue())}
    for _ in range(2):  # the second time there is nothing new in it
        response = browser.post(FEEDBACK, data=token, files=files)
        assert response.status_code in (302, 303), Page(response.text).text
    told = client.get(f"/api/v1/predictions/{first['id']}").json()["feedback"]
    assert (told["actual"], told["comment"]) == (outcome, "=1+1")
    assert client.get(f"/api/v1/predictions/{second['id']}").json()["feedback"] is None
    assert exported(browser, link)[0]["comment"] == "'=1+1"


def test_the_version_that_is_served(browser: httpx.Client, model: dict[str, Any]) -> None:
    assert model["version"] in Page(browser.get(MODELS).text).text


def test_what_cannot_be_done_with_versions(
    browser: httpx.Client, client: httpx.Client, model: dict[str, Any]
) -> None:
    token, current = Page(browser.get(MODELS).text).csrf, model["version"]
    for typed, says in (
        ({}, "Choose what to do."),
        ({"action": "promote"}, "Choose a version."),
        ({"action": "promote", "new": "none"}, "has no version 'none'"),
        ({"action": "promote", "new": current}, "is the current one already."),
        ({"action": "shadow", "new": current}, "is the current one"),
        ({"action": "roll_back", "old": "another"}, "Nothing is changed"),
    ):
        response = browser.post(MODELS, data=token | typed)
        assert response.status_code == 422
        assert says in Page(response.text).one("p", role="alert").text
        assert browser.post(MODELS, data=typed).status_code == 403
    for asked, says in (({"new": ""}, "Choose a version."), ({"new": current}, "with itself")):
        response = browser.get(MODELS, params=asked)
        assert response.status_code == 422
        assert says in Page(response.text).one("p", role="alert").text
    assert client.get("/api/v1/model").json()["version"] == current


def events(browser: httpx.Client, count: int) -> list[dict[str, Any]]:
    """The first events of the stream."""
    found: list[dict[str, Any]] = []
    address = str(browser.base_url.join(EVENTS))
    with httpx.stream("GET", address, cookies=browser.cookies, timeout=30) as stream:
        assert stream.status_code == 200
        assert stream.headers["Content-Type"].partition(";")[0] == "text/event-stream"
        assert "no-cache" in stream.headers["Cache-Control"]
        for line in stream.iter_lines():
            if line.startswith("data: "):
                found.append(json.loads(line.removeprefix("data: ")))
                if len(found) == count:
                    break
    return found


def test_the_events_of_the_monitor(
    browser: httpx.Client, model: dict[str, Any], predict: Predict, good: Instance
) -> None:
    predict(good)
    first, second = events(browser, 2)
    for event in (first, second):
        assert event["requests"]["2xx"] > 0
        assert set(event["latency_ms"]) == {"p50", "p95"}
        assert 0 < event["predictions"] <= 1000
        assert sum(event["outputs"].values()) == event["predictions"]
        assert 0 <= event["feedback_share"] <= 1
        assert event["score"]["name"]
        assert set(event["drift"]) == {feature["name"] for feature in model["features"]}
    assert first["per_second"] is None
    assert second["per_second"] >= 0
    if classes := parts_of(model)[0]["classes"]:
        assert len(first["outputs"]) == len(classes)
