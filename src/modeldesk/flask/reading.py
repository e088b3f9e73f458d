"""Look-ups that keep no connection: a request has one at a time, whatever it asks."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session, scoped_session


@contextmanager
def reading(scoped: scoped_session[Session]) -> Iterator[None]:
    """Give the connection back at the end; what was loaded stays.

    Else the request would hold it, with a transaction that is idle, while the log takes another.
    What had begun before, and may write, goes on.
    """
    session = scoped()
    begun = session.in_transaction()
    yield
    if not begun:
        expires, session.expire_on_commit = session.expire_on_commit, False
        try:
            session.commit()
        finally:
            session.expire_on_commit = expires
