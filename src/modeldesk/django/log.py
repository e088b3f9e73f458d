"""The prediction log in Django's ORM."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Max, QuerySet

from ..serving.log import EVERYTHING, Feedback, Outcome, PredictionLog, Query, Recent, Record, trial
from ..stores.rows import NAMES, OF_OUTCOMES, OF_RECENT, mysql_hint, outcomes, recent, records
from .connection import ping, reaching
from .models import Prediction
from .sql.connection import store

MOST_IDS = 500  # in one statement; SQL Server takes at most 2100 values


def open_log() -> PredictionLog:
    if connection.vendor == "mongodb":
        from .mongodb.log import DjangoMongoLog

        return DjangoMongoLog()
    return DjangoPredictionLog()


class DjangoPredictionLog:
    """The prediction log over the default connection to SQL; safe to use from any thread."""

    def add(self, records: Sequence[Record]) -> None:
        with reaching():
            store(records)

    def discard(self, ids: Sequence[str]) -> None:
        with reaching():
            for rows in _by_id(ids):
                rows.delete()

    def find(self, ids: Sequence[str]) -> list[Record]:
        return [record for rows in _by_id(ids) for record in _records(rows)]

    def named(self, references: Sequence[str]) -> list[Record]:
        found = []
        for start in range(0, len(references), MOST_IDS):
            some = references[start : start + MOST_IDS]
            found += _records(Prediction.objects.filter(reference__in=some))
        return [record for record in found if record.reference in references]

    def page(self, query: Query) -> list[Record]:
        return records(_newest(query, NAMES))

    def recent(self, query: Query) -> list[Recent]:
        return recent(_newest(query, OF_RECENT))

    def outcomes(self, query: Query) -> list[Outcome]:
        return outcomes(_newest(replace(query, has_feedback=True), OF_OUTCOMES))

    def scan(self, after: str, limit: int) -> list[Record]:
        return _records(Prediction.objects.filter(id__gt=after).order_by("id")[:limit])

    def count(self) -> int:
        with reaching():
            return Prediction.objects.count()

    def oldest(self, query: Query) -> list[Record]:
        rows = Prediction.objects.filter(**_conditions(query)).order_by("id")
        return _records(rows[: query.limit])

    def count_up(self, query: Query) -> tuple[int, str]:
        ids = Prediction.objects.filter(**_conditions(query)).order_by("id").values("id")
        with reaching():
            found = ids[: query.limit].aggregate(count=Count("id"), last=Max("id"))
        return found["count"], found["last"] or ""

    def versions(self, query: Query = EVERYTHING) -> dict[str, int]:
        rows = Prediction.objects.filter(**_conditions(query)).order_by()
        with reaching():
            return dict(rows.values_list("model_version").annotate(Count("id")))

    def distinct(self, column: str, most: int | None = None) -> list[str]:
        given = Prediction.objects.filter(**{f"{column}__isnull": False}).order_by(column)
        texts = given.values_list(column, flat=True)
        found: list[str] = []
        with reaching():
            text = texts.first()
            while text is not None and (most is None or len(found) < most):
                found.append(text)
                # To the next by the index, and not by reading all rows.
                text = texts.filter(**{f"{column}__gt": text}).first()
        return found

    def ends(self, column: str, value: str) -> tuple[str, str]:
        # Compared as the database does: then only MySQL reads no more than one entry of an index.
        equal = f"SELECT %s(id) FROM predictions WHERE {column} = %%s"  # noqa: S608 - of `narrowing.COLUMNS`
        found = []
        with reaching(), connection.cursor() as cursor:
            for end in ("MIN", "MAX"):
                cursor.execute(equal % end, [value])
                found += cursor.fetchone() or [None]
        return found[0] or "", found[1] or ""

    def newest_id(self, nth: int) -> str:
        ids = Prediction.objects.order_by("-id").values_list("id", flat=True)
        with reaching():
            return next(iter(ids[nth : nth + 1]), "")

    def give_feedback(self, record_id: str, feedback: Feedback) -> bool:
        with reaching():
            waiting = Prediction.objects.filter(id=record_id, feedback_at=None)
            given = {"feedback": feedback.as_row(), "feedback_at": feedback.created_at}
            return bool(waiting.update(**given))

    def set_shadow(self, answers: Mapping[str, dict[str, Any]]) -> None:
        with reaching(), transaction.atomic():
            for record_id, answer in answers.items():
                Prediction.objects.filter(id=record_id).update(shadow=answer)

    def disown(self, user_id: str) -> None:
        with reaching():
            Prediction.objects.filter(user_id=user_id).update(user_id=None)

    def ping(self) -> None:
        with reaching():
            ping()

    def let_go(self) -> None:
        connection.close()

    def try_write(self) -> None:
        record = trial()
        with reaching(), transaction.atomic():
            store([record])
            Prediction.objects.filter(id=record.id).delete()


def _by_id(ids: Sequence[str]) -> Iterator[QuerySet[Prediction]]:
    for start in range(0, len(ids), MOST_IDS):
        yield Prediction.objects.filter(id__in=ids[start : start + MOST_IDS])


def _records(wanted: QuerySet[Prediction]) -> list[Record]:
    return records(_rows(wanted, NAMES))


def _rows(
    wanted: QuerySet[Prediction], names: Sequence[str], mysql_hint: str = ""
) -> list[tuple[Any, ...]]:
    """The values of some columns as the driver gives them."""
    sql, values = wanted.values_list(*names).query.sql_with_params()
    if connection.vendor == "mysql":
        sql = sql.replace("FROM `predictions`", f"FROM `predictions` {mysql_hint}", 1)
    with reaching(), connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def _newest(query: Query, names: Sequence[str]) -> list[tuple[Any, ...]]:
    newest_first = Prediction.objects.filter(**_conditions(query)).order_by("-id")
    return _rows(newest_first[: query.limit], names, mysql_hint(query))


def _conditions(query: Query) -> dict[str, Any]:
    first, end = query.ids()
    conditions = {
        "id__gte": first,
        "id__lt": end,
        "id__gt": query.after,
        "model_version": query.model_version,
        "label": query.label,
        "created_at__gte": query.since,
        "created_at__lt": query.until,
        "feedback_at__isnull": None if query.has_feedback is None else not query.has_feedback,
        "user_id": query.user_id,
        "reference": query.reference,
    }
    return {name: value for name, value in conditions.items() if value is not None}
