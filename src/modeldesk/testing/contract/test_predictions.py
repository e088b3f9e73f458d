"""The prediction log over HTTP: single entries and pages."""

import httpx
import pytest

from .asking import Instance, Predict

LOWEST = "00000000-0000-7000-8000-000000000000"
HIGHEST = "ffffffff-ffff-7fff-bfff-ffffffffffff"
NOT_IDS = ["1", "none", LOWEST[:-1], LOWEST.replace("-", ""), HIGHEST.upper(), "%00", "a%20b", "é"]


def test_newest_first_without_loss_or_repetition(
    client: httpx.Client, predict: Predict, good: Instance
) -> None:
    made = [p["id"] for _ in range(3) for p in predict(*[good] * 3).json()["predictions"]]
    for limit in (1, 2, 3, 4, 8, 9, 10, 200):
        page = client.get(f"/api/v1/predictions?limit={limit}").json()
        found = [entry["id"] for entry in page["predictions"]]
        while not set(made) <= set(found):
            assert page["next"] == f"/api/v1/predictions?limit={limit}&before={found[-1]}"
            page = client.get(page["next"]).json()
            found += [entry["id"] for entry in page["predictions"]]
        assert found == sorted(set(found), reverse=True)
        assert [identifier for identifier in found if identifier in made] == made[::-1]


def test_pages_do_not_shift_while_predictions_come_in(
    client: httpx.Client, predict: Predict, good: Instance
) -> None:
    predict(good, good, good)
    first = client.get("/api/v1/predictions?limit=2").json()
    expected = client.get(first["next"]).json()
    predict(good, good)
    assert client.get(first["next"]).json() == expected


def test_the_end_of_the_log(client: httpx.Client, record_id: str) -> None:
    end = client.get("/api/v1/predictions", params={"before": LOWEST}).json()
    assert end == {"predictions": [], "next": None}
    newest = client.get("/api/v1/predictions", params={"before": HIGHEST, "limit": 1}).json()
    assert newest["predictions"][0]["id"] >= record_id


def test_the_usual_page(client: httpx.Client, predict: Predict, good: Instance) -> None:
    predict(*[good] * 60)
    assert len(client.get("/api/v1/predictions").json()["predictions"]) == 50


def test_an_entry_is_the_same_alone_and_in_a_page(client: httpx.Client, record_id: str) -> None:
    entry = client.get(f"/api/v1/predictions/{record_id}").json()
    page = client.get("/api/v1/predictions?limit=200").json()
    assert entry in page["predictions"]


@pytest.mark.parametrize("identifier", [LOWEST, *NOT_IDS])
@pytest.mark.parametrize("rest", ["", "/feedback"])
def test_no_such_prediction(client: httpx.Client, identifier: str, rest: str) -> None:
    address = f"/api/v1/predictions/{identifier}{rest}"
    response = client.post(address, json={"actual": 1}) if rest else client.get(address)
    assert response.status_code == 404


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ("limit=0", ["limit"]),
        ("limit=-1", ["limit"]),
        ("limit=201", ["limit"]),
        ("limit=1.5", ["limit"]),
        ("limit=many", ["limit"]),
        ("limit=", ["limit"]),
        ("limit=%ff", ["limit"]),
        ("limit=%D9%A3", ["limit"]),  # an Arabic 3
        ("limit=" + "9" * 5000, ["limit"]),
        ("before=yesterday", ["before"]),
        ("before=", ["before"]),
        ("before=%00", ["before"]),
        ("before=" + "0" * 32, ["before"]),
        ("before=1&limit=x", ["limit", "before"]),
    ],
)
def test_bad_paging(client: httpx.Client, query: str, places: list[str]) -> None:
    response = client.get(f"/api/v1/predictions?{query}")
    assert response.status_code == 422
    assert [fault["loc"] for fault in response.json()["errors"]] == [[p] for p in places]
