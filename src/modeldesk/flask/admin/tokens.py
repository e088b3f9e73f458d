"""Tokens in the admin; of a secret nothing is kept that could be shown."""

from functools import reduce
from operator import or_
from typing import Any, ClassVar

from flask_admin.actions import action

from ..accounts.current import get_accounts
from .tables import Table, tell

MOST_USERS = 100  # that one search stands for


class TokensTable(Table):
    heading, address = "Tokens", "tokens"
    reads = "accounts.view_token"
    acts = "accounts.delete_token"
    column_list: Any = ("name", "user", "created_at", "last_used_at", "expires_at")
    column_labels: ClassVar = {
        "created_at": "Created",
        "last_used_at": "Last used",
        "expires_at": "Ends",
    }
    column_formatters: ClassVar = {"user": lambda view, context, token, name: token.user.email}
    column_default_sort: Any = ("id", True)
    column_sortable_list: Any = ("name", "created_at", "last_used_at", "expires_at")
    search_fields: Any = ("name",)
    search_help = "A part of a name or an email address"

    def search_word(self, word: str) -> Any:
        user = get_accounts().datastore.user_model
        users = self.find(user, self.where(user, "email", "icontains", word), limit=MOST_USERS)
        of_users = [self.where(self.model, "user", "eq", user) for user in users]
        return reduce(or_, of_users, self.where(self.model, "name", "icontains", word))

    @action("revoke", "Revoke")
    def revoke(self, ids: list[str]) -> None:
        datastore = get_accounts().datastore
        tokens = self.find(self.model, self.where(self.model, "id", "in", ids))
        for token in tokens:
            datastore.delete(token)
        datastore.commit()
        tell(len(tokens), "token")
