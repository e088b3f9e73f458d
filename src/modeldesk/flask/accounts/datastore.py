"""Where Flask-Security finds accounts in SQL."""

from typing import Any

from flask_security import SQLAlchemyUserDatastore

from ..reading import reading


class UserDatastore(SQLAlchemyUserDatastore):
    """Flask-Security's, whose look-ups at each request keep no connection."""

    def find_user(self, *given: Any, **wanted: Any) -> Any:
        with reading(self.db.session):
            return super().find_user(*given, **wanted)
