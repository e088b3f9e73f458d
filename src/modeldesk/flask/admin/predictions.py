"""The log of predictions in the admin: found, read and exported, never changed."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain, islice
from typing import Any, ClassVar

from flask import Response, request, stream_with_context
from flask_admin import expose

from ...ml.labels import named_choices
from ...serving.forms import chosen_text, option_value
from ...serving.log import Record
from ...staff.export import csv_lines
from ...staff.records import NONE, Column, columns, details, search_help, shown
from ..accounts.current import get_accounts
from ..state import get_service, get_settings
from .filters import Choice, Day
from .tables import Table

MOST_VERSIONS = 50  # to choose from
MOST_USERS = 100  # that one search stands for
BATCH = 1000  # rows of one query of an export


class VersionFilter(Choice):
    def choices(self) -> Iterable[tuple[str, str]]:
        return [(name, name) for name in islice(self.view.versions(), MOST_VERSIONS)]

    def condition(self, value: str) -> Any:
        return self.view.where(self.view.model, "model_version", "eq", value)


class ClassFilter(Choice):
    def choices(self) -> Iterable[tuple[str, str]]:
        shown = named_choices(get_service().signature.output)
        return [(option_value(label), text) for label, text in shown.items()]

    def condition(self, value: str) -> Any:
        return self.view.where(self.view.model, "label", "eq", chosen_text(value))


class OutcomeFilter(Choice):
    def choices(self) -> Iterable[tuple[str, str]]:
        return [("missing", "Missing"), ("known", "Known")]

    def condition(self, value: str) -> Any:
        is_ = "eq" if value == "missing" else "ne"
        return self.view.where(self.view.model, "feedback_at", is_, None)


class SinceFilter(Day):
    def condition(self, value: datetime) -> Any:
        return self.view.where(self.view.model, "created_at", "gte", value)


class UntilFilter(Day):
    def condition(self, value: datetime) -> Any:
        if value.year == datetime.max.year:
            return None
        return self.view.where(self.view.model, "created_at", "lt", value + timedelta(days=1))


class PredictionsTable(Table):
    """The columns are read off the signature; `log_columns` may add some of your own."""

    heading, address = "Predictions", "predictions"
    can_view_details = can_export = True
    column_list: Any = ("id",)  # and more, below
    column_labels: ClassVar = {"id": "When (UTC)"}
    column_sortable_list: Any = ("id",)
    column_default_sort: Any = ("id", True)
    column_filters: Any = (
        VersionFilter("Version"),
        ClassFilter("Class"),
        OutcomeFilter("True outcome"),
        SinceFilter("From"),
        UntilFilter("To"),
    )

    search_fields: Any = ("id", "request_id", "label")

    @property
    def search_help(self) -> str:
        return search_help(get_service().reference, auth=get_settings().auth)

    def search_word(self, word: str) -> Any:
        found = self.where(self.model, "id", "startswith", word)
        found |= self.where(self.model, "request_id", "startswith", word)
        if get_service().reference:
            found |= self.where(self.model, "reference", "startswith", word)
        if get_settings().auth:
            user = get_accounts().datastore.user_model
            of_word = self.where(user, "email", "icontains", word)
            users = self.find(user, of_word, limit=MOST_USERS)
            found |= self.where(self.model, "user_id", "in", [user.id for user in users])
        return found | self.where(self.model, "label", "icontains", word)

    def log_columns(self) -> list[Column]:
        """What is shown of each prediction, besides when, by whom and by which version it was."""
        return columns(get_service().signature, get_service().reference)

    @expose("/")
    def index_view(self) -> Any:
        found = self.log_columns()
        features = [(column.name, column.label) for column in found]
        known = [("user", "User")] if get_settings().auth else []
        known += [("model_version", "Model version")]
        reads = {column.name: column.read for column in found}

        def get_value(row: Any, name: str) -> str:
            if name == "id":
                return f"{row.created_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
            return shown(reads[name](row.record)) if name in reads else str(getattr(row, name))

        self._template_args.update(
            list_columns=[("id", "When (UTC)"), *features, *known],
            get_value=get_value,
            export_url=self.get_url(".export", export_type="csv", **request.args),
        )
        return super().index_view()

    def get_list(self, *asked: Any, **options: Any) -> tuple[int, Any]:
        """Rows with all that the columns ask of each."""
        total, rows = super().get_list(*asked, **options)
        if not options.get("execute", True):
            return total, rows
        rows = list(rows)
        emails = self._emails({row.user_id for row in rows})
        for row in rows:
            row.record = Record.from_row(row)
            row.user = emails.get(row.user_id, NONE)
        return total, rows

    @expose("/details/")
    def details_view(self) -> Any:
        """All of one prediction."""
        record = Record.from_row(self.get_one(request.args.get("id", "")))
        signature = get_service().signature_of(record.model_version)
        user = self._emails({record.user_id}).get(record.user_id, NONE)
        about = details(signature, record, {"User": user} if get_settings().auth else {})
        template = "modeldesk/flask_admin/page.html"
        return self.render(template, title="Prediction", body="prediction", **about)

    @expose("/export/<export_type>/")
    def export(self, export_type: str) -> Response:
        """The predictions that the list shows, all pages of them, as CSV."""
        given = self._get_list_extra_args()
        _, query = self.get_list(
            None, None, False, given.search, given.filters, execute=False, page_size=0
        )
        records = self._all(query)
        first = list(islice(records, 1))  # a database that is away is told of at once
        lines = csv_lines(chain(first, records), get_service().signature, get_service().reference)
        return Response(
            stream_with_context(lines),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="predictions.csv"'},
        )

    def _all(self, query: Any) -> Iterator[Record]:
        """All rows, newest first, a batch at a time: memory does not grow with them."""
        batch = query
        while True:
            found = list(batch.limit(BATCH))
            yield from map(Record.from_row, found)
            if len(found) < BATCH:
                return
            batch = query.filter(self.where(self.model, "id", "lt", found[-1].id))

    def _emails(self, ids: set[str | None]) -> dict[str | None, str]:
        """The addresses of accounts by id, where these predict."""
        known = [one for one in ids if one]
        if not known or not get_settings().auth:
            return {}
        user = get_accounts().datastore.user_model
        return {one.id: one.email for one in self.find(user, self.where(user, "id", "in", known))}
