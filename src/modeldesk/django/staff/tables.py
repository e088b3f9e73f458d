"""What the tables of the admin have in common."""

from datetime import UTC
from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from ...staff.records import NONE


def moment(name: str, label: str) -> Any:
    """A column with a moment as the other lists of the admin write it."""

    @admin.display(description=label, ordering=name, empty_value=NONE)
    def column(row: Any) -> str | None:
        at = getattr(row, name)
        return at and f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"

    column.__name__ = name
    return column


class Table(admin.ModelAdmin):
    """A list that is headed by what it lists."""

    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    heading = ""

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        title = self.heading or str(self.opts.verbose_name_plural).capitalize()
        return super().changelist_view(request, {"title": title} | (extra_context or {}))


class ReadOnly(Table):
    """A list that nobody adds to or edits, whatever the role."""

    actions: Any = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
