"""The OpenAPI 3.1 document: `openapi.json` completed from the model signature."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ..ml.signature import Output, Signature, Target
from ..ml.validation import InstanceValidator
from .answers import HEALTH
from .open_inference import gives, takes


def openapi(
    signature: Signature, model: dict[str, str], validator: InstanceValidator, *, auth: bool
) -> dict[str, Any]:
    """Every API route, with examples that the service itself accepts and gives.

    With `auth` it says which of them need a token.
    """
    text = Path(__file__).with_name("openapi.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    document["info"] |= {"title": model["name"], "version": model["version"]}
    schemas, examples = document["components"]["schemas"], document["components"]["examples"]

    schemas["Instance"] = validator.model.model_json_schema()
    output = signature.output
    schemas["Value"] = _value(output)
    prediction = {"id": examples["Entry"]["value"]["id"], **_answer(output)}
    value = prediction["value"]
    told = schemas["Prediction"]["properties"]
    for name in {"probabilities", "score"} - prediction.keys():
        del told[name]
    if "probabilities" in prediction and output.targets:  # by target
        by_label = {"type": "object", **told["probabilities"]}
        told["probabilities"] = {"type": "object", "additionalProperties": by_label}

    filters = document["components"]["parameters"]
    if not validator.reference:
        taken = document["paths"]["/api/v1/predictions"]["get"]["parameters"]
        taken.remove({"$ref": "#/components/parameters/reference"})
        del filters["reference"], told["reference"], schemas["Entry"]["properties"]["reference"]
    else:
        filters["record_id"]["description"] += f", or the {validator.reference} sent with it"
        filters["record_id"]["schema"] = {"type": "string"}
    filters["name"]["example"] = model["name"]
    filters["version"]["example"] = model["version"]
    _add_versions(document["paths"])
    filters["model_version"]["example"] = model["version"]
    if output.of_classes:
        filters["label"]["example"] = output.filed_as(value)
    else:
        taken = document["paths"]["/api/v1/predictions"]["get"]["parameters"]
        taken.remove({"$ref": "#/components/parameters/label"})
        del filters["label"]

    feedback = {"actual": value, "comment": "Confirmed."}
    entry = examples["Entry"]["value"] | prediction
    entry |= {"model_version": model["version"], "inputs": signature.example}
    given = feedback | {"created_at": entry["created_at"]}
    names, values = list(signature.example), list(signature.example.values())
    bare = list(value.values()) if output.targets else value
    record: Any = SimpleNamespace(**{"probabilities": None, "score": None} | prediction)
    tensors = [output.tensor([record]) for output in gives(output)]
    named = {"model_name": model["name"], "model_version": model["version"]}
    cells = [
        tensor | {"shape": [1], "data": [value]}
        for tensor, value in zip(takes(signature), values, strict=True)
    ]
    for name, example in {
        "PredictRequest": {"instances": [signature.example]},
        "PredictResponse": {"predictions": [prediction], "model": model},
        "Entry": entry,
        "EntryWithFeedback": entry | {"feedback": given},
        "Page": {"predictions": [entry], "next": None},
        "Feedback": feedback,
        "InstancesRequest": {"instances": [signature.example]},
        "Values": {"predictions": [bare], "ids": [prediction["id"]]},
        "InferRequest": {"inputs": cells},
        "InferResponse": named | {"outputs": tensors},
        "Invocation": {"dataframe_split": {"columns": names, "data": [values]}},
    }.items():
        examples[name] = {"value": example}
    if auth:
        _protect(document)
    return document


def _answer(output: Output) -> dict[str, Any]:
    """What a model of this output might say."""
    values = {p.name: p.classes[0] if p.classes else p.min or 0 for p in output.parts}
    shares = {part.name: _even(part) for part in output.parts}
    answer: dict[str, Any] = {"value": values if output.targets else values[output.name]}
    if output.probabilities and output.of_classes:
        answer["probabilities"] = shares if output.targets else shares[output.name]
    if output.threshold is not None:
        answer["score"] = output.threshold - 0.1
    return answer


def _even(part: Target) -> dict[str, float]:
    """Probabilities of which the first is the highest."""
    first, *others = [label for label, _ in part.choices] or [""]
    return {first: 0.8, **dict.fromkeys(others, 0.2 / (len(others) or 1))}


def _value(output: Output) -> dict[str, Any]:
    """The schema of a predicted value and of a true one."""
    if not output.targets:
        return _kind(output)
    return _described(output) | {
        "type": "object",
        "properties": {target.name: _kind(target) for target in output.targets},
        "required": [target.name for target in output.targets],
        "additionalProperties": False,
    }


def _kind(part: Target) -> dict[str, Any]:
    return ({"enum": part.classes} if part.classes else {"type": "number"}) | _described(part)


def _described(part: Target) -> dict[str, str]:
    return {"description": " ".join(filter(None, [part.description, part.unit]))}


def _add_versions(paths: dict[str, Any]) -> None:
    """Say that a model can be asked for by its version, too."""
    model, named = "/v2/models/{name}", {"$ref": "#/components/parameters/version"}
    for path in [path for path in paths if path.startswith(model)]:
        ((method, operation),) = paths[path].items()
        about = {"operationId": f"{operation['operationId']}_of_version"}
        about["summary"] = f"{operation['summary']}; of this version"
        places = {"parameters": [*operation["parameters"], named]}
        versioned = path.replace(model, model + "/versions/{version}")
        paths[versioned] = {method: operation | about | places}


def _protect(document: dict[str, Any]) -> None:
    """Say which operations need a token, and what they answer without."""
    components = document["components"]
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    refusals = {"401": "Nobody is logged in, and there is no token", "403": "No role allows it"}
    for path, operations in document["paths"].items():
        if path not in HEALTH:
            for operation in operations.values():
                operation["security"] = [{"token": []}]
                for status, description in refusals.items():
                    operation["responses"][status] = {
                        "description": description,
                        "content": problem,
                    }
                operation["responses"] = dict(sorted(operation["responses"].items()))
