"""A service under test: one that is deployed, or this project's own, started for the tests."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from ..ml.project import project_root
from .login import log_in, new_token
from .parts import NEED_ACCOUNTS, Parts, found_parts
from .project import NotTestable, new_database
from .running import EMAIL, PASSWORD, empty_project, own_settings, serving
from .trust import TRUST

UNSAID = (
    "This service has accounts. Set CONTRACT_EMAIL and CONTRACT_PASSWORD to those of an "
    "administrator whom the tests may log in as."
)


@dataclass(frozen=True)
class Service:
    """Where a service is, and what it has; `email` is an administrator's, or ''."""

    url: str
    parts: Parts
    email: str = ""
    password: str = ""

    @property
    def has_accounts(self) -> bool:
        return bool(self.parts & NEED_ACCOUNTS)

    def browser(self) -> httpx.Client:
        """A browser; of an administrator, where people have accounts."""
        headers, cookies = {"Accept": "text/html,*/*;q=0.8"}, httpx.Cookies()
        if self.has_accounts:
            with self._client() as visitor:
                log_in(visitor, self.email, self.password)
                cookies = visitor.cookies
        return self._client(headers=headers, cookies=cookies)

    def program(self) -> httpx.Client:
        """A program that calls the API; with a token, where it needs one."""
        headers = {}
        if "auth" in self.parts:
            with self.browser() as browser:
                headers["Authorization"] = f"Bearer {new_token(browser, 'tests')}"
        return self._client(headers=headers)

    def _client(self, **options: Any) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=60, verify=TRUST, **options)


def deployed(url: str, stated: Parts | None) -> Service:
    """The service at a URL, with the parts it is stated to have, else those it is found to have.

    Raises:
        NotTestable: there is none, or nobody said who its administrator is.
    """
    try:
        found = found_parts(url)
    except httpx.TransportError as error:
        raise NotTestable(f"There is no service at {url}: {error}.") from None
    email, password = (os.environ.get(f"CONTRACT_{name}", "") for name in ("EMAIL", "PASSWORD"))
    if found & NEED_ACCOUNTS and not (email and password):
        raise NotTestable(UNSAID)
    return Service(url, found if stated is None else stated, email, password)


@contextlib.contextmanager
def started(folder: Path, artifacts: Path, stated: Parts | None) -> Iterator[Service]:
    """This project's service, run from an empty folder, with a database of its own.

    Raises:
        NotTestable: no database can be had.
    """
    settings = own_settings(project_root()) | {"ARTIFACTS_DIR": str(artifacts)}
    with (
        new_database(folder) as database,
        serving(empty_project(folder, database), **settings) as server,
    ):
        found = found_parts(server.url)
        if found & NEED_ACCOUNTS:
            server.make_admin()
        yield Service(server.url, found if stated is None else stated, EMAIL, PASSWORD)
