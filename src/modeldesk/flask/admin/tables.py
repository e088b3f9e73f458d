"""What the tables of the admin have in common."""

from copy import copy
from datetime import UTC, datetime
from functools import reduce
from operator import and_, or_
from typing import Any

from flask import flash
from flask_admin.model import BaseModelView
from flask_security import current_user
from flask_wtf import FlaskForm

from ...accounts.content import Page, form_context
from ...serving.answers import Problem, framework_problem
from ...staff.records import NONE
from ..accounts.pages import shown_fields
from .access import Secured, may, refusal
from .filters import Filter

VIEWS = {  # of Flask-Admin, and what says whether one may use it
    "create_view": "can_create",
    "edit_view": "can_edit",
    "delete_view": "can_delete",
    "details_view": "can_view_details",
    "action_view": "can_act",
    "export": "can_export",
    "ajax_update": "can_edit",
}
FORMATTERS = {
    type(None): lambda view, value, name: NONE,
    bool: lambda view, value, name: "Yes" if value else "No",
    datetime: lambda view, value, name: f"{value.astimezone(UTC):%Y-%m-%d %H:%M}",
    list: lambda view, value, name: ", ".join(sorted(map(str, value))) or NONE,
}
LAST_PAGE = 10**6  # that is asked of a database


class Table(Secured, BaseModelView):
    """A list that only who has the permissions named here adds to, edits or acts on.

    Together with the `Rows` of a database, which this one asks by `where` and `find`.
    """

    heading = address = ""
    one = ""  # what is listed, as in "Add ..."
    adds = changes = deletes = acts = ""
    search_fields: tuple[str, ...] = ()

    list_template = "modeldesk/flask_admin/list.html"
    create_template = edit_template = "modeldesk/flask_admin/edit.html"
    details_template = "modeldesk/flask_admin/details.html"
    column_type_formatters = column_type_formatters_detail = FORMATTERS
    action_disallowed_list = ("delete",)  # one by one
    form = form_base_class = FlaskForm
    page_size = 50

    def __init__(self, model: Any, *session: Any, **options: Any) -> None:
        given = {"name": self.heading, "endpoint": f"admin_{self.address}", "url": self.address}
        super().__init__(model, *session, **given | options)

    @property
    def can_create(self) -> bool:
        return bool(self.adds) and may(self.adds)

    @property
    def can_edit(self) -> bool:
        return bool(self.changes) and may(self.changes)

    @property
    def can_delete(self) -> bool:
        return bool(self.deletes) and may(self.deletes)

    @property
    def can_act(self) -> bool:
        return bool(self.acts) and may(self.acts)

    def is_action_allowed(self, name: str) -> bool:
        return self.can_act and bool(super().is_action_allowed(name))

    def _handle_view(self, name: str, **options: Any) -> Any:
        refused = super()._handle_view(name, **options)
        if refused is None and name in VIEWS and not getattr(self, VIEWS[name]):
            raise refusal()
        return refused

    def get_one(self, id: Any) -> Any:
        found = super().get_one(id) if isinstance(id, str) else None  # a list of several
        if found is None:
            raise framework_problem(404)
        return found

    @property
    def search_help(self) -> str:
        """What one may search for; without it there is no search."""
        return ""

    @property
    def delete_help(self) -> str:
        """What becomes of what is deleted."""
        return ""

    def init_search(self) -> bool:
        return bool(self.search_fields)

    def search(self, text: str) -> Any:
        """Rows in which each word is found."""
        return reduce(and_, map(self.search_word, text.split() or [""]))

    def search_word(self, word: str) -> Any:
        fields = self.search_fields
        return reduce(or_, (self.where(self.model, field, "icontains", word) for field in fields))

    def is_valid_filter(self, filter: Any) -> Any:
        return isinstance(filter, Filter) or super().is_valid_filter(filter)

    def handle_filter(self, filter: Any) -> Any:
        """A filter that knows its table."""
        found = copy(super().handle_filter(filter))
        found.view = self
        return found

    def get_filter_arg(self, index: int, flt: Any) -> str:
        return str(flt.name).lower().replace(" ", "_")

    def _get_list_filter_args(self) -> list[Any]:
        """Without those that were left blank in the form."""
        return [given for given in super()._get_list_filter_args() or [] if given[2]]

    def _get_list_extra_args(self) -> Any:
        """Without what the list does not know, which in links would be options of `url_for`."""
        found = super()._get_list_extra_args()
        found.page, found.extra_args = min(found.page, LAST_PAGE), {}
        return found

    def get_invalid_value_msg(self, value: str, filter: Any) -> str:
        raise Problem(422, f"{filter.name}: {value} cannot be understood.")

    def row_url(self, row: Any) -> str:
        """Where the first cell of a row leads to."""
        view = ".edit_view" if self.can_edit else ".details_view"
        if not (self.can_edit or self.can_view_details):
            return ""
        return str(self.get_url(view, id=self.get_pk_value(row)))

    def render(self, template: str, **context: Any) -> Any:
        """A page with its title, what its form or its filters show, and 422 for a faulty form."""
        form, row = context.get("form"), context.pop("model", None)  # to pages, the model is ours
        if form is None:
            filters = context.get("active_filters") or []
            chosen = {self.get_filter_arg(i, self._filters[i]): value for i, _, value in filters}
            about = {"row": row, "title": str(row or self.heading), "chosen": chosen}
            return super().render(template, **(about | context))
        page = Page(f"{'Change' if row else 'Add'} {self.one}", "Save")
        shown = form_context(page, shown_fields(form))
        if row:
            facts = [pair for pair in self._details_columns if pair[0] not in form]
            shown |= {"details_columns": facts, "get_value": self.get_detail_value}
            shown["deletable"] = self.can_delete and row != current_user
        html = super().render(template, row=row, title=page.title, **shown, **context)
        return html, 422 if form.errors else 200


def tell(count: int, what: str) -> None:
    """Say how many were revoked."""
    flash(f"{count} {what}{'' if count == 1 else 's'} revoked.", "success")
