"""The service under test, as its own answers describe it."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from ..login import log_in, new_token
from ..page import Page
from ..service import Service
from .asking import Instance, NewBrowser, Predict, Session, parts_of
from .client import Document, checking_client


@pytest.fixture(autouse=True)
def _has_the_part(request: pytest.FixtureRequest, service: Service) -> None:
    """Leave out what a service does not show, where nobody stated what it has."""
    for mark in request.node.iter_markers("part"):
        if not service.parts & set(mark.args):
            pytest.skip(f"this service shows no {' or '.join(mark.args)}")


@pytest.fixture(scope="session")
def base_url(service: Service) -> str:
    """The address of the service."""
    return service.url


@pytest.fixture(scope="session")
def document(base_url: str) -> Document:
    """The OpenAPI document."""
    content: Document = httpx.get(f"{base_url}/openapi.json").json()
    return content


@pytest.fixture(scope="session")
def administrator(service: Service) -> dict[str, str]:
    """What the administrator types to log in; nothing, where nobody has an account."""
    account = {"email": service.email, "password": service.password}
    return account if service.has_accounts else {}


@pytest.fixture(scope="session")
def client(
    service: Service, document: Document, administrator: dict[str, str]
) -> Iterator[httpx.Client]:
    """Asks the service; every answer is held against the contract."""
    with checking_client(service.url, document) as client:
        if "auth" in service.parts:
            log_in(client, **administrator)
            client.headers["Authorization"] = f"Bearer {new_token(client, 'contract')}"
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
def new_browser(new_stranger: NewBrowser, administrator: dict[str, str]) -> NewBrowser:
    """Makes browsers, each with a session of its own; of an administrator, if there are any."""

    def make() -> httpx.Client:
        browser = new_stranger()
        if administrator:
            log_in(browser, **administrator)
        return browser

    return make


@pytest.fixture(scope="session")
def session(base_url: str, administrator: dict[str, str]) -> Session:
    """What `browser` begins with."""
    return Session(base_url, administrator)


@pytest.fixture
def browser(new_stranger: NewBrowser, session: Session) -> httpx.Client:
    """A browser; of an administrator, if there are any."""
    browser = new_stranger()
    browser.cookies.update(session.cookies)
    return browser


@pytest.fixture(scope="session")
def model(client: httpx.Client) -> dict[str, Any]:
    """The model as the service describes it."""
    described: dict[str, Any] = client.get("/api/v1/model").json()
    return described


@pytest.fixture(scope="session")
def outcome(model: dict[str, Any]) -> Any:
    """A true outcome that this model could have."""
    parts = enumerate(parts_of(model))
    values = {part["name"]: (part["classes"] or [12.5 + index])[-1] for index, part in parts}
    return values if model["output"]["targets"] else values[model["output"]["name"]]


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


@pytest.fixture(scope="session")
def stylesheets(client: httpx.Client) -> list[str]:
    """The addresses of the style sheets of a page that every service has."""
    links = Page(client.get("/docs").text).all("link", rel="stylesheet")
    return [link["href"] for link in links]
