"""The service under test, as its own answers describe it."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from .client import Document, checking_client

Instance = dict[str, Any]
Predict = Callable[..., httpx.Response]


def same(value: Any, other: Any) -> bool:
    """Whether two predictions are the same; numbers, within what 32 bits hold."""
    return bool(value == other) or math.isclose(value, other, rel_tol=1e-5)


@pytest.fixture(scope="session")
def document(base_url: str) -> Document:
    """The OpenAPI document."""
    content: Document = httpx.get(f"{base_url}/openapi.json").json()
    return content


@pytest.fixture(scope="session")
def client(base_url: str, document: Document) -> Iterator[httpx.Client]:
    """Asks the service; every answer is held against the contract."""
    with checking_client(base_url, document) as client:
        yield client


@pytest.fixture(scope="session")
def model(client: httpx.Client) -> dict[str, Any]:
    """The model as the service describes it."""
    described: dict[str, Any] = client.get("/api/v1/model").json()
    return described


@pytest.fixture
def good(model: dict[str, Any]) -> Instance:
    """An instance the model takes."""
    return {feature["name"]: feature["example"] for feature in model["features"]}


@pytest.fixture(scope="session")
def predict(client: httpx.Client) -> Predict:
    """Posts instances."""

    def post(*instances: Any, **options: Any) -> httpx.Response:
        return client.post("/api/v1/predict", json={"instances": instances}, **options)

    return post


@pytest.fixture
def record_id(predict: Predict, good: Instance) -> str:
    """The identifier of a new prediction."""
    identifier: str = predict(good).json()["predictions"][0]["id"]
    return identifier
