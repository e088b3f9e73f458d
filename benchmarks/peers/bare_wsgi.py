"""The limit: JSON, the model as ONNX, JSON; nothing is checked, routed or kept."""

import json
from collections.abc import Callable
from typing import Any

import onnx_model


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    instances = json.loads(environ["wsgi.input"].read())["instances"]
    body = json.dumps({"predictions": onnx_model.predict(instances)}).encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    start_response("200 OK", headers)
    return [body]
