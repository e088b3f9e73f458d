"""The OpenAPI 3.1 document: `openapi.json` completed from the model signature."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ..ml.signature import Output, Signature, Target, class_label
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

    filters = document["components"]["parameters"]
    if not validator.reference:
        taken = document["paths"]["/api/v1/predictions"]["get"]["parameters"]
        taken.remove({"$ref": "#/components/parameters/reference"})
        del filters["reference"], schemas["Prediction"]["properties"]["reference"]
    else:
        filters["record_id"]["description"] += f", or the {validator.reference} sent with it"
        filters["record_id"]["schema"] = {"type": "string"}
    filters["name"]["example"] = model["name"]
    filters["version"]["example"] = model["version"]
    _add_versions(document["paths"])
    filters["model_version"]["example"] = model["version"]
    if output.classes:
        filters["label"]["example"] = class_label(value)
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
    if output.targets:
        return {"value": {target.name: target.min or 0 for target in output.targets}}
    if not output.classes:
        return {"value": output.min or 0}
    answer: dict[str, Any] = {"value": output.classes[0]}
    if output.probabilities:
        first, *others = map(class_label, output.classes)
        answer["probabilities"] = {first: 0.8, **dict.fromkeys(others, 0.2 / len(others))}
    if output.threshold is not None:
        answer["score"] = output.threshold - 0.1
    return answer


def _value(output: Output) -> dict[str, Any]:
    """The schema of a predicted value and of a true one."""
    about = _described(output)
    if output.classes:
        return {"enum": output.classes} | about
    if not output.targets:
        return {"type": "number"} | about
    return about | {
        "type": "object",
        "properties": {t.name: {"type": "number"} | _described(t) for t in output.targets},
        "required": [target.name for target in output.targets],
        "additionalProperties": False,
    }


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
