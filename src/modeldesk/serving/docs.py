"""The API documentation page, read off the OpenAPI document: no script, no other host."""

import json
import shlex
from typing import Any

LONGEST_COMMAND = 2000  # characters that are shown at once


def docs(document: dict[str, Any], base_url: str) -> dict[str, Any]:
    """Operations as the page lists them, each with a curl command that works as it stands."""
    operations = [
        _operation(document, path, method, operation, base_url.rstrip("/"))
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    return {"api": document["info"], "operations": operations}


def _operation(
    document: dict[str, Any], path: str, method: str, operation: dict[str, Any], base_url: str
) -> dict[str, Any]:
    parameters = [_resolve(document, item) for item in operation.get("parameters", [])]
    request = _example(document, operation.get("requestBody", {}))
    address = path
    for parameter in parameters:
        address = address.replace("{" + parameter["name"] + "}", str(parameter["example"]))
    curl = [f"curl {shlex.quote(base_url + address)}"]
    if "security" in operation:
        curl.append('-H "Authorization: Bearer $TOKEN"')
    if request:
        compact = json.dumps(json.loads(request), ensure_ascii=False)
        curl += ["-H 'Content-Type: application/json'", f"-d {shlex.quote(compact)}"]
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": operation["summary"],
        "description": operation.get("description", ""),
        "parameters": [
            {
                "name": parameter["name"],
                "where": parameter["in"],
                "required": parameter.get("required", False),
                "description": parameter["description"],
            }
            for parameter in parameters
        ],
        "curl": " \\\n  ".join(curl),
        "long": sum(map(len, curl)) > LONGEST_COMMAND,
        "request": request,
        "responses": [
            {
                "status": status,
                "description": _resolve(document, response)["description"],
                "example": _example(document, _resolve(document, response)),
            }
            for status, response in operation["responses"].items()
        ],
    }


def _resolve(document: dict[str, Any], item: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in item:
        return item
    _, *keys = item["$ref"].split("/")
    for key in keys:
        document = document[key]
    return document


def _example(document: dict[str, Any], body: dict[str, Any]) -> str:
    for content in body.get("content", {}).values():
        for example in content.get("examples", {}).values():
            return json.dumps(_resolve(document, example)["value"], ensure_ascii=False, indent=2)
    return ""
