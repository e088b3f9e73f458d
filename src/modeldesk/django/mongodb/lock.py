"""One process at a time changes the collections."""

import contextlib
import secrets
import threading
import time
from collections.abc import Iterator
from typing import Any

from pymongo import ReturnDocument
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError, PyMongoError

from ...serving.log import LogUnavailable

LIFE = 60  # seconds that a process which died still holds the lock
PATIENCE = 300  # seconds


@contextlib.contextmanager
def migration_lock(locks: Collection[dict[str, Any]]) -> Iterator[None]:
    """Wait until no other process migrates; the lock is a document that expires.

    Raises:
        LogUnavailable: another process took too long.
    """
    holder = secrets.token_hex(8)
    give_up = time.monotonic() + PATIENCE
    while not _hold(locks, holder):
        if time.monotonic() > give_up:
            raise LogUnavailable(f"another process has been migrating for {PATIENCE} seconds")
        time.sleep(0.2)
    done = threading.Event()
    keeper = threading.Thread(target=_keep, args=(locks, holder, done), daemon=True)
    keeper.start()
    try:
        yield
    finally:
        done.set()
        keeper.join()
        locks.delete_one({"holder": holder})


def _keep(locks: Collection[dict[str, Any]], holder: str, done: threading.Event) -> None:
    while not done.wait(LIFE / 4):
        with contextlib.suppress(PyMongoError):
            _hold(locks, holder)


def _hold(locks: Collection[dict[str, Any]], holder: str) -> bool:
    """Take the lock if it is free, or renew one's own; whether it is now one's own."""
    mine = {"$or": [{"$eq": ["$holder", holder]}, {"$lt": ["$until", "$$NOW"]}]}
    until = {"$dateAdd": {"startDate": "$$NOW", "unit": "second", "amount": LIFE}}
    change = {
        "holder": {"$cond": [mine, holder, "$holder"]},
        "until": {"$cond": [mine, until, "$until"]},
    }
    with contextlib.suppress(DuplicateKeyError):  # another process made it just now
        lock = locks.find_one_and_update(
            {"_id": "migrations"},
            [{"$set": change}],
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        return lock is not None and lock["holder"] == holder
    return False
