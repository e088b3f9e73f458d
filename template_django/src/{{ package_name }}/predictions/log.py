"""The prediction log in Django's ORM."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import InterfaceError, OperationalError, connection

from ..serving.log import Feedback, LogUnavailable, Record
from .models import Prediction


class DjangoPredictionLog:
    """The prediction log over the default connection; safe to use from any thread."""

    def add(self, records: Sequence[Record]) -> None:
        rows = [Prediction(**record.as_row()) for record in records]
        with _available():
            Prediction.objects.bulk_create(rows)

    def get(self, record_id: str) -> Record | None:
        with _available():
            row = Prediction.objects.filter(id=record_id).first()
        return Record.from_row(row) if row else None

    def page(self, before: str | None, limit: int) -> list[Record]:
        rows = Prediction.objects.order_by("-id")
        if before:
            rows = rows.filter(id__lt=before)
        with _available():
            return [Record.from_row(row) for row in rows[:limit]]

    def give_feedback(self, record_id: str, feedback: Feedback) -> bool:
        with _available():
            waiting = Prediction.objects.filter(id=record_id, feedback_at=None)
            given = {"feedback": feedback.as_row(), "feedback_at": feedback.created_at}
            return bool(waiting.update(**given))

    def ping(self) -> None:
        with _available(), connection.cursor() as cursor:
            cursor.execute("SELECT 1")


@contextmanager
def _available() -> Iterator[None]:
    # No transaction: SQLite would let readers wait for the writer. Django makes one to create.
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        connection.close()  # the next request tries a new one
        raise LogUnavailable(str(error)) from error
