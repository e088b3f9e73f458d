"""The log of predictions in the admin: found, read and exported, never changed."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import reduce
from itertools import chain, islice
from operator import and_, or_
from typing import Any, ClassVar

from flask import Response, request, stream_with_context
from flask_admin import expose

from ...ml.labels import named_choices
from ...serving.forms import chosen_text, option_value
from ...serving.log import Query, Record
from ...serving.narrowing import between
from ...staff.export import csv_lines, records_of
from ...staff.records import NONE, Column, columns, details, search_help, shown
from ...staff.search import MOST_COUNTED, MOST_USERS, Branch, alternatives, in_all, merged
from ..accounts.current import get_accounts
from ..state import get_service, get_settings
from .filters import Choice, Day
from .tables import Table

MOST_VERSIONS = 50  # to choose from
AFTER = "after"  # in the address of a page of the list


class VersionFilter(Choice):
    def choices(self) -> Iterable[tuple[str, str]]:
        return [(name, name) for name in get_service().log.distinct("model_version", MOST_VERSIONS)]

    def condition(self, value: str) -> Any:
        return self.view.together(between(get_service().log, "model_version", value))


class ClassFilter(Choice):
    def choices(self) -> Iterable[tuple[str, str]]:
        shown = named_choices(get_service().signature.output)
        return [(option_value(label), text) for label, text in shown.items()]

    def condition(self, value: str) -> Any:
        return self.view.together(between(get_service().log, "label", chosen_text(value)))


class OutcomeFilter(Choice):
    def choices(self) -> Iterable[tuple[str, str]]:
        return [("missing", "Missing"), ("known", "Known")]

    def condition(self, value: str) -> Any:
        return self.view.where(self.view.model, "feedback_at", "known", value != "missing")


class SinceFilter(Day):
    def condition(self, value: datetime) -> Any:
        first_id, _ = Query(since=value).ids()
        since = self.view.where(self.view.model, "created_at", "gte", value)
        return since & self.view.where(self.view.model, "id", "gte", first_id)


class UntilFilter(Day):
    def condition(self, value: datetime) -> Any:
        if value.year == datetime.max.year:
            return None
        end = value + timedelta(days=1)
        _, end_id = Query(until=end).ids()
        until = self.view.where(self.view.model, "created_at", "lt", end)
        return until & self.view.where(self.view.model, "id", "lt", end_id)


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

    search_fields: Any = ("id",)  # and more, as `staff.search` says
    simple_list_pager = True  # it counts only so many rows

    @property
    def search_help(self) -> str:
        return search_help(get_service().reference, auth=get_settings().auth)

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
            export_url=self.get_url(".export", export_type="csv", **_asked()),
        )
        return super().index_view()

    def get_list(
        self,
        page: Any,
        sort_column: Any,
        sort_desc: Any,
        search: str | None,
        filters: Any,
        **_: Any,
    ) -> tuple[None, list[Any]]:
        """A page of rows, with all that the columns ask of each.

        The next one begins `after` the last id of this one.
        """
        found = Listed(self, search or "", filters, newest_first=bool(sort_desc or not sort_column))
        after = request.args.get(AFTER, "")
        first = found.ids("", MOST_COUNTED + 1)
        there = found.ids(after, self.page_size + 1) if after else first
        rows = found.rows(there[: self.page_size])
        emails = self._emails({row.user_id for row in rows})
        for row in rows:
            row.record = Record.from_row(row)
            row.user = emails.get(row.user_id, NONE)
        others = _asked()
        more = rows and len(there) > self.page_size
        self._template_args.update(
            in_all=in_all(len(first)),
            first_url=self.get_url(".index_view", **others) if after else "",
            next_url=self.get_url(".index_view", **others, after=rows[-1].id) if more else "",
        )
        return None, rows

    def filtered(self, filters: Any, *, newest_first: bool) -> Any:
        """A query of all rows that pass the filters, by id."""
        options = {"execute": False, "page_size": 0}
        return super().get_list(None, "id", newest_first, None, filters, **options)[1]

    def together(self, branch: Branch) -> Any:
        return reduce(and_, (self.where(self.model, *condition) for condition in branch))

    def users(self, word: str) -> list[str]:
        """The ids of accounts by a part of their address."""
        user = get_accounts().datastore.user_model
        found = self.find(user, self.where(user, "email", "icontains", word), limit=MOST_USERS)
        return [str(one.id) for one in found]

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
        given, service = self._get_list_extra_args(), get_service()
        rows = Listed(self, given.search or "", given.filters, newest_first=True)
        records = records_of(rows.ids, service.log)
        first = list(islice(records, 1))  # a database that is away is told of at once
        lines = csv_lines(chain(first, records), service.signature, service.reference)
        return Response(
            stream_with_context(lines),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="predictions.csv"'},
        )

    def _emails(self, ids: set[str | None]) -> dict[str | None, str]:
        """The addresses of accounts by id, where these predict."""
        known = [one for one in ids if one]
        if not known or not get_settings().auth:
            return {}
        user = get_accounts().datastore.user_model
        return {one.id: one.email for one in self.find(user, self.where(user, "id", "in", known))}


def _asked() -> dict[str, str]:
    """What the address says of the rows, and of their order; other names mean nothing here."""
    return {
        name: value
        for name, value in request.args.items()
        if name in ("search", "sort", "desc") or name.startswith("flt")
    }


class Listed:
    """The rows of the table that pass its filters and are searched for, by id."""

    def __init__(
        self, table: PredictionsTable, search: str, filters: Any, *, newest_first: bool
    ) -> None:
        self.table, self.newest_first = table, newest_first
        users = table.users if get_settings().auth else None
        self.asked, others = alternatives(get_service(), search, users)
        self.query = table.filtered(filters, newest_first=newest_first)
        for branches in others:
            self.query = self.query.filter(reduce(or_, map(self.table.together, branches)))

    def ids(self, after: str, limit: int) -> list[str]:
        """The first ids after one, in the order of the list."""
        query = self.query
        if after:
            query = query.filter(self._where("id", "lt" if self.newest_first else "gt", after))

        def ids_of(branch: Branch) -> list[str]:
            rows = query.filter(self.table.together(branch)) if branch else query
            return list(self.table.ids(rows, limit))

        return merged(ids_of, self.asked, limit, newest_first=self.newest_first)

    def rows(self, ids: list[str]) -> list[Any]:
        of_them = self.table.find(self.table.model, self._where("id", "in", ids))
        found = {row.id: row for row in of_them}
        return [found[one] for one in ids if one in found]  # it may have been pruned meanwhile

    def _where(self, field: str, is_: str, value: Any) -> Any:
        return self.table.where(self.table.model, field, is_, value)
