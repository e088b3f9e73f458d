"""The page of the model: what it is, what it leans on, and how its versions do."""

import re
from typing import Any

import httpx
import pytest

from ..page import Page
from .asking import Instance, Predict

pytestmark = pytest.mark.part("forms")

SHOWN = 30  # features


def read(browser: httpx.Client) -> Page:
    response = browser.get("/model")
    assert response.status_code == 200
    return Page(response.text)


def test_what_the_model_is(browser: httpx.Client, model: dict[str, Any]) -> None:
    page = read(browser)
    assert page.one("h1").text == model["name"]
    assert page.one("a", href="/model", **{"aria-current": "page"})
    facts = dict(zip([e.text for e in page.all("dt")], page.all("dd"), strict=True))
    assert facts["Version"].text == model["version"]
    for name, value in model["metrics"].items():
        assert float(facts[name.replace("_", " ")].text) == round(value, 4)
    assert page.one("section", class_="notice").text.count(".") >= 1


def test_its_features_by_importance(browser: httpx.Client, model: dict[str, Any]) -> None:
    page = read(browser)
    labels = [f["description"] or f["name"].replace("_", " ") for f in model["features"]]
    shown = [e.text.strip() for e in page.all("label") if not e.text.strip()[0].isdigit()]
    shown = shown[-min(SHOWN, len(labels)) :]
    assert len(shown) == min(SHOWN, len(labels))
    wanted = {label[:1].upper() + label[1:] for label in labels}
    assert all(any(text.startswith(label) for label in wanted) for text in shown)
    drops = [float(found[1]) for text in shown if (found := re.search(r"(-?\d\.\d{3})$", text))]
    assert drops == sorted(drops, reverse=True)
    for feature in model["features"][:SHOWN]:
        if len(labels) <= SHOWN:
            assert feature["unit"] is None or feature["unit"] in page.text


def test_the_figures_of_use(
    browser: httpx.Client, model: dict[str, Any], predict: Predict, good: Instance
) -> None:
    def made() -> int:
        (cell,) = [e for e in read(browser).all("label") if e.text.strip()[:1].isdigit()][:1]
        return int(cell.text.split()[0].replace(",", ""))

    predict(good)
    before = made()
    predict(*[good] * 3)
    assert made() == before + 3
    (row, *_) = [e for e in read(browser).all("tr") if model["version"] in e.text]
    assert "served" in row.text
    assert re.search(r"[\d.]+ ms", row.text)


def test_nothing_is_sent_to_it(browser: httpx.Client) -> None:
    assert browser.head("/model").status_code == 200
    response = browser.post("/model")
    assert response.status_code in (403, 405)
    assert browser.put("/model").headers["Allow"] == "GET, HEAD"
