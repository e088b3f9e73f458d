"""What several modules do to ask a service: send forms, compare answers."""

import math
import uuid
from collections.abc import Callable
from functools import cached_property
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from ..login import log_in
from ..page import Page, control_name

LOGIN = "/accounts/login"

Instance = dict[str, Any]
Predict = Callable[..., httpx.Response]
NewBrowser = Callable[[], httpx.Client]


class Session:
    """A session of an administrator, if there are any, for all tests that leave it as it is."""

    def __init__(self, base_url: str, administrator: dict[str, str]) -> None:
        self._base_url, self._administrator = base_url, administrator

    @cached_property
    def cookies(self) -> httpx.Cookies:
        """Of a log-in; another one after `end`."""
        with httpx.Client(base_url=self._base_url, timeout=60) as browser:
            if self._administrator:
                log_in(browser, **self._administrator)
            return browser.cookies

    def end(self) -> None:
        """A test has logged out, which ends every session of the account."""
        vars(self).pop("cookies", None)


def same(value: Any, other: Any) -> bool:
    """Whether two predictions are the same; numbers, within what 32 bits hold."""
    if isinstance(value, dict):
        return value.keys() == other.keys() and all(same(value[n], other[n]) for n in value)
    return bool(value == other) or math.isclose(value, other, rel_tol=1e-5)


def parts_of(model: dict[str, Any]) -> list[dict[str, Any]]:
    """What the model answers: several targets, or its one output."""
    output: dict[str, Any] = model["output"]
    return output["targets"] or [output]


def shares_of(prediction: dict[str, Any]) -> dict[tuple[str, ...], float]:
    """The probabilities by label, or by target and label."""
    found: dict[tuple[str, ...], float] = {}
    for name, share in (prediction.get("probabilities") or {}).items():
        several = share.items() if isinstance(share, dict) else None
        found |= {(name, label): one for label, one in several} if several else {(name,): share}
    return found


def number_of(model: dict[str, Any]) -> dict[str, Any]:
    """The first feature that is a number."""
    for feature in model["features"]:
        if feature["type"] in ("number", "integer"):
            return dict(feature)
    pytest.skip("no feature of this model is a number")


def typed_outcome(outcome: Any) -> dict[str, str]:
    """An outcome as the fields of a form, or the columns of a file, that it is typed into."""
    if isinstance(outcome, dict):
        return {f"actual_{name}": str(number) for name, number in outcome.items()}
    return {"actual": str(outcome)}


def in_form(outcome: dict[str, str]) -> dict[str, str]:
    """The same, as the controls of a form are called."""
    return {quote(name, safe=""): text for name, text in outcome.items()}


def of_features(typed: dict[str, str]) -> dict[str, str]:
    """Texts by feature, as the controls of the form are called."""
    return {control_name(name): text for name, text in typed.items()}


def send(browser: httpx.Client, path: str, **typed: str) -> httpx.Response:
    """Open the page at `path`, type into its form and send it."""
    return browser.post(path, data=Page(browser.get(path).text).typed() | typed)


def nobody() -> str:
    """An address that has no account."""
    return f"{uuid.uuid4().hex}@example.com"
