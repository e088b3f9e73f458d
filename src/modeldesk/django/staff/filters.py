"""What the list of predictions is narrowed down by."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from ...ml.labels import named_choices
from ...serving.forms import chosen_text, option_value
from ...serving.log import Query
from ...serving.narrowing import between
from ...staff.search import Branch
from ..service import get_service

MOST_VERSIONS = 50  # to choose from


def together(branch: Branch) -> Q:
    """A condition that all of these hold."""
    return Q(**{name if is_ == "eq" else f"{name}__{is_}": value for name, is_, value in branch})


class VersionFilter(admin.SimpleListFilter):
    title = "version"
    parameter_name = "version"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name) for name in get_service().log.distinct("model_version", MOST_VERSIONS)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if not value:
            return queryset
        return queryset.filter(together(between(get_service().log, "model_version", value)))


class ClassFilter(admin.SimpleListFilter):
    title = "class"
    parameter_name = "class"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        shown = named_choices(get_service().signature.output)
        return [(option_value(label), text) for label, text in shown.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if value is None:
            return queryset
        return queryset.filter(together(between(get_service().log, "label", chosen_text(value))))


class OutcomeFilter(admin.SimpleListFilter):
    title = "true outcome"
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("missing", "Missing"), ("known", "Known")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in ("missing", "known"):
            return queryset
        return queryset.filter(feedback_at__isnull=self.value() == "missing")


class DateFilter(admin.ListFilter):
    """From one day to another, both included, in UTC."""

    title = "date"
    template = "modeldesk/staff/date_filter.html"
    days = ("since", "until")

    def __init__(
        self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: Any
    ) -> None:
        super().__init__(request, params, model, model_admin)
        for name in self.days:
            if given := params.pop(name, None):
                self.used_parameters[name] = given[-1]

    def has_output(self) -> bool:
        return True

    def expected_parameters(self) -> list[str | None]:
        return list(self.days)

    def choices(self, changelist: ChangeList) -> Iterator[dict[str, Any]]:
        days = {name: self.used_parameters.get(name, "") for name in self.days}
        others = [pair for pair in changelist.params.items() if pair[0] not in self.days]
        without = changelist.get_query_string(remove=list(self.days))
        yield days | {"others": others, "without": without if any(days.values()) else ""}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        since, until = (self._day(name) for name in self.days)
        end = until + timedelta(days=1) if until and until.year < datetime.max.year else None
        first_id, end_id = Query(since=since, until=end).ids()
        asked = {
            "created_at__gte": since,
            "created_at__lt": end,
            "id__gte": first_id,
            "id__lt": end_id,
        }
        return queryset.filter(**{name: value for name, value in asked.items() if value})

    def _day(self, name: str) -> datetime | None:
        text = str(self.used_parameters.get(name) or "")
        try:
            return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC) if text else None
        except ValueError as error:
            raise IncorrectLookupParameters from error
