"""Flask and Django answer alike: the same requests, good and bad, to both."""

import contextlib
import http.client
import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from .helpers import Environments, Models, copy, served, sync
from .servers import Databases

FRAMEWORKS = ("flask", "django")
COMPARED_HEADERS = ("Content-Type", "Allow", "Retry-After", "Location")
VOLATILE = {"id", "ids", "created_at", "request_id", "duration_ms", "next"}
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
JSON = {"Content-Type": "application/json"}
FORM = "application/x-www-form-urlencoded"

Instance = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A request; `{id}` in its path stands for a prediction made on that server before.

    `{model}` stands for the name of its model.
    """

    name: str
    method: str
    path: str
    body: Callable[[Instance], bytes] = lambda good: b""
    headers: dict[str, str] = field(default_factory=dict)


def gets(name: str, path: str, method: str = "GET", **headers: str) -> Case:
    return Case(name, method, path, headers={k.replace("_", "-"): v for k, v in headers.items()})


def posts(name: str, body: bytes, path: str = "/api/v1/predict", **headers: str) -> Case:
    given = {k.replace("_", "-"): v for k, v in headers.items()}
    return Case(name, "POST", path, lambda good: body, given or JSON)


def predicts(name: str, change: Callable[[Instance], Any]) -> Case:
    """Predict what `change` makes of a good instance (a list of instances)."""
    return Case(
        name,
        "POST",
        "/api/v1/predict",
        lambda good: json.dumps({"instances": change(dict(good))}).encode(),
        JSON,
    )


def invokes(name: str, change: Callable[[Instance], Any], path: str = "/invocations") -> Case:
    """Send what `change` makes of a good instance."""
    return Case(name, "POST", path, lambda good: json.dumps(change(dict(good))).encode(), JSON)


def tensors(good: Instance) -> list[Any]:
    """Numbers as the Open Inference Protocol takes them."""
    shaped = {"shape": [1], "datatype": "FP64"}
    return [{"name": name, "data": [float(v)], **shaped} for name, v in good.items()]


def infers(name: str, change: Callable[[Instance], Any]) -> Case:
    """Infer from the tensors that `change` makes of a good instance."""
    return invokes(name, lambda good: {"inputs": change(good)}, INFER)


def first(good: Instance, value: Any) -> Instance:
    """A good instance whose first feature has another value."""
    return {**good, next(iter(good)): value}


def feeds_back(name: str, body: Any, path: str = "/api/v1/predictions/{id}/feedback") -> Case:
    return Case(name, "POST", path, lambda good: json.dumps(body).encode(), JSON)


API = ("/api/", "/invocations", "/ping", "/v1/", "/v2/")
INFER = "/v2/models/{model}/infer"
NOWHERE = "00000000-0000-7000-8000-000000000000"
CASES = [
    gets("alive", "/healthz"),
    gets("ready", "/readyz"),
    gets("metrics", "/metrics"),
    gets("model", "/api/v1/model"),
    gets("openapi", "/openapi.json"),
    gets("docs", "/docs"),
    gets("form", "/"),
    gets("a row is pasted by nobody", "/row"),
    gets("example of a file of rows", "/rows"),
    posts("row without a token", b"row=1", "/row", Content_Type=FORM),
    posts("rows without a token", b"file=1", "/rows", Content_Type=FORM),
    posts("too large for a page", b" " * 11_000_000, "/rows", Accept="text/html"),
    gets("history", "/predictions/"),
    gets("history without its slash", "/predictions"),
    gets("page of a prediction", "/predictions/{id}"),
    gets("page of no prediction", f"/predictions/{NOWHERE}", Accept="text/html"),
    gets("style", "/static/modeldesk/style.css"),
    gets("own style", "/static/site.css"),
    gets("no style", "/static/none.css"),
    predicts("one", lambda good: [good]),
    predicts("three", lambda good: [good] * 3),
    predicts("whole number as float", lambda good: [first(good, 1.0)]),
    predicts("unknown feature", lambda good: [{**good, "no such": 1}]),
    predicts("missing feature", lambda good: [dict(list(good.items())[1:])]),
    predicts("every feature missing", lambda good: [{}]),
    predicts("several faults in several rows", lambda good: [{}, good, {**good, "x": 1}]),
    predicts("null", lambda good: [first(good, None)]),
    predicts("text for a number", lambda good: [first(good, "12")]),
    predicts("boolean for a number", lambda good: [first(good, True)]),
    predicts("list for a number", lambda good: [first(good, [1])]),
    predicts("object for a number", lambda good: [first(good, {"a": 1})]),
    predicts("out of range", lambda good: [first(good, 1e6)]),
    predicts("far out of range", lambda good: [first(good, -1e30)]),
    predicts("beyond 32 bits", lambda good: [first(good, 1e300)]),
    predicts("integer beyond 64 bits", lambda good: [first(good, 10**400)]),
    predicts("NaN", lambda good: [first(good, float("nan"))]),
    predicts("infinity", lambda good: [first(good, float("inf"))]),
    predicts("text with NUL", lambda good: [first(good, "\0")]),
    predicts("lone surrogate", lambda good: [first(good, "\ud800")]),
    predicts("no instances in the list", lambda good: []),
    predicts("an object for the list", lambda good: good),
    predicts("null for the list", lambda good: None),
    predicts("null for an instance", lambda good: [None]),
    predicts("list for an instance", lambda good: [[1, 2]]),
    predicts("too many", lambda good: [good] * 1001),
    posts("number overflows", b'{"instances": [{"a": 1e999}]}'),
    posts("other keys", b'{"instances": [{}], "rows": 1}'),
    posts("no key", b"{}"),
    posts("a list", b"[]"),
    posts("a number", b"1"),
    posts("empty", b""),
    posts("blanks", b"  \n"),
    posts("cut off", b'{"instances": [{"a"'),
    posts("two documents", b"{} {}"),
    posts("single quotes", b"{'instances': []}"),
    posts("invalid UTF-8", b'{"instances": "\xff\xfe"}'),
    posts("UTF-16", '{"instances": []}'.encode("utf-16")),
    posts("byte order mark", b'\xef\xbb\xbf{"instances": []}'),
    posts("deep nesting", b'{"instances": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    posts("duplicate keys", b'{"instances": [], "instances": []}'),
    posts("duplicate features", b'{"instances": [{"a": 1, "a": 2}]}'),
    posts("50 MB", b" " * 50_000_000),
    posts("text/plain", b"{}", Content_Type="text/plain"),
    posts("form", b"a=1", Content_Type="application/x-www-form-urlencoded"),
    posts("multipart", b"--x--", Content_Type="multipart/form-data; boundary=x"),
    posts("broken multipart", b"-", Content_Type="multipart/form-data"),
    posts("no content type", b"{}", X_Nothing="1"),
    posts("empty content type", b"{}", Content_Type=""),
    posts("JSON with a charset", b"{}", Content_Type="Application/JSON; charset=latin-1"),
    posts("odd content type", b"{}", Content_Type="application/json;;;=,"),
    posts("odd content length", b"", Content_Type="application/json", Content_Length="x"),
    gets("get where post", "/api/v1/predict"),
    gets("put where post", "/api/v1/predict", method="PUT"),
    gets("delete where get", "/api/v1/model", method="DELETE"),
    gets("post where get", "/healthz", method="POST"),
    gets("head", "/healthz", method="HEAD"),
    gets("options", "/api/v1/predict", method="OPTIONS"),
    gets("trace", "/api/v1/model", method="TRACE"),
    gets("no such method", "/api/v1/model", method="BREW"),
    gets("no such route", "/api/v1/none"),
    gets("no such page", "/none", Accept="text/html"),
    gets("route with a slash", "/api/v1/model/"),
    gets("double slash", "/api//v1/model"),
    gets("odd path", "/api/v1/predictions/%00%ff%2e%2e"),
    gets("up", "/static/../../pyproject.toml"),
    gets("other host", "/api/v1/model", Host="evil.example"),
    gets("broken host", "/api/v1/model", Host="a b/c"),
    gets("log", "/api/v1/predictions"),
    gets("log, one", "/api/v1/predictions?limit=1"),
    gets("log, next", "/api/v1/predictions?limit=2&before={id}"),
    gets("log, none", "/api/v1/predictions?limit=0"),
    gets("log, too many", "/api/v1/predictions?limit=100000"),
    gets("log, bad limit", "/api/v1/predictions?limit=many"),
    gets("log, huge limit", "/api/v1/predictions?limit=" + "9" * 5000),
    gets("log, bad cursor", "/api/v1/predictions?before=yesterday"),
    gets("log, unknown query", "/api/v1/predictions?colour=red"),
    gets("log, twice", "/api/v1/predictions?limit=1&limit=2"),
    gets("log, broken query", "/api/v1/predictions?limit=%ff"),
    gets("a prediction", "/api/v1/predictions/{id}"),
    gets("no prediction", f"/api/v1/predictions/{NOWHERE}"),
    gets("not an id", "/api/v1/predictions/1"),
    feeds_back("feedback: no prediction", {"actual": 1}, f"/api/v1/predictions/{NOWHERE}/feedback"),
    feeds_back("feedback: nothing", {}),
    feeds_back("feedback: null", {"actual": None}),
    feeds_back("feedback: wrong type", {"actual": [1]}),
    feeds_back("feedback: NaN", {"actual": float("nan")}),
    feeds_back("feedback: huge", {"actual": 10**400}),
    feeds_back("feedback: comment is no text", {"actual": 1, "comment": 5}),
    feeds_back("feedback: long comment", {"actual": 1, "comment": "c" * 100_000}),
    feeds_back("feedback: unknown key", {"actual": 1, "colour": "red"}),
    feeds_back("feedback: number", {"actual": 1, "comment": "as it was"}),
    feeds_back("feedback: class", {"actual": "setosa", "comment": "as it was"}),
    feeds_back("feedback: again", {"actual": 2}),
    gets("a prediction with feedback", "/api/v1/predictions/{id}"),
    gets("ping", "/ping"),
    gets("ping with a slash", "/ping/", Accept="text/html"),
    gets("ping by another host", "/ping", Host="10.1.2.3:8080"),
    gets("v1: models", "/v1/models"),
    gets("v1: a model", "/v1/models/{model}"),
    gets("v1: no model", "/v1/models/none", Accept="text/html"),
    gets("v1: get where post", "/v1/models/{model}:predict"),
    gets("v1: put where post", "/v1/models/{model}:predict", method="PUT"),
    gets("v1: no such verb", "/v1/models/{model}:explain"),
    gets("v1: odd name", "/v1/models/%00%ff%2e%2e"),
    invokes(
        "v1", lambda good: {"instances": [good, [*good.values()]]}, "/v1/models/{model}:predict"
    ),
    invokes("v1: no such model", lambda good: {"instances": [good]}, "/v1/models/none:predict"),
    invokes("v1: ragged", lambda good: {"instances": [[1], []]}, "/v1/models/{model}:predict"),
    posts("v1: no content type", b"{", "/v1/models/{model}:predict", X_Nothing="1"),
    posts("v1: form", b"a=1", "/v1/models/{model}:predict", Content_Type="text/plain"),
    invokes("records", lambda good: {"dataframe_records": [good]}),
    invokes("columns", lambda good: {"inputs": {name: [v, v] for name, v in good.items()}}),
    invokes("split", lambda good: {"dataframe_split": {"columns": [*good], "data": [[1]]}}),
    invokes("no form", lambda good: {}),
    posts("CSV", b"1,2\n3,4\n", "/invocations", Content_Type="text/csv"),
    posts("CSV out", b"a,b\n", "/invocations", Content_Type="text/csv", Accept="text/csv"),
    posts("CSV with an open quote", b'"a', "/invocations", Content_Type="text/csv"),
    gets("v2: server", "/v2"),
    gets("v2: live", "/v2/health/live"),
    gets("v2: ready", "/v2/health/ready"),
    gets("v2: model", "/v2/models/{model}"),
    gets("v2: model is ready", "/v2/models/{model}/ready"),
    gets("v2: no model", "/v2/models/none/ready", Accept="text/html"),
    gets("v2: no version", "/v2/models/{model}/versions/1"),
    gets("v2: get where post", "/v2/models/{model}/infer"),
    gets("v2: with a slash", "/v2/"),
    infers("v2: tensors", tensors),
    infers("v2: the first alone", lambda good: tensors(good)[:1]),
    infers("v2: no tensors", lambda good: []),
    infers("v2: data longer than its shape", lambda good: [tensors(good)[0] | {"shape": [0]}]),
    posts("v2: binary", b'{"inputs": []}abc', INFER, Inference_Header_Content_Length="14"),
    posts("v2: length that lies", b"{}", INFER, Inference_Header_Content_Length="9"),
    posts("multipart for rows", b"--x--", "/invocations", Content_Type="multipart/form-data"),
]


class Server:
    """One framework's service, already asked for a prediction."""

    def __init__(self, port: int) -> None:
        self.port = port
        _, _, body = self.send(gets("", "/api/v1/model"))
        self.model = json.loads(body)["name"]
        features = json.loads(body)["features"]
        self.good = {feature["name"]: feature["example"] for feature in features}
        status, _, body = self.send(predicts("", lambda good: [good]))
        assert status == 200, body
        self.id = json.loads(body)["predictions"][0]["id"]

    def send(self, case: Case) -> tuple[int, http.client.HTTPMessage, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        path = case.path.replace("{id}", getattr(self, "id", ""))
        path = path.replace("{model}", getattr(self, "model", ""))
        body = case.body(getattr(self, "good", {}))
        with contextlib.closing(connection):
            connection.putrequest(case.method, path, skip_host="Host" in case.headers)
            for name, value in case.headers.items():
                connection.putheader(name, value)
            if "Content-Length" not in case.headers and (body or case.method == "POST"):
                connection.putheader("Content-Length", str(len(body)))
            # A server that refuses a large body may close before it has read all of it.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.endheaders(body or None)
            response = connection.getresponse()
            return response.status, response.headers, response.read()


def masked(value: Any) -> Any:
    """JSON without what differs from one request to the next."""
    if isinstance(value, dict):
        return {
            key: "..." if key in VOLATILE and content is not None else masked(content)
            for key, content in value.items()
        }
    if isinstance(value, list):
        return [masked(item) for item in value]
    return UUID.sub("...", value) if isinstance(value, str) else value


def comparable(status: int, headers: http.client.HTTPMessage, body: bytes) -> dict[str, Any]:
    """What both frameworks must agree on; of a page, its text but for tokens and times."""
    content: Any = None
    if "json" in headers.get("Content-Type", ""):
        content = masked(json.loads(body)) if body else None
    # charset="utf-8" says what charset=utf-8 says.
    said = {name: headers[name].replace('"', "") for name in COMPARED_HEADERS if headers[name]}
    kept = {name: UUID.sub("...", text) for name, text in said.items()}
    return {"status": status, **kept, "json": content}


RUNS = [
    pytest.param((model, database), marks=pytest.mark.xdist_group(f"parity on {database}"))
    for model, database in (
        ("regression", "sqlite"),
        ("classification", "postgresql"),
        ("regression", "mysql"),
        ("classification", "mongodb"),
    )
]


@pytest.fixture(scope="module", params=RUNS, ids="-".join)
def servers(
    *,
    request: pytest.FixtureRequest,
    template: Path,
    tmp_path_factory: pytest.TempPathFactory,
    databases: Databases,
    environments: Environments,
    models: Models,
) -> Iterator[tuple[Server, Server]]:
    """Both frameworks with the same artifact, each with a database of its own."""
    model, database = request.param
    folder = tmp_path_factory.mktemp(f"parity-{database}")
    with contextlib.ExitStack() as stack:
        made = {}
        for name in FRAMEWORKS:
            answers = {"framework": name, "model": model, "database": database, "forms": True}
            project = copy(template, folder / name, answers)
            settings = stack.enter_context(databases.fresh(database)) | environments.of(name)
            sync(project, **settings)
            if name == "flask":
                models.train(project, model, **settings)
            else:
                shutil.copytree(folder / "flask" / "artifacts", project / "artifacts")
            port, _ = stack.enter_context(served(project, **settings))
            made[name] = Server(port)
        yield made["flask"], made["django"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_both_answer_alike(servers: tuple[Server, Server], case: Case) -> None:
    flask, django = (comparable(*server.send(case)) for server in servers)
    assert flask == django
    assert flask["status"] < 500
    reached = "Content-Length" not in case.headers  # the server itself refuses a broken one
    if flask["status"] >= 400 and case.path.startswith(API) and reached:
        assert flask["Content-Type"] == "application/problem+json"
        assert flask["json"]["detail"].endswith(".")
