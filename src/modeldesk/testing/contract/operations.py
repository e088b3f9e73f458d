"""The operations of the OpenAPI document, and requests made of their examples."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .client import Document


@dataclass(frozen=True)
class Operation:
    """What is done with `method` to `path`; `content` is what the document says of it."""

    method: str
    path: str
    content: dict[str, Any]

    def requests(self, document: Document, record_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """An address and the options of a request, for each example of a body."""
        parameters = [resolve(document, item) for item in self.content.get("parameters", [])]
        places = {p["name"]: p["example"] for p in parameters if p["in"] == "path"}
        address = self.path.format(**places | {"record_id": record_id})
        query = {p["name"]: p["example"] for p in parameters if p["in"] == "query"}
        bodies = [body for _, body in examples(document, self.content.get("requestBody", {}))]
        for body in bodies or [None]:
            yield address, {"params": query, "json": body}


def operations(document: Document) -> list[Operation]:
    return [
        Operation(method.upper(), path, content)
        for path, methods in document["paths"].items()
        for method, content in methods.items()
    ]


def examples(document: Document, body: Any) -> list[tuple[Any, Any]]:
    """Pairs of a schema and an example of it."""
    contents = resolve(document, body).get("content", {}).values()
    return [
        (content["schema"], resolve(document, example)["value"])
        for content in contents
        for example in content.get("examples", {}).values()
    ]


def resolve(document: Document, item: Any) -> Any:
    """What a reference stands for."""
    while "$ref" in item:
        found: Any = document
        for key in item["$ref"].removeprefix("#/").split("/"):
            found = found[key]
        item = found
    return item
