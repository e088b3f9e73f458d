"""A service that is asked without a framework."""

import json
import re
from pathlib import Path
from typing import Any

from modeldesk.serving.answers import Answer, Request
from modeldesk.serving.callers import Caller, current_caller
from modeldesk.serving.deployment import Deployment, current_served
from modeldesk.serving.service import ROUTES, Service
from modeldesk.serving.settings import Settings

from .memory import MemoryLog

ROW = {"area": 95.5, "age": 17, "rooms": 2, "garden": False, "heating": "oil"}


class Desk:
    """A service on a log in memory, and who asks it."""

    def __init__(self, root: Path, kind: type[Settings], **settings: Any) -> None:
        self.log = MemoryLog()
        deployment = Deployment(root, auth=kind.auth)
        self.service = Service(deployment, self.log, kind.model_validate(settings))

    def ask(
        self, path: str, content: Any = None, *, by: Caller | None = None, **query: str
    ) -> Answer:
        current_caller.set(by)
        current_served.set(None)
        handler, given = found(path)
        body = b"" if content is None else json.dumps(content).encode()
        headers = {"Content-Type": "application/json"}
        return self.service.answer(handler, Request(body, headers, query, "request-7"), **given)

    def predict(self, by: Caller | None = None) -> str:
        """The id of a prediction of ROW."""
        answer = self.ask("/api/v1/predict", {"instances": [ROW]}, by=by)
        assert answer.status == 200, answer.body
        (prediction,) = json.loads(answer.body)["predictions"]
        return str(prediction["id"])

    def listed(self, by: Caller | None = None, **query: str) -> list[str]:
        """The ids of a page of predictions."""
        answer = self.ask("/api/v1/predictions", by=by, **query)
        assert answer.status == 200, answer.body
        return [entry["id"] for entry in json.loads(answer.body)["predictions"]]


def found(path: str) -> tuple[Any, dict[str, str]]:
    """The handler of a path, and what the path gives it."""
    for route, (_, handler) in ROUTES.items():
        pattern = re.sub(r"<(?:\w+:)?(\w+)>", r"(?P<\1>[^/:]+)", route)
        if match := re.fullmatch(pattern, path):
            return handler, match.groupdict()
    raise LookupError(path)
