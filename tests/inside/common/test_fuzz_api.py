"""What no program would send to the API: each answer is one that the document names."""

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from modeldesk.testing.contract.client import Document, check_answer
from modeldesk.testing.contract.operations import operations
from modeldesk.testing.login import log_in, new_token

from . import framework
from .conftest import Databases
from .fuzzing import REQUESTS, SEED, TEXTS, as_servers_call, quoted
from .running import PASSWORD

NUMBERS = [0, -1, 1.5, 1e308, -0.0, 2**53 + 1, 2**63, 10**400, float("nan"), float("inf")]
VALUES = [None, True, False, *NUMBERS, *TEXTS, [], {}, [None], {"": None}]
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "latin-1"]
FORM = "application/x-www-form-urlencoded"
KINDS = [FORM, "text/plain", "application/jsonl", "text/csv", ";", ""]
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "NONE"]


class Fuzzer:
    """Takes requests that the document has as examples, and changes something of each."""

    def __init__(self, client: httpx.Client, document: Document, random: Random) -> None:
        self.client, self.document, self.random = client, document, random
        self.operations = operations(document)
        described = client.get("/api/v1/model").json()["features"]
        example = {feature["name"]: feature["example"] for feature in described}
        answer = client.post("/api/v1/predict", json={"instances": [example]}).json()
        self.record_id = answer["predictions"][0]["id"]

    def maybe(self, share: float) -> bool:
        return self.random.random() < share

    def value(self) -> Any:
        found = self.random.choice(VALUES)
        for _ in range(self.random.choice([0, 0, 0, 1, 500])):
            found = [found]
        return found

    def changed(self, content: Any) -> Any:
        """With another value somewhere in it, more, or less."""
        if not isinstance(content, dict | list) or not content or self.maybe(0.1):
            return self.value()
        where = list(content) if isinstance(content, dict) else range(len(content))
        found, key = content.copy(), self.random.choice(where)
        if self.maybe(0.7):
            found[key] = self.changed(content[key])
        elif self.maybe(0.5):
            del found[key]
        elif isinstance(found, list):
            found += [content[key]] * self.random.choice([1, 2, 1000])
        else:
            found[self.random.choice(TEXTS)] = self.value()
        return found

    def body(self, content: Any) -> bytes:
        text = json.dumps(self.changed(content), ensure_ascii=self.maybe(0.5))
        if self.maybe(0.1):
            at = self.random.randrange(len(text) + 1)
            text = text[:at] + self.random.choice([*TEXTS, '"', "{", "]", ","]) + text[at:]
        if self.maybe(0.1):
            text = text[: self.random.randrange(len(text) + 1)]
        encoding = self.random.choice(ENCODINGS) if self.maybe(0.1) else "utf-8"
        return text.encode(encoding, "replace" if encoding == "latin-1" else "surrogatepass")

    def request(self) -> httpx.Request:
        operation = self.random.choice(self.operations)
        made = list(operation.requests(self.document, self.record_id))
        path, options = self.random.choice(made)
        parts = path.split("/")
        if self.maybe(0.2):
            parts[self.random.randrange(1, len(parts))] = self.random.choice(TEXTS)
        asked = dict(options["params"])
        for name in list(asked):
            if self.maybe(0.5):
                asked[name] = self.random.choice(TEXTS)
        if self.maybe(0.1):
            asked[self.random.choice(TEXTS)] = self.random.choice(TEXTS)
        query = "&".join(f"{quoted(name)}={quoted(str(text))}" for name, text in asked.items())
        raw = "/".join(map(quoted, parts)) + (f"?{query}" if query else "")
        url = self.client.base_url.join("/").copy_with(raw_path=raw.encode())
        method = self.random.choice(METHODS) if self.maybe(0.05) else operation.method
        kind = self.random.choice(KINDS) if self.maybe(0.1) else "application/json"
        content = None if options["json"] is None else self.body(options["json"])
        headers = {"Content-Type": kind}
        return self.client.build_request(method, url, content=content, headers=headers)

    def send(self) -> str:
        """What went wrong with a request, if something did."""
        request = self.request()
        said = f"{request.method} {request.url.raw_path.decode()[:300]} {request.content[:300]!r}"
        try:
            check_answer(self.document, self.client.send(request))
        except Exception as error:
            return f"{said}: {error!r}"
        return ""


@pytest.fixture(scope="module")
def fuzzer(
    fresh_database: Databases, small_model: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Fuzzer]:
    folder = tmp_path_factory.mktemp("fuzz-api")
    settings = {"ARTIFACTS_DIR": str(small_model)}
    with fresh_database(folder) as url, framework.gateway(url, **settings) as served:
        transport = httpx.WSGITransport(app=as_servers_call(served))
        with httpx.Client(transport=transport, base_url="http://localhost") as client:
            document = client.get("/openapi.json").json()
            if "securitySchemes" in document["components"]:
                framework.add_account("fuzz@example.com", PASSWORD, "admin")
                log_in(client, "fuzz@example.com", PASSWORD)
                client.headers["Authorization"] = f"Bearer {new_token(client, 'fuzz')}"
                client.cookies.clear()
            yield Fuzzer(client, document, Random(SEED))


def test_no_request_of_a_program_is_an_error_of_ours(fuzzer: Fuzzer) -> None:
    faults = [fault for _ in range(REQUESTS) if (fault := fuzzer.send())]
    assert not faults, "\n".join(faults)
