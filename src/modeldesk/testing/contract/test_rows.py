"""Rows that are not typed: one is pasted into the form, a file of them is answered."""

import csv
import io
import json
from typing import Any

import httpx
import pytest

from ..page import CONTROLS, Page, control_name, errors_of
from .asking import Instance, Predict, number_of, of_features, same, shares_of

pytestmark = pytest.mark.part("forms")

ODD = "\"'><script>alert(1)</script>&amp;<b>é 漢字 😀 {" + "{ 7*7 }" + "} {" + "% x %}"
MOST = 1000


def table(*rows: dict[str, Any], mark: str = ",") -> str:
    """Rows as text, below their header."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), delimiter=mark, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: shown(value) for name, value in row.items()})
    return text.getvalue()


def shown(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def paste(browser: httpx.Client, text: str) -> httpx.Response:
    return browser.post("/row", data=Page(browser.get("/").text).csrf | {"row": text})


def upload(browser: httpx.Client, content: str | bytes, name: str = "houses.csv") -> httpx.Response:
    sent = content.encode() if isinstance(content, str) else content
    csrf = Page(browser.get("/").text).csrf
    return browser.post("/rows", data=csrf, files={"file": (name, sent, "text/csv")})


def answers(response: httpx.Response) -> list[dict[str, str]]:
    """The rows of a file that was answered."""
    assert response.status_code == 200, Page(response.text).text
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"] == 'attachment; filename="predictions.csv"'
    return list(csv.DictReader(io.StringIO(response.text, newline="")))


def newest(client: httpx.Client) -> str | None:
    """The identifier of the newest prediction."""
    found = client.get("/api/v1/predictions?limit=1").json()["predictions"]
    return found[0]["id"] if found else None


def faulty(page: Page, name: str) -> str:
    """The one fault of a page, at this control, where one is led to; the example is kept."""
    assert list(errors_of(page)) == [name]
    assert [c["name"] for c in page.all(*CONTROLS) if "autofocus" in c.attributes] == [name]
    assert page.one("title").text.startswith("Error: ")
    assert errors_of(page)[name] in page.one("section", role="alert").text
    assert errors_of(page)[name].endswith(".")
    return errors_of(page)[name]


@pytest.mark.parametrize("mark", ["\t", ",", ";", "json", "alone"])
def test_a_row_that_is_pasted_fills_in_the_form(
    browser: httpx.Client, client: httpx.Client, model: dict[str, Any], good: Instance, mark: str
) -> None:
    number = number_of(model)
    row = good | {number["name"]: number["max"]}
    if mark == "json":
        text = json.dumps(row, indent=2)
    elif mark == "alone":
        text = table(row, mark="\t").splitlines()[1]
    else:
        text = f"\n{table(row, mark=mark)}\n"
    response = paste(browser, text)
    page = Page(response.text)
    assert response.status_code == 200
    assert f"{len(row):,} of {len(row):,} values are filled in." in page.text
    typed = page.typed()
    assert {control_name(name): typed[control_name(name)] for name in row} == of_features(
        {name: shown(value) for name, value in row.items()}
    )
    assert page.one("form", id="values")["action"] == "/"
    sent = browser.post("/", data=typed)
    assert sent.status_code == 303
    kept = client.get(f"/api/v1{sent.headers['Location']}").json()["inputs"]
    assert kept == pytest.approx(row)


def test_columns_that_do_not_fit_are_named(
    browser: httpx.Client, model: dict[str, Any], good: Instance
) -> None:
    needed = [f["name"] for f in model["features"] if not f["missing"]]
    if not needed:
        pytest.skip("no feature of this model is needed")
    first = needed[0]
    row = {"no such column": ODD} | {k: v for k, v in good.items() if k != first}
    if len(good) == 1:
        pytest.skip("a row without its only feature has no header")
    response = paste(browser, table(row, mark="\t"))
    assert response.status_code == 422
    page = Page(response.text)
    assert list(errors_of(page)) == [control_name(first)]
    assert page.typed()[control_name(first)] == ""
    said = " ".join(page.one("section", role="status").text.split())
    assert said == (
        f"{len(good) - 1:,} of {len(good):,} values are filled in. The row lacks {first}. "
        "The model does not take no such column."
    )


def test_faults_of_a_pasted_row_stand_beside_the_fields(
    browser: httpx.Client, model: dict[str, Any], good: Instance
) -> None:
    name = number_of(model)["name"]
    response = paste(browser, table(good | {name: "wide"}, mark="\t"))
    assert response.status_code == 422
    assert "should be a valid number" in faulty(Page(response.text), control_name(name))
    assert Page(response.text).typed()[control_name(name)] == "wide"


def test_what_is_no_row(browser: httpx.Client, good: Instance) -> None:
    header, row = table(good, mark="\t").splitlines()
    for text, words in (
        ("", "Paste a row first"),
        (" \r\n ", "Paste a row first"),
        (header, "0 rows below the header; paste the row below it"),
        (f"{header}\n{row}\n{row}", "2 rows below the header; upload them"),
        (f"{header}\n{row}\t1", f"has {len(good) + 1} cells where the header has {len(good)}"),
        (f"{header}\t{header}\n{row}\t{row}", "twice; rename one"),
        (f"{row}\t1\t1", f"{len(good) + 2} values and no header; the model has {len(good)}"),
        (f"{row}\n{row}", "first line names no feature"),
        (ODD, "unbalanced quote"),
        ("{", "not a JSON object. "),
        ('{"a": 1} {}', "not a JSON object. "),
        ('{"a": 1, "a": 2}', "given more than once"),
        ('{"instances": [{}]}', "'instances' holds several values"),
    ):
        response = paste(browser, text)
        assert response.status_code == 422, text
        page = Page(response.text)
        assert words in faulty(page, "row"), text
        assert page.typed()["row"] == text.replace("\r\n", "\n")
        names = {control_name(name) for name in good}
        assert {name: page.typed()[name] for name in names} == {
            name: value
            for name, value in Page(browser.get("/").text).typed().items()
            if name in names
        }


def test_a_file_comes_back_with_its_predictions(
    browser: httpx.Client,
    client: httpx.Client,
    predict: Predict,
    model: dict[str, Any],
    good: Instance,
) -> None:
    name = number_of(model)["name"]
    rows = [{"key": key} | good for key in "abc"]
    rows[1][name] = "wide"
    (expected,) = predict(good).json()["predictions"]
    found = answers(upload(browser, table(*rows)))
    assert [row["key"] for row in found] == ["a", "b", "c"]
    assert [bool(row["prediction_error"]) for row in found] == [False, True, False]
    assert "should be a valid number" in found[1]["prediction_error"]
    answer: Any = expected["value"]
    numbers = answer if isinstance(answer, dict) else {}
    wanted = {f"prediction_{n}": v for n, v in numbers.items()} or {"prediction": answer}
    assert {found[1][column] for column in wanted} == {""}
    for row in (found[0], found[2]):
        for column, value in wanted.items():
            assert same(type(value)(row[column]), value)
        for names, share in shares_of(expected).items():
            column = "_".join(["probability", *names])
            assert float(row[column]) == pytest.approx(share, abs=1e-4)
    kept = client.get("/api/v1/predictions?limit=3").json()["predictions"]
    assert [entry["inputs"] == pytest.approx(good) for entry in kept] == [True] * 3
    assert len({entry["request_id"] for entry in kept[:2]}) == 1
    assert kept[2]["id"] == expected["id"]
    history = Page(browser.get("/predictions/").text)
    assert history.all("a", href=f"/predictions/{kept[0]['id']}")


def test_as_many_rows_as_the_api_takes(
    browser: httpx.Client, client: httpx.Client, good: Instance
) -> None:
    assert len(answers(upload(browser, table(*[good] * MOST)))) == MOST
    before = newest(client)
    response = upload(browser, table(*[good] * (MOST + 1)))
    assert response.status_code == 422
    said = faulty(Page(response.text), "file")
    assert said.startswith("houses.csv has more than 1,000 rows; ")
    assert "`manage predict-file`" in said
    assert newest(client) == before


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_tables_as_programs_write_them(
    browser: httpx.Client, client: httpx.Client, good: Instance, encoding: str
) -> None:
    """A line that says the mark, a column without a name, blanks around headings, NA for a gap."""
    gaps = {name: "NA" for name, value in good.items() if value is None}
    header, row = table(good | gaps, mark=";").splitlines()
    text = f"sep=;\r\n;{header.replace(';', ' ; ')} \r\n0;{row}\r\n"
    response = upload(browser, text.encode(encoding))
    assert response.status_code == 200
    answer = response.content.decode("utf-8-sig").splitlines()[1]
    assert answer.startswith(f"0;{row};")
    kept = client.get("/api/v1/predictions?limit=1").json()["predictions"][0]["inputs"]
    assert kept == pytest.approx(good)
    assert f"{len(good):,} of {len(good):,} values are filled" in paste(browser, text).text


@pytest.mark.parametrize("mark", [";", "\t"])
def test_other_delimiters_and_marks(browser: httpx.Client, good: Instance, mark: str) -> None:
    response = upload(browser, b"\xef\xbb\xbf" + table(good, mark=mark).encode())
    assert response.content.startswith(b"\xef\xbb\xbf")
    first, second = response.text.removeprefix("\ufeff").splitlines()
    assert first.endswith(f"{mark}prediction_error")
    assert second.endswith(mark)


def test_files_that_are_refused(
    browser: httpx.Client, client: httpx.Client, good: Instance
) -> None:
    before = newest(client)
    text = table(good)
    header = text.splitlines()[0]
    for content, words in (
        (b"", "houses.csv is empty"),
        (header, "houses.csv has no row below its header"),
        ("a,b\n1,2\n", "houses.csv has no column "),
        (text.replace("\n", f",{header}\n", 1), "twice; rename one"),
        (b"PK\x03\x04", "houses.csv is a workbook or an archive; save its table as CSV"),
        (text.encode() + b"\xe9\n", "byte 0xe9 in line 3; save it as CSV in UTF-8"),
        (b"\x89PNG\r\n\x1a\n\0\0", "byte 0x89 in line 1"),
        (f'{text}"a"b\n', "unbalanced quote"),
    ):
        response = upload(browser, content)
        assert response.status_code == 422, content
        assert words in faulty(Page(response.text), "file"), content
    response = upload(browser, b"", name=f"{ODD}.csv")
    assert "is empty" in faulty(Page(response.text), "file")
    response = upload(browser, text, name="houses.xlsx")
    assert "houses.xlsx is a workbook; save its table" in faulty(Page(response.text), "file")
    assert newest(client) == before


def test_no_file_is_chosen(browser: httpx.Client) -> None:
    """As browsers send it."""
    csrf = Page(browser.get("/").text).csrf
    disposition = "--x\r\nContent-Disposition: form-data; name="
    parts = [f'{disposition}"{name}"\r\n\r\n{value}\r\n' for name, value in csrf.items()]
    empty = f'{disposition}"file"; filename=""\r\nContent-Type: application/octet-stream'
    body = "".join([*parts, empty, "\r\n\r\n\r\n--x--\r\n"])
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    for response in (
        browser.post("/rows", content=body.encode(), headers=headers),
        browser.post("/rows", data=csrf),
    ):
        assert response.status_code == 422
        assert faulty(Page(response.text), "file") == "Choose a CSV file first."


def test_a_file_that_is_too_large(browser: httpx.Client) -> None:
    response = browser.post("/rows", content=b"-" * (10 * 2**20 + 1))
    assert response.status_code == 413
    page = Page(response.text)
    assert "The body is larger than 10 MiB; send it in parts." in page.text
    assert page.one("a", class_="button")["href"] == "/"


def test_the_example_file_is_one_that_is_taken(browser: httpx.Client, good: Instance) -> None:
    page = Page(browser.get("/").text)
    assert page.one("a", href="/rows")
    example = browser.get("/rows")
    assert example.headers["Content-Disposition"] == 'attachment; filename="example.csv"'
    assert example.text == table(good)
    (row,) = answers(upload(browser, example.content))
    assert row["prediction_error"] == ""


@pytest.mark.parametrize("path", ["/row", "/rows"])
def test_rows_from_elsewhere_are_refused(browser: httpx.Client, good: Instance, path: str) -> None:
    sent = {"row": table(good)}
    files = {"file": ("houses.csv", table(good).encode(), "text/csv")} if path == "/rows" else None
    csrf = Page(browser.get("/").text).csrf
    for token in ({}, dict.fromkeys(csrf, "")):
        assert browser.post(path, data=sent | token, files=files).status_code == 403
    assert browser.post(path, data=sent | csrf, files=files).status_code == 200


def test_methods_of_rows(browser: httpx.Client) -> None:
    for path in ("/row", "/rows"):
        response = browser.put(path)
        assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD, POST")
    response = browser.get("/row")
    assert (response.status_code, response.headers["Location"]) == (303, "/")
    assert browser.head("/rows").status_code == 200
