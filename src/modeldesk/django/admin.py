"""The log of predictions in the admin, to be registered by a project: read, never changed."""

from collections.abc import Callable
from datetime import UTC
from functools import reduce
from itertools import chain, islice
from operator import or_
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.db import connection
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path, reverse

from ..serving.log import Record
from ..staff.export import csv_lines, records_of
from ..staff.records import NONE, Column, columns, details, search_help, shown
from ..staff.search import MOST_COUNTED, MOST_USERS, Branch, alternatives, in_all, merged
from .accounts.project import user_model
from .conf import project_settings
from .connection import reaching
from .http import takes
from .models import Prediction
from .service import get_service
from .staff.filters import ClassFilter, DateFilter, OutcomeFilter, VersionFilter, together
from .staff.tables import ReadOnly
from .staff.views import page

AFTER = "after"  # in the address of a page of the list
AUTH: bool = project_settings().auth  # whether predictions are somebody's


def _display(column: Column) -> Callable[[Prediction], str]:
    def display(row: Prediction) -> str:
        return shown(column.read(vars(row)["record"]))

    display.__name__ = column.name
    return admin.display(description=column.label)(display)


class PredictionList(ChangeList):
    """A page of rows, with all that its columns ask of each; it counts only so many rows.

    The next page begins `after` the last id of this one.
    """

    after = ""

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        self.after = self.params.pop(AFTER, self.after)
        self.filter_params.pop(AFTER, None)
        return super().get_queryset(request, exclude_parameters)

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        wanted, *_ = super().get_ordering(request, queryset)
        return ["id" if wanted in ("id", "pk") else "-id"]

    @property
    def newest_first(self) -> bool:
        return bool(self.queryset.query.order_by[0] == "-id")

    def ids(self, after: str, limit: int) -> list[str]:
        """The first ids after one, in the order of the list, that are searched for."""
        rows: QuerySet[Any] = self.queryset
        if after:
            rows = rows.filter(**{"id__lt" if self.newest_first else "id__gt": after})
        asked, others = alternatives(get_service(), self.query, _users if AUTH else None)
        for branches in others:
            rows = rows.filter(reduce(or_, map(together, branches)))

        def ids_of(branch: Branch) -> list[str]:
            return _first_ids(rows.filter(together(branch)), limit)

        with reaching():
            return merged(ids_of, asked, limit, newest_first=self.newest_first)

    def rows(self, ids: list[str]) -> list[Prediction]:
        found = {row.id: row for row in self.root_queryset.filter(id__in=ids)}
        return [found[one] for one in ids if one in found]  # it may have been pruned meanwhile

    def get_results(self, request: HttpRequest) -> None:
        first = self.ids("", MOST_COUNTED + 1)
        there = self.ids(self.after, self.list_per_page + 1) if self.after else first
        rows: list[Any] = self.rows(there[: self.list_per_page])
        emails = _emails({row.user_id for row in rows})
        for row in rows:
            row.record = Record.from_row(row)
            row.email = emails.get(row.user_id, NONE)
        self.result_list = rows  # type: ignore[assignment]
        self.result_count = self.full_result_count = len(rows)
        self.show_full_result_count = self.show_admin_actions = False
        self.can_show_all = self.multi_page = False
        self.in_all = in_all(len(first))
        more = len(there) > self.list_per_page
        self.next_url = self.get_query_string({AFTER: rows[-1].id}) if more and rows else ""
        self.first_url = self.get_query_string() if self.after else ""


def _first_ids(rows: QuerySet[Any], limit: int) -> list[str]:
    if connection.vendor == "mongodb":
        from .mongodb.lists import first_ids

        return first_ids(rows, limit)
    return list(rows.values_list("id", flat=True)[:limit])


def _users(word: str) -> list[str]:
    """The ids of accounts by a part of their address."""
    found = user_model().objects.filter(email__icontains=word)
    return [str(one) for one in found.values_list("pk", flat=True)[:MOST_USERS]]


def _emails(ids: set[str | None]) -> dict[str | None, str]:
    if not (known := [one for one in ids if one]):
        return {}
    found = user_model().objects.filter(pk__in=known)
    return dict(found.values_list("pk", "email"))


class PredictionAdmin(ReadOnly):
    """Its columns are the features of the model, unless `list_display` names others."""

    list_filter: ClassVar[Any] = (VersionFilter, ClassFilter, OutcomeFilter, DateFilter)
    ordering: ClassVar[Any] = ("-id",)
    search_fields: ClassVar[Any] = ("id",)  # and more, as `staff.search` says
    sortable_by: ClassVar[Any] = ("when",)

    @property
    def search_help_text(self) -> str:  # type: ignore[override]
        return search_help(get_service().reference, auth=AUTH)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.admin_site.has_permission(request)

    def get_urls(self) -> list[Any]:
        pages = {
            "changelist": ("", self.changelist_view),
            "export": ("export", self.export),
            "change": ("<path:object_id>/change/", self.change_view),
        }
        return [
            path(address, self.admin_site.admin_view(view), name=f"predictions_prediction_{name}")
            for name, (address, view) in pages.items()
        ]

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return PredictionList

    @admin.display(description="When (UTC)", ordering="id")
    def when(self, row: Prediction) -> str:
        return f"{row.created_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"

    @admin.display(description="User")
    def user(self, row: Prediction) -> str:
        return str(vars(row)["email"])

    def get_list_display(self, request: HttpRequest) -> Any:
        """The columns: what is known of a prediction, and the features of the model."""
        if tuple(self.list_display) != ("__str__",):  # which is Django's own
            return self.list_display
        known = map(_display, columns(get_service().signature, get_service().reference))
        return ["when", *known, *(["user"] if AUTH else []), "model_version"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """All rows: `PredictionList` searches them, by one index after the other."""
        return queryset, False

    @takes("GET", "HEAD", "POST")  # Django's list takes a POST, and does nothing with it here
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        export = reverse("admin:predictions_prediction_export")
        context = {"export_url": f"{export}?{request.GET.urlencode()}"}
        return super().changelist_view(request, context | (extra_context or {}))

    @takes("GET", "HEAD")
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """All of one prediction; the name is Django's."""
        row = Prediction.objects.filter(id=object_id).first()
        if row is None:
            raise Http404
        record = Record.from_row(row)
        emails = _emails({record.user_id})
        more = {"User": emails.get(record.user_id, NONE)} if AUTH else {}
        signature = get_service().signature_of(record.model_version)
        context = details(signature, record, more)
        return page(request, "Prediction", "prediction", context)

    @takes("GET", "HEAD")
    def export(self, request: HttpRequest) -> StreamingHttpResponse:
        """The predictions that the list shows, all pages of them, as CSV."""
        try:
            rows = self.get_changelist_instance(request)
        except IncorrectLookupParameters as error:
            raise Http404 from error
        service = get_service()
        records = records_of(rows.ids, service.log)
        first = list(islice(records, 1))  # a database that is away is told of at once
        lines = csv_lines(chain(first, records), service.signature, service.reference)
        return StreamingHttpResponse(
            (line.encode() for line in lines),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="predictions.csv"'},
        )
