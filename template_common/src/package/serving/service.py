"""What each API route answers: everything between the framework's request and its response."""

import logging
import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import uuid_utils

from ..ml.predictor import NotFinite, Predictor
from ..ml.signature import class_label
from ..ml.validation import Fault, InvalidInstances
from . import metrics
from .answers import Answer, Problem, Request, as_problem, to_json
from .body import Paging, PredictBody, feedback_body, parse, read_json
from .log import BufferedWriter, DurableWriter, Feedback, PredictionLog, Record
from .openapi import openapi
from .settings import Settings

RECORD_ID = re.compile("[0-9a-f-]{36}")

logger = logging.getLogger(__name__)


class Service:
    """A predictor and its log. Methods raise Problem, InvalidInstances and LogUnavailable."""

    def __init__(self, predictor: Predictor, log: PredictionLog, settings: Settings) -> None:
        self.predictor = predictor
        self.signature = predictor.signature
        self.log = log
        durable = settings.prediction_log == "durable"
        self.writer = DurableWriter(log) if durable else BufferedWriter(log)
        self.model = {"name": self.signature.name, "version": predictor.version}
        self.feedback_body = feedback_body(self.signature.output)
        self.openapi = openapi(self.signature, self.model, predictor.validator)

    def answer(self, handler: Callable[..., Any], request: Request, **path: str) -> Answer:
        """The answer of one of ROUTES, or the problem that stands for what it raised."""
        try:
            content = handler(self, request, **path)
        except Exception as error:
            problem = as_problem(error)
            if problem.status >= 500:
                logger.exception(problem.detail)
            for fault in problem.errors:
                metrics.FAULTS.labels(fault.type).inc()
            return problem.answer(request.id)
        return content if isinstance(content, Answer) else Answer(200, to_json(content))

    def record(self, rows: list[dict[str, Any]], request_id: str) -> list[Record]:
        """Predict validated rows and log them, all or none."""
        started = time.perf_counter()
        answers = self.predictor.predict_each(rows)
        failed = [answer for answer in answers if isinstance(answer, NotFinite)]
        if failed:
            faults = [Fault(("instances", f.index), str(f), "not_finite") for f in failed]
            raise InvalidInstances(faults)
        predictions = [answer for answer in answers if not isinstance(answer, NotFinite)]
        duration_ms = (time.perf_counter() - started) * 1000
        now = datetime.now(UTC)
        records = [
            Record(
                id=str(uuid_utils.uuid7()),
                created_at=now,
                request_id=request_id,
                model_version=self.predictor.version,
                inputs=row,
                value=prediction.value,
                probabilities=prediction.probabilities,
                label=class_label(prediction.value) if self.signature.output.classes else None,
                duration_ms=duration_ms,
            )
            for row, prediction in zip(rows, predictions, strict=True)
        ]
        self.writer.add(records)
        for record in records:
            metrics.PREDICTIONS.labels(record.model_version, record.label or "").inc()
        return records

    def find(self, record_id: str) -> Record:
        found = self.log.find([record_id]) if RECORD_ID.fullmatch(record_id) else []
        if not found:
            raise Problem(404, "There is no such prediction.")
        return found[0]

    def give_feedback(self, record_id: str, content: Any) -> Record:
        """Store the true outcome of a prediction, which stays as it is once given."""
        record = self.find(record_id)
        given = parse(self.feedback_body, content).model_dump()
        feedback = Feedback(**given, created_at=datetime.now(UTC))
        if not self.log.give_feedback(record_id, feedback):
            raise Problem(409, "This prediction has its true outcome already; it stays as it is.")
        return replace(record, feedback=feedback)


def healthz(service: Service, request: Request) -> dict[str, Any]:
    return {"status": "alive"}


def readyz(service: Service, request: Request) -> dict[str, Any]:
    service.log.ping()
    service.writer.settle()
    return {"status": "ready", "model": service.model}


def metrics_text(service: Service, request: Request) -> Answer:
    return metrics.render()


def openapi_document(service: Service, request: Request) -> dict[str, Any]:
    return service.openapi


def model(service: Service, request: Request) -> dict[str, Any]:
    artifact = service.predictor.artifact
    described = service.signature.model_dump(mode="json", include={"task", "features", "output"})
    metrics, trained_at = artifact.metrics["metrics"], artifact.trained_at.isoformat()
    return service.model | described | {"metrics": metrics, "trained_at": trained_at}


def predict(service: Service, request: Request) -> dict[str, Any]:
    instances = parse(PredictBody, read_json(request)).instances
    rows, warnings = service.predictor.validator.from_json(instances)
    records = service.record(rows, request.id)
    content = {"predictions": [r.answer() for r in records], "model": service.model}
    return content | ({"warnings": [w.as_dict() for w in warnings]} if warnings else {})


def predictions(service: Service, request: Request) -> dict[str, Any]:
    given = dict(request.query.items())
    query = parse(Paging, given).query()
    records = service.log.page(query)
    link = None
    if len(records) == query.limit:
        given["before"] = records[-1].id
        link = f"/api/v1/predictions?{urlencode({'limit': query.limit} | given)}"
    return {"predictions": [record.as_dict() for record in records], "next": link}


def prediction(service: Service, request: Request, record_id: str) -> dict[str, Any]:
    return service.find(record_id).as_dict()


def feedback(service: Service, request: Request, record_id: str) -> dict[str, Any]:
    return service.give_feedback(record_id, read_json(request)).as_dict()


ROUTES: dict[str, tuple[str, Callable[..., Any]]] = {
    "/healthz": ("GET", healthz),
    "/readyz": ("GET", readyz),
    "/metrics": ("GET", metrics_text),
    "/openapi.json": ("GET", openapi_document),
    "/api/v1/model": ("GET", model),
    "/api/v1/predict": ("POST", predict),
    "/api/v1/predictions": ("GET", predictions),
    "/api/v1/predictions/<record_id>": ("GET", prediction),
    "/api/v1/predictions/<record_id>/feedback": ("POST", feedback),
}
