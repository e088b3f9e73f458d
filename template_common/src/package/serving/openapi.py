"""The OpenAPI 3.1 document: `openapi.json` completed from the model signature."""

import json
from pathlib import Path
from typing import Any

from ..ml.signature import Signature, class_label
from ..ml.validation import InstanceValidator


def openapi(
    signature: Signature, model: dict[str, str], validator: InstanceValidator
) -> dict[str, Any]:
    """Every API route, with examples that the service itself accepts and gives."""
    document = json.loads(Path(__file__).with_name("openapi.json").read_text(encoding="utf-8"))
    document["info"] |= {"title": model["name"], "version": model["version"]}
    schemas, examples = document["components"]["schemas"], document["components"]["examples"]

    schemas["Instance"] = validator.model.model_json_schema()
    output = signature.output
    schemas["Value"] = {"enum": output.classes} if output.classes else {"type": "number"}
    schemas["Value"]["description"] = " ".join(filter(None, [output.description, output.unit]))
    value = output.classes[0] if output.classes else output.min or 0
    prediction = {"id": examples["Entry"]["value"]["id"], "value": value}
    if output.classes and output.probabilities:
        first, *others = map(class_label, output.classes)
        shares = {first: 0.8, **dict.fromkeys(others, 0.2 / len(others))}
        prediction["probabilities"] = shares
    else:
        del schemas["Prediction"]["properties"]["probabilities"]

    filters = document["components"]["parameters"]
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
    for name, example in {
        "PredictRequest": {"instances": [signature.example]},
        "PredictResponse": {"predictions": [prediction], "model": model},
        "Entry": entry,
        "EntryWithFeedback": entry | {"feedback": given},
        "Page": {"predictions": [entry], "next": None},
        "Feedback": feedback,
    }.items():
        examples[name] = {"value": example}
    return document
