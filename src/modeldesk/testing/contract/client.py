"""A client that holds every answer it gets against the contract."""

import functools
import json
import re
from datetime import date, datetime
from typing import Any, NoReturn

import httpx
from jsonschema import Draft202012Validator, FormatChecker

from ..page import Page, check_page
from ..trust import TRUST

SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
POLICY = {"default-src 'self'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"}
MOMENT = FormatChecker(formats=["uuid"])
PROBLEM = {"type", "title", "status", "detail", "request_id", "errors", "error"}

Document = dict[str, Any]


@MOMENT.checks("date-time", raises=ValueError)
def is_moment(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@MOMENT.checks("date", raises=ValueError)
def is_day(value: object) -> bool:
    return not isinstance(value, str) or str(date.fromisoformat(value)) == value


def checking_client(base_url: str, document: Document) -> httpx.Client:
    check = functools.partial(check_answer, document)
    return httpx.Client(
        base_url=base_url, timeout=60, verify=TRUST, event_hooks={"response": [check]}
    )


def check_answer(document: Document, response: httpx.Response) -> None:
    """Fail unless headers, problem document and body are as the contract says."""
    request = response.request
    shown = f"{request.method} {request.url} answered {response.status_code}"
    response.read()
    assert response.status_code != 500, f"{shown}: {response.text}"
    for name, value in SECURITY.items():
        assert response.headers.get(name) == value, f"{shown}, {name}"
    policy = {part.strip() for part in response.headers["Content-Security-Policy"].split(";")}
    assert policy >= POLICY, shown
    assert "unsafe" not in response.headers["Content-Security-Policy"], shown
    assert re.fullmatch(r"[\w.:-]{1,64}", response.headers["X-Request-ID"]), shown
    kind = response.headers.get("Content-Type", "").partition(";")[0]
    if kind == "text/html" and request.method != "HEAD" and not response.is_redirect:
        check_page(Page(response.text), str(request.url))
    if kind.endswith("json") and request.method != "HEAD":
        content = read_json(response.content)
        answers = documented(document, request)
        if answers and response.status_code != 400:  # a foreign host is refused everywhere
            assert str(response.status_code) in answers, shown
        if response.is_error:
            assert kind == "application/problem+json", shown
            check_problem(document, response, content)
        else:
            assert kind == "application/json", shown
            if request.url.path != "/openapi.json":
                assert answers, f"{request.url.path} is not documented"
                answer = answers[str(response.status_code)]
                check_schema(document, answer["content"][kind].get("schema"), content)


def check_problem(document: Document, response: httpx.Response, content: Any) -> None:
    """Fail unless a problem (RFC 9457) says what it must, of the answer that it came with."""
    check_schema(document, {"$ref": "#/components/schemas/Problem"}, content)
    assert set(content) == PROBLEM
    assert content["type"] == "about:blank"
    assert content["status"] == response.status_code
    assert content["request_id"] == response.headers["X-Request-ID"]
    assert content["title"]
    assert content["error"].startswith(content["detail"])
    for sentence in (content["detail"], *(fault["msg"] for fault in content["errors"])):
        assert re.match(r"\S", sentence), content
        assert sentence.endswith("."), content
        assert "Traceback" not in sentence, content
    for fault in content["errors"]:
        assert set(fault) == {"loc", "msg", "type"}
        assert fault["loc"], fault
        assert re.fullmatch(r"[a-z0-9_]+", fault["type"]), fault


def documented(document: Document, request: httpx.Request) -> dict[str, Any] | None:
    """The answers by status that the document names for a request, if it names any."""
    for template, operations in document["paths"].items():
        pattern = re.sub(r"\\{\w+\\}", "[^/:]+", re.escape(template))
        if re.fullmatch(pattern, request.url.path):
            operation = operations.get(request.method.lower(), {})
            answers: dict[str, Any] | None = operation.get("responses")
            return answers
    return None


def check_schema(document: Document, schema: Any, content: Any) -> None:
    """Fail unless `content` fits a schema of the document."""
    if schema:
        rooted = schema | {"components": document["components"]}
        Draft202012Validator(rooted, format_checker=MOMENT).validate(content)


def read_json(body: bytes) -> Any:
    """JSON as the standard has it: neither NaN nor infinity, no key twice."""

    def refuse(constant: str) -> NoReturn:
        raise AssertionError(f"{constant} in an answer: {body[:500]!r}")

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(pairs)) == len(pairs), body
        return dict(pairs)

    return json.loads(body.decode("utf-8"), parse_constant=refuse, object_pairs_hook=unique)
