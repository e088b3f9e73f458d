"""What each API route answers: everything between the framework's request and its response."""

import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode

from ..ml.answered import NotFinite, Prediction
from ..ml.predictor import Predictor
from ..ml.rows import Row
from ..ml.signature import Signature
from ..ml.validation import LONGEST_REFERENCE, Fault, InvalidInstances, listed
from . import metrics, open_inference, protocols
from .answers import HEALTH, Answer, Problem, Request, as_problem, to_json
from .body import Paging, PredictBody, parse, read_json
from .callers import PREDICT, SEE_ALL, caller
from .database_options import pooler_of
from .deployment import Contract, Deployment, Served, current_served
from .later import Later
from .log import Feedback, PredictionLog, Query, Record, new_id, now
from .narrowing import narrowed
from .reporting import report
from .settings import Settings
from .turn import turn_for
from .writers import BufferedWriter, DurableWriter

RECORD_ID = re.compile("[0-9a-f-]{36}")


class Service:
    """A model and its log. Methods raise Problem, InvalidInstances and LogUnavailable."""

    def __init__(self, deployment: Deployment, log: PredictionLog, settings: Settings) -> None:
        self.deployment = deployment
        self.log = log
        self.auth = settings.auth
        durable = settings.prediction_log == "durable"
        self.writer = (DurableWriter if durable else BufferedWriter)(log, turn_for(settings))
        # Who waits may hold the only connection that a thread which writes for others needs.
        self.may_hold = pooler_of(settings.database_url) != "session"

    @property
    def served(self) -> Served:
        """The version that answers this request: the one that was current when it began."""
        served = current_served.get()
        if served is None:
            served = self.deployment.latest()
            current_served.set(served)
        return served

    @property
    def predictor(self) -> Predictor:
        return self.served.predictor

    @property
    def signature(self) -> Signature:
        return self.served.contract.signature

    @property
    def reference(self) -> str | None:
        """What the owner calls that by which callers find their predictions, if they may."""
        return self.predictor.rules.reference

    @property
    def model(self) -> dict[str, str]:
        """Its name and version."""
        return self.served.model

    @property
    def openapi(self) -> dict[str, Any]:
        return self.served.openapi

    def contract_of(self, version: str) -> Contract:
        """That of the version that made a prediction; of the one served, where it is gone."""
        if version != self.predictor.version:
            with suppress(LookupError):
                return self.deployment.contract_of(version)
        return self.served.contract

    def signature_of(self, version: str) -> Signature:
        return self.contract_of(version).signature

    def answer(self, handler: Callable[..., Any], request: Request, **path: str) -> Answer:
        """The answer of one of ROUTES, or the problem that stands for what it raised."""
        try:
            if self.auth and (needed := NEEDED.get(handler)):
                caller().require(needed)
            content = handler(self, request, **path)
        except Exception as error:
            return refused(error, request.id)
        return content if isinstance(content, Answer) else Answer(200, to_json(content))

    def check_ready(self) -> None:
        """Raise LogUnavailable unless predictions can be logged."""
        self.log.ping()
        self.writer.check()

    def record(
        self, rows: Sequence[Row], request_id: str, later: Later | None = None
    ) -> list[Record]:
        """Predict validated rows and log them, all or none; given `later`, once this returned."""
        answers, duration_ms = self._timed(rows)
        failed = [answer for answer in answers if isinstance(answer, NotFinite)]
        if failed:
            faults = [Fault(("instances", f.index), str(f), "not_finite") for f in failed]
            raise InvalidInstances(faults)
        return self._logged(rows, answers, request_id, duration_ms, later)

    def record_each(self, rows: Sequence[Row], request_id: str) -> list[Record | NotFinite]:
        """Predict validated rows and log those that have an answer; the others have the reason."""
        answers, duration_ms = self._timed(rows)
        records = iter(self._logged(rows, answers, request_id, duration_ms))
        return [a if isinstance(a, NotFinite) else next(records) for a in answers]

    def _timed(self, rows: Sequence[Row]) -> tuple[Sequence[Prediction | NotFinite], float]:
        started = time.perf_counter()
        answers = self.predictor.predict_each(rows)
        return answers, (time.perf_counter() - started) * 1000

    def _logged(
        self,
        rows: Sequence[Row],
        answers: Sequence[Prediction | NotFinite],
        request_id: str,
        duration_ms: float,
        later: Later | None = None,
    ) -> list[Record]:
        moment, predictor = now(), self.predictor
        version, reference = predictor.version, predictor.rules.reference
        output = predictor.signature.output
        filed = output.of_classes
        user_id = caller().id if self.auth else None
        records = [
            Record(
                id=new_id(),
                created_at=moment,
                request_id=request_id,
                model_version=version,
                inputs=_without(row, reference),
                value=prediction.value,
                probabilities=prediction.probabilities,
                model_value=prediction.model_value,
                score=prediction.score,
                reference=row[reference] if reference else None,
                label=output.filed_as(prediction.value) if filed else None,
                duration_ms=duration_ms,
                user_id=user_id,
            )
            for row, prediction in zip(rows, answers, strict=True)
            if not isinstance(prediction, NotFinite)
        ]
        if not records:
            return records
        # Of several targets there are too many labels.
        labels = ["" if output.targets else record.label or "" for record in records]
        if later and self.may_hold:
            if stored := self.writer.begin(records):
                later.stored = stored
                stored.add_done_callback(partial(_count_stored, version, labels))
                return records
        else:
            self.writer.add(records)
        _count(version, labels)
        return records

    def find(self, name: str) -> Record:
        """The prediction of an id, or else of the reference that its caller gave it.

        Raises Problem 404 when there is none, and 409 when several have that reference.
        """
        found = self.log.find([name]) if RECORD_ID.fullmatch(name) else []
        if not found and self.reference and len(name) <= LONGEST_REFERENCE:
            found = self.log.named([name])
        if self.auth:
            found = [record for record in found if caller().may_see(record.user_id)]
        if not found:
            raise Problem(404, "There is no such prediction.")
        if len(found) > 1:
            ids = listed((record.id for record in found), 5)
            raise Problem(
                409, f"Several predictions have this reference; name one by its id: {ids}."
            )
        return found[0]

    def may_see_all(self) -> bool:
        """Whether who asks may see everybody's predictions, and what is counted from them."""
        return not self.auth or caller().may(SEE_ALL)

    def page(self, query: Query) -> list[Record]:
        """Those that the caller may see: all for staff and without accounts, else its own."""
        own = None if self.may_see_all() else caller().id
        its = narrowed(self.log, replace(query, user_id=own))
        return self.log.page(its) if its else []

    def give_feedback(self, record: Record, content: Any) -> Record:
        """Store the true outcome of a prediction, which stays as it is once given."""
        body = self.contract_of(record.model_version).feedback_body
        given = parse(body, content).model_dump(by_alias=True)
        feedback = Feedback(**given, created_at=datetime.now(UTC))
        if not self.log.give_feedback(record.id, feedback):
            raise Problem(409, "This prediction has its true outcome already; it stays as it is.")
        return replace(record, feedback=feedback)


