"""The pages as a person without JavaScript meets them: form, result, feedback, history."""

import re
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from ..page import CONTROLS, Element, Page, control_name, errors_of
from .asking import (
    Instance,
    NewBrowser,
    Predict,
    in_form,
    number_of,
    of_features,
    same,
    send,
    shares_of,
    typed_outcome,
)

pytestmark = pytest.mark.part("forms")

NOWHERE = "00000000-0000-7000-8000-000000000000"
ODD = "\"'><script>alert(1)</script>&amp;<b>é 漢字 😀 {" + "{ 7*7 }" + "} {" + "% x %}"


def labelled(parts: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """The name and the label of each feature or target."""
    pairs = [(one["name"], one["description"] or one["name"].replace("_", " ")) for one in parts]
    return [(name, label[0].upper() + label[1:]) for name, label in pairs]


def texts(model: dict[str, Any]) -> list[tuple[str, str]]:
    """The name and the label of each feature."""
    return labelled(model["features"])


def shown(value: Any) -> str:
    """A value as pages write it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return ", ".join(f"{name} {shown(number)}" for name, number in value.items())
    return f"{value:.7g}" if isinstance(value, float) else str(value)


def said(model: dict[str, Any], value: Any) -> str:
    """An answer, or a true one, as pages write it."""
    name = (model["output"]["names"] or {}).get(shown(value))
    return f"{name} ({shown(value)})" if name else shown(value)


def forms(page: Page) -> list[Element]:
    """Those whose values are typed."""
    return page.all("form", id="values")


def test_the_form_shows_every_feature(browser: httpx.Client, model: dict[str, Any]) -> None:
    page = Page(browser.get("/").text)
    controls = [c for c in page.all(*CONTROLS) if c.attributes.get("id", "").startswith("feature-")]
    assert [control["name"] for control in controls] == [
        control_name(feature["name"]) for feature in model["features"]
    ]
    for control, feature, (_, label) in zip(controls, model["features"], texts(model), strict=True):
        words = page.one("label", for_=control["id"]).text.split()
        assert " ".join(words).startswith(label)
        assert (feature["unit"] or "") in " ".join(words)
        assert ("(optional)" in words) is feature["missing"]
        if feature["type"] != "text":  # which may be empty
            assert ("required" in control.attributes) is not feature["missing"]
        if isinstance(feature["example"], float):
            assert float(page.value(control)) == feature["example"]
        else:
            assert page.value(control) == shown(feature["example"])
        if feature["type"] in ("number", "integer"):
            hint = page.one("p", id=f"{control['id']}-hint").text
            low, high = shown(feature["min"]), shown(feature["max"])
            assert hint.removeprefix("Usually ") == f"{low} to {high}"
            assert f"{control['id']}-hint" in control["aria-describedby"].split()
            assert control["inputmode"] in ("numeric", "decimal")
        elif feature["type"] == "date":
            hint = page.one("p", id=f"{control['id']}-hint").text
            assert control["type"] == "date"
            assert hint.removeprefix("Usually ") == f"{feature['min']} to {feature['max']}"
        elif feature["categories"] and feature["outside"] == "refuse":
            values = [option["value"] for option in page.options(control)]
            assert values == ["", *feature["categories"]]


def test_all_that_a_page_needs(browser: httpx.Client) -> None:
    page = Page(browser.get("/").text)
    (form,) = forms(page)
    assert form["method"] == "post"
    assert page.all("button", type="submit")
    assert page.all("link", rel="stylesheet")
    for style in page.all("link", rel="stylesheet"):
        assert browser.get(style["href"]).headers["Content-Type"].startswith("text/css")
    icon = page.one("link", rel="icon")
    assert browser.get(icon["href"]).headers["Content-Type"].startswith("image/svg")
    assert page.one("a", class_="skip")["href"] == "#content"


def test_from_the_form_to_the_result(
    browser: httpx.Client, client: httpx.Client, model: dict[str, Any], good: Instance
) -> None:
    response = send(browser, "/")
    assert response.status_code == 303
    identifier = response.headers["Location"].rpartition("/")[2]
    assert response.headers["Location"] == f"/predictions/{identifier}"
    page = Page(browser.get(response.headers["Location"]).text)
    entry = client.get(f"/api/v1/predictions/{identifier}").json()
    assert entry["inputs"] == pytest.approx(good)
    assert entry["request_id"] == response.headers["X-Request-ID"]
    output, value = model["output"], entry["value"]
    parts = [(t["unit"], value[t["name"]]) for t in output["targets"] or []]
    parts = parts or [(output["unit"], value)]
    wanted = [f"{said(model, answer)} {unit or ''}" for unit, answer in parts]
    results = [" ".join(e.text.split()) for e in page.all("p", class_="value")]
    assert results == [" ".join(text.split()) for text in wanted]
    assert model["version"] in page.text
    if score := entry.get("score"):
        assert f"Its score is {shown(score)}; an anomaly is below" in page.text
    listed = {e.text.strip() for e in page.all("dt")}
    assert {label for _, label in texts(model)} <= listed
    values = [" ".join(e.text.split()) for e in page.all("dd")]
    for value, feature in zip(values, model["features"], strict=False):
        assert value == f"{shown(good[feature['name']])} {feature['unit'] or ''}".strip()
    meters = page.all("meter")
    shares = shares_of(entry)
    assert sorted(float(m["value"]) for m in meters) == pytest.approx(
        sorted(shares.values()), abs=1e-4
    )
    targets = dict(labelled(output["targets"] or []))
    for names, share in shares.items():
        words = ": ".join(targets.get(name, name) for name in names)
        assert f"{words} {share * 100:.1f} %" in page.text


def test_the_form_and_the_api_agree(
    browser: httpx.Client, client: httpx.Client, predict: Predict, good: Instance
) -> None:
    location = send(browser, "/").headers["Location"]
    typed = client.get(f"/api/v1{location}").json()["value"]
    assert same(typed, predict(good).json()["predictions"][0]["value"])


def test_errors_stand_beside_the_fields(browser: httpx.Client, model: dict[str, Any]) -> None:
    feature = number_of(model)["name"]
    name, label = control_name(feature), dict(texts(model))[feature]
    before = Page(browser.get("/").text).typed()
    names = of_features(dict(texts(model)))
    typed = {n: value for n, value in before.items() if n in names}
    typed = {n: f" {value} " if n == name else value for n, value in typed.items()}
    response = send(browser, "/", **typed | {name: ODD})
    assert response.status_code == 422
    page = Page(response.text)
    assert list(errors_of(page)) == [name]
    assert errors_of(page)[name].startswith(label)
    assert [c["name"] for c in page.all(*CONTROLS) if "autofocus" in c.attributes] == [name]
    kept = page.typed()
    assert {n: kept[n] for n in typed} == typed | {name: ODD}
    assert page.one("title").text.startswith("Error: ")
    control = next(c for c in page.all(*CONTROLS) if c["name"] == name)
    alert = page.one("section", role="alert")
    assert label in alert.text
    assert page.all("a", href=f"#{control['id']}")
    assert "49" not in page.one("main").text.replace(ODD, "").split()


def refuses(control: Element, text: str) -> bool:
    """Whether a browser keeps this text from being sent."""
    if not text:
        return "required" in control.attributes
    return not re.fullmatch(control.attributes.get("pattern", ".*"), text)


def test_what_browsers_refuse_is_refused(browser: httpx.Client, model: dict[str, Any]) -> None:
    """And no number is among it."""
    page = Page(browser.get("/").text)
    controls = {control["name"]: control for control in page.all(*CONTROLS)}
    assert all("novalidate" not in form.attributes for form in page.all("form"))
    tried = ["", "nan", "-inf", "1,5", "0x10", "\u0663", "five", "1'000"]
    for feature in model["features"]:
        name = control_name(feature["name"])
        control = controls[name]
        refused = [text for text in tried if refuses(control, text)]
        for text in refused:
            response = send(browser, "/", **{name: text})
            assert list(errors_of(Page(response.text))) == [name], text
        if feature["type"] in ("number", "integer"):
            assert len(refused) >= len(tried) - 1
            for text in ("1", "+1", "-.5", " 1e3 ", "1E-3", "1_000", shown(feature["example"])):
                assert not refuses(control, text)


def test_every_fault_is_shown(browser: httpx.Client, model: dict[str, Any]) -> None:
    needed = [f for f in model["features"] if not f["missing"]]
    if not needed:
        pytest.skip("no feature of this model is needed")
    names = [control_name(f["name"]) for f in needed]
    response = send(browser, "/", **dict.fromkeys(names, " "))
    assert response.status_code == 422
    blank = [control_name(f["name"]) for f in needed if f["type"] == "text"]  # is one, too
    assert list(errors_of(Page(response.text))) == [name for name in names if name not in blank]
    response = browser.post("/", data=csrf(browser))
    assert response.status_code == 422
    assert list(errors_of(Page(response.text))) == names


def csrf(browser: httpx.Client) -> dict[str, str]:
    """Only what protects the form."""
    page = Page(browser.get("/").text)
    return {control["name"]: control["value"] for control in page.all("input", type="hidden")}


@pytest.mark.parametrize(
    "text", ["nan", "inf", "1e999", "1e300", "0x10", "1,5", "1 000", "\0", "9" * 999]
)
def test_texts_that_are_no_number(browser: httpx.Client, model: dict[str, Any], text: str) -> None:
    name = control_name(number_of(model)["name"])
    response = send(browser, "/", **{name: text})
    assert response.status_code == 422
    assert list(errors_of(Page(response.text))) == [name]


def test_a_choice_that_was_not_offered(browser: httpx.Client, model: dict[str, Any]) -> None:
    chosen = [c["name"] for c in Page(browser.get("/").text).all("select")]
    if not chosen:
        pytest.skip("no feature of this model is chosen from a list")
    response = send(browser, "/", **dict.fromkeys(chosen, ODD))
    assert response.status_code == 422
    assert list(errors_of(Page(response.text))) == chosen


def beyond(most: Any) -> Any:
    """The number or the day after."""
    if isinstance(most, str):
        return str(date.fromisoformat(most) + timedelta(1))
    return most + 1


def test_unusual_values_are_pointed_out(browser: httpx.Client, model: dict[str, Any]) -> None:
    unusual = {
        control_name(f["name"]): shown(beyond(f["max"]))
        for f in model["features"]
        if f["max"] is not None and f["outside"] == "warn"
    }
    if not unusual:
        pytest.skip("no feature of this model warns of values outside its range")
    page = Page(browser.get(send(browser, "/", **unusual).headers["Location"]).text)
    (notice,) = page.all("section", class_="notice")
    assert len(re.findall(r"\(it was ", notice.text)) == len(unusual)


@pytest.mark.parametrize("path", ["/", "/predictions/{record_id}"])
def test_forms_from_elsewhere_are_refused(
    browser: httpx.Client, new_browser: NewBrowser, record_id: str, path: str
) -> None:
    address = path.format(record_id=record_id)
    typed = Page(browser.get(address).text).typed()
    (token,) = csrf(browser)
    without = {name: value for name, value in typed.items() if name != token}
    other, third = new_browser(), new_browser()
    foreign = csrf(other)
    for response in (
        browser.post(address, data=without),
        browser.post(address, data=typed | foreign),
        browser.post(address, data=typed | {token: ""}),
        other.post(address, data=typed),
        third.post(address, data=typed),
    ):
        assert response.status_code == 403
        assert "reload it and send it again" in response.text
    assert browser.post(address, data=typed).status_code in (303, 422)


def test_cookies_are_for_this_site_only(stranger: httpx.Client) -> None:
    response = stranger.get("/", follow_redirects=True)
    (cookie,) = response.headers.get_list("Set-Cookie")
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie


@pytest.mark.parametrize("content_type", ["text/plain", "application/json", "multipart/form-data"])
def test_other_bodies_are_no_form(browser: httpx.Client, content_type: str) -> None:
    response = browser.post("/", content=b"a=1", headers={"Content-Type": content_type})
    assert response.status_code in (400, 403)


def test_a_slash_may_be_left_out(browser: httpx.Client) -> None:
    assert browser.get("/predictions").status_code == 200


def test_methods(browser: httpx.Client, record_id: str) -> None:
    for path, allowed in (
        ("/", "GET, HEAD, POST"),
        (f"/predictions/{record_id}", "GET, HEAD, POST"),
        ("/predictions/", "GET, HEAD"),
    ):
        assert browser.head(path).status_code == 200
        response = browser.put(path)
        assert (response.status_code, response.headers["Allow"]) == (405, allowed), path


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/predictions/{NOWHERE}", 404),
        ("/predictions/1", 404),
        ("/none", 404),
        ("/predictions/?before=1", 422),
    ],
)
def test_pages_that_are_not_there(browser: httpx.Client, path: str, status: int) -> None:
    response = browser.get(path)
    assert response.status_code == status
    page = Page(response.text)
    assert page.one("a", class_="button")["href"] == "/"
    assert response.headers["X-Request-ID"] in page.text


def report(browser: httpx.Client, record_id: str, outcome: Any, comment: str) -> None:
    path = f"/predictions/{record_id}"
    response = send(browser, path, **in_form(typed_outcome(outcome)), comment=comment)
    assert (response.status_code, response.headers["Location"]) == (303, path)


def test_feedback(
    browser: httpx.Client,
    client: httpx.Client,
    model: dict[str, Any],
    record_id: str,
    outcome: Any,
) -> None:
    path = f"/predictions/{record_id}"
    report(browser, record_id, outcome, ODD)
    page = Page(browser.get(path).text)
    assert page.one("blockquote").text == ODD
    assert said(model, outcome) in [element.text for element in page.all("dd")]
    assert not forms(page)
    kept = client.get(f"/api/v1/predictions/{record_id}").json()["feedback"]
    assert (kept["actual"], kept["comment"]) == (outcome, ODD)
    changed = in_form(typed_outcome(outcome)) | {"comment": "changed"}
    again = browser.post(path, data=csrf(browser) | changed)
    assert again.status_code == 409
    assert client.get(f"/api/v1/predictions/{record_id}").json()["feedback"] == kept


def test_faults_of_feedback(browser: httpx.Client, record_id: str, outcome: Any) -> None:
    path, names = f"/predictions/{record_id}", list(in_form(typed_outcome(outcome)))
    for actual, comment, faulty in (
        ("", "kept", names),
        ("no such class", " kept ", names),
        ("nan", ODD, names),
        ("", "c" * 2001, [*names, "comment"]),
    ):
        response = send(browser, path, **dict.fromkeys(names, actual), comment=comment)
        assert response.status_code == 422
        page = Page(response.text)
        assert list(errors_of(page)) == faulty
        assert page.typed()["comment"] == comment
        assert page.all("p", class_="value")


def rows(page: Page) -> list[Element]:
    return [link for link in page.all("a") if link["href"].startswith("/predictions/0")]


def test_history(browser: httpx.Client, predict: Predict, good: Instance) -> None:
    made = [p["id"] for p in predict(*[good] * 51).json()["predictions"]][::-1]
    page = Page(browser.get("/predictions/").text)
    assert [link["href"].rpartition("/")[2] for link in rows(page)] == made[:50]
    assert [head.text for head in page.all("th")][:2] == ["When", "Prediction"]
    older = Page(browser.get(page.one("a", rel="next")["href"]).text)
    assert rows(older)[0]["href"] == f"/predictions/{made[50]}"
    newest = next(link for link in older.all("a") if link.text == "Newest")
    assert newest["href"] == "/predictions/"
    end = Page(browser.get(f"/predictions/?before={NOWHERE}").text)
    assert not rows(end)
    assert "There is nothing older." in end.text


def test_history_shows_outcomes(
    browser: httpx.Client, record_id: str, model: dict[str, Any], outcome: Any
) -> None:
    assert "not known yet" in Page(browser.get("/predictions/").text).text
    report(browser, record_id, outcome, "")
    page = Page(browser.get("/predictions/").text)
    cells = [" ".join(cell.text.split()) for cell in page.all("td")]
    assert cells[2] == said(model, outcome)
    assert cells[3] == model["version"]


def test_the_menu_says_where_one_is(browser: httpx.Client) -> None:
    for path in ("/", "/predictions/", "/model", "/docs"):
        page = Page(browser.get(path).text)
        assert page.one("a", href=path, **{"aria-current": "page"})
