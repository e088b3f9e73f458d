"""Public clients of other systems ask real services: Triton's, KServe's and MLflow's.

Each is a script of `clients/` in an environment of its own.
"""

import json
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from .helpers import MIGRATE, Environments, ask, copy, need, run, served, sync
from .people import Person, make_admin
from .rendering import rendered
from .variants import leader_with

SERVE = "/usr/local/bin/serve"
CLIENTS = Path(__file__).with_name("clients")
HOUSES = (  # columns of every kind, one of them with gaps
    "from pathlib import Path; from modeldesk.testing.models import publish_small_model; "
    "publish_small_model(Path('artifacts'))"
)


@dataclass
class Served:
    """A service, rows that its model takes, and a token if it asks for one."""

    folder: Path
    port: int
    rows: list[dict[str, Any]]
    token: str = ""

    @property
    def model(self) -> dict[str, Any]:
        found: dict[str, Any] = ask(self.port, "/api/v1/model", token=self.token)
        return found

    def by(self, client: str, rows: list[dict[str, Any]] | None = None) -> Any:
        """What a client gives back."""
        told = {"port": self.port, "token": self.token, "rows": rows or self.rows}
        told |= {"model": self.model["name"], "version": self.model["version"]}
        script = ("run", "--quiet", "--no-project", "--script", str(CLIENTS / f"ask_{client}.py"))
        said = run(self.folder, need("uv"), *script, json.dumps(told))
        return json.loads(said.splitlines()[-1])

    def outputs(self, rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
        """What the API predicts, as the Open Inference Protocol has it."""
        given = ask(self.port, "/api/v1/predict", {"instances": rows}, self.token)["predictions"]
        values = [prediction["value"] for prediction in given]
        shares = [share for one in given for share in one.get("probabilities", {}).values()]
        return {"label": values, "probabilities": shares} if shares else {"value": values}

    def logged(self, identifier: str) -> dict[str, Any]:
        entry: dict[str, Any] = ask(
            self.port, f"/api/v1/predictions/{identifier}", token=self.token
        )
        return entry


RUNS = {
    "flask": {"model": "own", "auth": False},
    "django": {"model": "classification", "auth": False},
    "flask with accounts": {"model": "own", "auth": True},
}


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(name, marks=pytest.mark.xdist_group(f"clients of {name}")) for name in RUNS
    ],
)
def service(
    request: pytest.FixtureRequest,
    template: Path,
    tmp_path_factory: pytest.TempPathFactory,
    environments: Environments,
) -> Iterator[Served]:
    answers = {"framework": request.param.partition(" ")[0], **RUNS[request.param]}
    project = copy(template, tmp_path_factory.mktemp("clients") / "service", answers)
    settings = environments.of(answers["framework"])
    sync(project, **settings)
    if answers["model"] == "own":
        run(project, need("uv"), "run", "--quiet", "python", "-c", HOUSES, **settings)
    with served(project, **settings) as (port, _):
        token = ""
        if answers["auth"]:
            make_admin(project, **settings)
            token = Person(port).logged_in().token()
        described = ask(port, "/api/v1/model", token=token)
        good = {feature["name"]: feature["example"] for feature in described["features"]}
        first = next(f for f in described["features"] if f["type"] == "number")
        yield Served(project, port, [good, good | {first["name"]: first["max"]}], token)


def alike(given: list[Any], expected: list[Any]) -> bool:
    """Whether they are the same; numbers, within what 32 bits hold."""
    pairs = zip(given, expected, strict=True)
    return all(a == b or math.isclose(a, b, rel_tol=1e-5) for a, b in pairs)


def check(service: Served, answer: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    """Fail unless tensors are what the API predicts, under ids in the log."""
    for name, cells in service.outputs(rows).items():
        assert alike(answer[name], cells), name
    kept = [service.logged(identifier)["inputs"] for identifier in answer["id"]]
    assert kept == rows


def test_triton(service: Served) -> None:
    told = service.by("triton")
    numbers = all(feature["type"] == "number" for feature in service.model["features"])
    assert len(told["answers"]) == 3 + numbers  # and as one matrix
    for answer in told["answers"]:
        check(service, answer, service.rows)
    (unknown, unknown_says), (lacking, lacking_says), *unauthorized = told["refused"]
    assert (unknown, lacking) == ("404", "422")
    assert service.model["name"] in unknown_says
    assert "is missing" in lacking_says
    assert [status for status, _ in unauthorized] == (["401"] if service.token else [])


def test_gaps_by_triton(service: Served) -> None:
    missing = [f["name"] for f in service.model["features"] if f["missing"]]
    rows = [row | dict.fromkeys(missing) for row in service.rows]
    for answer in service.by("triton", rows)["answers"]:
        check(service, answer, rows)


def test_kserve(service: Served) -> None:
    told = service.by("kserve")
    expected = next(iter(service.outputs(service.rows).values()))
    assert alike(told["v1"]["predictions"], expected)
    assert [service.logged(i)["inputs"] for i in told["v1"]["ids"]] == service.rows
    for answer in told["v2"]:
        check(service, answer, service.rows)
    assert [status for status, _ in told["refused"]] == [422, 422]
    assert "is missing" in told["refused"][0][1]


def test_mlflow(service: Served) -> None:
    if service.token:  # which its client does not send
        refused = ask(service.port, "/invocations", {"instances": service.rows})
        assert (refused["status"], "Log in" in refused["error"]) == (401, True)
        return
    told = service.by("mlflow")
    expected = next(iter(service.outputs(service.rows).values()))
    assert len(told["answers"]) >= 4
    assert all(alike(answer, expected) for answer in told["answers"])
    assert [service.logged(i)["inputs"] for i in told["ids"]] == service.rows
    lacking, params = told["refused"]
    assert "is missing" in lacking
    assert "takes no parameters" in params


@pytest.mark.skipif(os.name == "nt", reason="the image has a shell of its own")
@pytest.mark.parametrize("framework", MIGRATE)
@pytest.mark.parametrize(
    ("settings", "port"),
    [({"PORT": "8000"}, 8000), ({"PORT": "8080"}, 8080), ({"AIP_HTTP_PORT": "8081"}, 8081)],
)
def test_the_image_serves_at_the_port_of_its_platform(
    tmp_path: Path, framework: str, settings: dict[str, str], port: int
) -> None:
    """By what its Dockerfile writes and starts, with a `manage` that only says what it is told."""
    made = rendered(leader_with(framework=framework).name)["Dockerfile"].decode()
    written = next(line for line in made.splitlines() if SERVE in line).removeprefix("RUN ")
    assert 'CMD ["serve"]' in made.splitlines()
    run(tmp_path, "sh", "-c", written.replace(SERVE, str(tmp_path / "serve")))
    manage = tmp_path / "manage"
    manage.write_text('#!/bin/sh\necho "$@"\n', encoding="utf-8")
    manage.chmod(0o755)
    said = run(tmp_path, "./serve", PATH=f"{tmp_path}:{os.defpath}", **settings)
    assert said.splitlines() == [
        " ".join(MIGRATE[framework]),
        f"serve --host 0.0.0.0 --port {port}",
    ]
