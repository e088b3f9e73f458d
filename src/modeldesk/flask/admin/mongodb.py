"""The tables of the admin, over Flask-Admin's views of MongoEngine: `UsersView(User)`."""

from typing import Any

from flask_admin.contrib.mongoengine import ModelView
from mongoengine import Q

from ...stores.mongodb import SOME
from .predictions import PredictionsTable
from .tables import Table
from .tokens import TokensTable
from .users import RolesTable, UsersTable

EQUAL = ("eq", "holds")  # MongoDB compares a value with each one of a list


class Rows(ModelView):
    """Flask-Admin's table of documents."""

    api_file_view: Any = None  # it would hand out files of GridFS, and there are none

    def get_one(self, id: str) -> Any:
        return self.model.objects(pk=id).first()

    def search(self, text: str) -> Any:
        """The condition that a search stands for."""
        raise NotImplementedError

    def _search(self, query: Any, search_term: str) -> Any:
        return query.filter(self.search(search_term))

    def where(self, model: Any, field: str, is_: str, value: Any) -> Any:
        """A condition; `&` and `|` combine them."""
        if is_ == "known":
            return Q(__raw__={field: SOME if value else None})
        return Q(**{field if is_ in EQUAL else f"{field}__{is_}": value})

    def find(self, model: Any, *conditions: Any, limit: int | None = None) -> list[Any]:
        query = model.objects
        for condition in conditions:
            query = query.filter(condition)
        return list(query.limit(limit))

    def ids(self, query: Any, limit: int) -> list[str]:
        """The first ids of a query of the list."""
        # As the driver gives them: of documents, MongoEngine would make as many objects.
        return [one["_id"] for one in query.limit(limit).only("id").as_pymongo()]


class TableView(Table, Rows):
    """A table of the project's own, with a `heading` and an `address`, which staff read.

    `adds`, `changes` and `deletes` may name the permissions of who writes, `one` what is written.
    """

    form = None  # Flask-Admin makes one of the columns


class PredictionsView(PredictionsTable, Rows):
    """The log, for `modeldesk.stores.documents.Prediction`."""


class UsersView(UsersTable, Rows):
    """Accounts."""


class RolesView(RolesTable, Rows):
    """Roles."""


class TokensView(TokensTable, Rows):
    """Tokens."""
