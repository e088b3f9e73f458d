"""The service under test, as its own answers describe it."""

import math
{%- if accounts %}
import os
{%- endif %}
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from .client import Document, checking_client
{%- if auth %}
from .login import log_in, new_token
{%- elif accounts %}
from .login import log_in
{%- endif %}

Instance = dict[str, Any]
Predict = Callable[..., httpx.Response]
NewBrowser = Callable[[], httpx.Client]


def same(value: Any, other: Any) -> bool:
    """Whether two predictions are the same; numbers, within what 32 bits hold."""
    if isinstance(value, dict):
        return value.keys() == other.keys() and all(same(value[n], other[n]) for n in value)
    return bool(value == other) or math.isclose(value, other, rel_tol=1e-5)


def typed_outcome(outcome: Any) -> dict[str, str]:
    """An outcome as the fields of a form, or the columns of a file, that it is typed into."""
    if isinstance(outcome, dict):
        return {f"actual_{name}": str(number) for name, number in outcome.items()}
    return {"actual": str(outcome)}


@pytest.fixture(scope="session")
def document(base_url: str) -> Document:
    """The OpenAPI document."""
    content: Document = httpx.get(f"{base_url}/openapi.json").json()
    return content


@pytest.fixture(scope="session")
def client(base_url: str, document: Document) -> Iterator[httpx.Client]:
    """Asks the service; every answer is held against the contract."""
    with checking_client(base_url, document) as client:
{%- if auth %}
        log_in(client, os.environ["CONTRACT_EMAIL"], os.environ["CONTRACT_PASSWORD"])
        client.headers["Authorization"] = f"Bearer {new_token(client, 'contract')}"
{%- endif %}
        yield client


@pytest.fixture
def new_stranger(base_url: str, document: Document) -> Iterator[NewBrowser]:
    """Makes browsers without a cookie."""
    with ExitStack() as stack:

        def make() -> httpx.Client:
            browser = stack.enter_context(checking_client(base_url, document))
            browser.headers["Accept"] = "text/html,*/*;q=0.8"
            return browser

        yield make


@pytest.fixture
def stranger(new_stranger: NewBrowser) -> httpx.Client:
    """A browser without a cookie."""
    return new_stranger()


@pytest.fixture
def new_browser(new_stranger: NewBrowser) -> NewBrowser:
{%- if accounts %}
    """Makes browsers of an administrator, each with a session of its own."""

    def make() -> httpx.Client:
        browser = new_stranger()
        log_in(browser, os.environ["CONTRACT_EMAIL"], os.environ["CONTRACT_PASSWORD"])
        return browser

    return make
{%- else %}
    """Makes browsers."""
    return new_stranger
{%- endif %}


{% if accounts -%}
@pytest.fixture(scope="session")
def cookies(base_url: str, document: Document) -> httpx.Cookies:
    """A session of an administrator, for all tests that leave it as it is."""
    with checking_client(base_url, document) as browser:
        log_in(browser, os.environ["CONTRACT_EMAIL"], os.environ["CONTRACT_PASSWORD"])
        return browser.cookies


@pytest.fixture
def browser(new_stranger: NewBrowser, cookies: httpx.Cookies) -> httpx.Client:
    """A browser of an administrator."""
    browser = new_stranger()
    browser.cookies.update(cookies)
    return browser
{%- else -%}
@pytest.fixture
def browser(new_stranger: NewBrowser) -> httpx.Client:
    """A browser."""
    return new_stranger()
{%- endif %}


@pytest.fixture(scope="session")
def model(client: httpx.Client) -> dict[str, Any]:
    """The model as the service describes it."""
    described: dict[str, Any] = client.get("/api/v1/model").json()
    return described


@pytest.fixture(scope="session")
def outcome(model: dict[str, Any]) -> Any:
    """A true outcome that this model could have."""
    if targets := model["output"]["targets"]:
        return {target["name"]: 12.5 + index for index, target in enumerate(targets)}
    return (model["output"]["classes"] or [12.5])[-1]


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
