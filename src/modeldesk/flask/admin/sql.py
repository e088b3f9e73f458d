"""The tables of the admin, over Flask-Admin's views of SQLAlchemy: `UsersView(User, db)`."""

import operator
from typing import Any

from flask_admin.contrib.sqla import ModelView
from sqlalchemy import select

from ...stores.outcomes import has_outcome
from ..reading import reading
from .predictions import PredictionsTable
from .tables import Table
from .tokens import TokensTable
from .users import RolesTable, UsersTable

OPERATORS = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "gt": operator.gt,
    "gte": operator.ge,
    "in": lambda column, values: column.in_(values),
    "startswith": lambda column, text: column.startswith(text, autoescape=True),
    "icontains": lambda column, text: column.icontains(text, autoescape=True),
    "known": lambda column, is_: has_outcome(column, known=is_),
    "holds": lambda column, row: column.contains(row),
}


class Rows(ModelView):
    """Flask-Admin's table of rows, of which none is read beside the log's connection."""

    @property
    def _session(self) -> Any:
        """Flask-Admin takes the extension of Flask-SQLAlchemy for a session, too."""
        return getattr(self.session, "session", self.session)

    def get_one(self, id: str) -> Any:
        with reading(self._session):
            return self._session.get(self.model, id)

    def get_list(self, *asked: Any, **options: Any) -> Any:
        with reading(self._session):
            return super().get_list(*asked, **options)

    def search(self, text: str) -> Any:
        """The condition that a search stands for."""
        raise NotImplementedError

    def _apply_search(
        self, query: Any, count_query: Any, joins: Any, count_joins: Any, search: str
    ) -> tuple[Any, Any, Any, Any]:
        found = self.search(search)
        return query.filter(found), count_query.filter(found), joins, count_joins

    def where(self, model: Any, field: str, is_: str, value: Any) -> Any:
        """A condition; `&` and `|` combine them."""
        return OPERATORS[is_](getattr(model, field), value)

    def find(self, model: Any, *conditions: Any, limit: int | None = None) -> list[Any]:
        with reading(self._session):
            return list(self._session.scalars(select(model).where(*conditions).limit(limit)))

    def ids(self, query: Any, limit: int) -> list[str]:
        """The first ids of a query of the list."""
        with reading(self._session):
            return [row.id for row in query.with_entities(self.model.id).limit(limit)]


class TableView(Table, Rows):
    """A table of the project's own, with a `heading` and an `address`, which staff read.

    `adds`, `changes` and `deletes` may name the permissions of who writes, `one` what is written.
    """

    form = None  # Flask-Admin makes one of the columns


class PredictionsView(PredictionsTable, Rows):
    """The log, for `modeldesk.stores.sql.Prediction`."""


class UsersView(UsersTable, Rows):
    """Accounts."""


class RolesView(RolesTable, Rows):
    """Roles."""


class TokensView(TokensTable, Rows):
    """Tokens."""