def refused(error: BaseException, request_id: str) -> Answer:
    """The problem that stands for what was raised, which is counted and told of."""
    problem = as_problem(error)
    report(problem, error)
    for fault in problem.errors:
        metrics.FAULTS.labels(fault.type).inc()
    return problem.answer(request_id)


def _count(version: str, labels: Sequence[str]) -> None:
    counts = Counter(labels) if len(labels) > 1 else dict.fromkeys(labels, 1)  # a Counter is slow
    for label, count in counts.items():
        metrics.predictions(version, label).inc(count)


def _count_stored(version: str, labels: Sequence[str], stored: Future[None]) -> None:
    if not stored.exception():
        _count(version, labels)


def _without(row: dict[str, Any], name: str | None) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != name} if name else row


def healthz(service: Service, request: Request) -> dict[str, Any]:
    return {"status": "alive"}


def readyz(service: Service, request: Request) -> dict[str, Any]:
    service.check_ready()
    return {"status": "ready", "model": service.model}


def metrics_text(service: Service, request: Request) -> Answer:
    return metrics.render()


def openapi_document(service: Service, request: Request) -> dict[str, Any]:
    return service.openapi | ({"servers": [{"url": request.root}]} if request.root else {})


def model(service: Service, request: Request) -> dict[str, Any]:
    artifact = service.predictor.artifact
    described = service.signature.model_dump(mode="json", include={"task", "features", "output"})
    metrics, trained_at = artifact.metrics["metrics"], artifact.trained_at.isoformat()
    return service.model | described | {"metrics": metrics, "trained_at": trained_at}


def predict(service: Service, request: Request) -> dict[str, Any]:
    instances = parse(PredictBody, read_json(request)).instances
    rows, warnings = service.predictor.validator.from_json(instances)
    records = service.record(rows, request.id, request.later)
    content = {"predictions": [r.answer() for r in records], "model": service.model}
    return content | ({"warnings": [w.as_dict() for w in warnings]} if warnings else {})


def predictions(service: Service, request: Request) -> dict[str, Any]:
    given = dict(request.query.items())
    query = parse(Paging, given).query()
    records = service.page(query)
    link = None
    if len(records) == query.limit:
        given["before"] = records[-1].id
        link = f"{request.root}/api/v1/predictions?{urlencode({'limit': query.limit} | given)}"
    return {"predictions": [record.as_dict() for record in records], "next": link}


def prediction(service: Service, request: Request, record_id: str) -> dict[str, Any]:
    return service.find(record_id).as_dict()


def feedback(service: Service, request: Request, record_id: str) -> dict[str, Any]:
    content = read_json(request)
    return service.give_feedback(service.find(record_id), content).as_dict()


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
    "/ping": ("GET", healthz),
    **protocols.ROUTES,
    **open_inference.ROUTES,
}

NEEDED = {
    handler: SEE_ALL if handler is metrics_text else PREDICT
    for path, (_, handler) in ROUTES.items()
    if path not in HEALTH | {"/openapi.json"}
}
