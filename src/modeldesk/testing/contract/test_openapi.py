"""The OpenAPI document: valid, complete, and its examples work."""

import re
from typing import Any

import httpx
import pytest
from jsonschema import ValidationError
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from .asking import Instance
from .client import Document, check_schema
from .operations import examples, operations, resolve


def test_the_document_is_valid(document: Document) -> None:
    assert document["openapi"].startswith("3.1.")
    validate(document, cls=OpenAPIV31SpecValidator)


def test_it_describes_this_model(document: Document, model: dict[str, Any]) -> None:
    assert document["info"]["title"] == model["name"]
    assert document["info"]["version"] == model["version"]
    instance = document["components"]["schemas"]["Instance"]
    names = [feature["name"] for feature in model["features"]]
    assert list(instance["properties"]) == names
    needed = [feature["name"] for feature in model["features"] if not feature["missing"]]
    assert instance.get("required", []) == needed
    assert instance["additionalProperties"] is False


def test_every_example_fits_its_schema(document: Document) -> None:
    pairs = []
    for operation in operations(document):
        pairs += examples(document, operation.content.get("requestBody", {}))
        for response in operation.content["responses"].values():
            pairs += examples(document, response)
        for parameter in operation.content.get("parameters", []):
            found = resolve(document, parameter)
            pairs.append((found["schema"], found["example"]))
    assert len(pairs) >= 6
    for schema, example in pairs:
        check_schema(document, schema, example)


def test_every_example_of_a_request_is_accepted(
    client: httpx.Client, document: Document, record_id: str
) -> None:
    asked = 0
    for operation in operations(document):
        for address, options in operation.requests(document, record_id):
            response = client.request(operation.method, address, **options)
            assert response.status_code == 200, (address, response.text)
            asked += 1
    assert asked == len(operations(document))


@pytest.mark.parametrize("value", [None, "text", 1e300, [], {}])
def test_the_schema_agrees_with_the_service(
    client: httpx.Client, document: Document, model: dict[str, Any], good: Instance, value: Any
) -> None:
    for feature in model["features"]:
        instance = good | {feature["name"]: value}
        try:
            check_schema(document, {"$ref": "#/components/schemas/Instance"}, instance)
            fits = True
        except ValidationError:
            fits = False
        response = client.post("/api/v1/predict", json={"instances": [instance]})
        assert (response.status_code == 200) is fits, (feature["name"], value)


def test_every_route_is_documented(document: Document) -> None:
    documented = {
        ("POST", "/api/v1/predict"),
        ("GET", "/api/v1/model"),
        ("GET", "/api/v1/predictions"),
        ("GET", "/api/v1/predictions/{record_id}"),
        ("POST", "/api/v1/predictions/{record_id}/feedback"),
        ("GET", "/healthz"),
        ("GET", "/readyz"),
        ("GET", "/metrics"),
        ("GET", "/ping"),
        ("GET", "/v1/models"),
        ("GET", "/v1/models/{name}"),
        ("POST", "/v1/models/{name}:predict"),
        ("POST", "/invocations"),
        ("GET", "/v2"),
        ("GET", "/v2/health/live"),
        ("GET", "/v2/health/ready"),
        ("GET", "/v2/models/{name}"),
        ("GET", "/v2/models/{name}/ready"),
        ("POST", "/v2/models/{name}/infer"),
        ("POST", "/v2/models/{name}/versions/{version}/infer"),
    }
    found = operations(document)
    assert {(operation.method, operation.path) for operation in found} >= documented
    ids = [operation.content["operationId"] for operation in found]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z_]+", identifier) for identifier in ids)
