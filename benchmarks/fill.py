"""Fills the prediction log of a database with plausible rows, much faster than predicting does.

They come in bulk from drivers, past the service: nothing but the log itself is filled. Indexes are
there before, as they are where a log grows.
"""

import contextlib
import json
import random
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from modeldesk.ml.artifact import Artifact
from modeldesk.stores.rows import NAMES, insert
from sqlalchemy import URL, create_engine, make_url, text

SPAN = timedelta(days=30)  # of the whole log, up to now
VERSIONS = {"000000000001": 0.3, "000000000002": 0.5}  # older ones, and where each ends
KNOWN = 0.02  # the share of rows that have a true outcome
BATCH = 50_000
DIFFERENT = 997  # rows of features and answers, of which each is used again and again
JSON = ("inputs", "output", "feedback")
COLUMNS = ", ".join(NAMES)
DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql"}
Row = dict[str, Any]


def fill(kind: str, url: str, artifact: Artifact, count: int) -> None:
    """Write `count` rows, oldest first, into the empty log of a database of this kind."""
    INTO[kind](url, _rows(artifact, count, as_text=kind != "mongodb"))


def are_counted(kind: str, url: str) -> bool:
    """Whether a server has kept how many predictions each version made."""
    if kind == "mongodb":
        import pymongo

        with pymongo.MongoClient[Row](url) as client:
            return client.get_default_database().tallies.find_one() is not None
    engine = create_engine(_url(kind, url))
    with contextlib.closing(engine.connect()) as connection:
        found = connection.execute(text("SELECT 1 FROM tallies")).first()
    engine.dispose()
    return found is not None


def _url(kind: str, url: str) -> URL:
    """As SQLAlchemy wants it."""
    return make_url(url).set(drivername=DRIVERS[kind])


def _rows(artifact: Artifact, count: int, *, as_text: bool) -> Iterator[Row]:
    """A classification's rows; moments are datetimes without a time zone, in UTC.

    Documents in them are JSON where they are wanted `as_text`.
    """
    chance = random.Random(0)  # noqa: S311
    classes = artifact.signature.output.classes or []
    examples = [_example(artifact, chance) for _ in range(DIFFERENT)]
    outcomes = [{"feedback": {"actual": label, "comment": ""}} for label in classes]
    if as_text:
        for row in (*examples, *outcomes):
            row.update({name: json.dumps(row[name]) for name in JSON if row.get(name)})
    now = datetime.now(UTC).replace(tzinfo=None)
    start, step = now - SPAN, SPAN / count
    zero = datetime(1970, 1, 1)
    for index in range(count):
        moment = start + step * index
        ms = (moment - zero) // timedelta(milliseconds=1)
        share = index / count
        row = examples[index % DIFFERENT] | {
            "id": f"{ms >> 16:08x}-{ms & 0xFFFF:04x}-7000-8000-{index:012x}",
            "created_at": moment,
            "request_id": f"{index:032x}",
            "model_version": next((v for v, end in VERSIONS.items() if share < end), "")
            or artifact.version,
        }
        if chance.random() < KNOWN:
            row |= chance.choice(outcomes) | {"feedback_at": moment + step}
        yield row


def _example(artifact: Artifact, chance: random.Random) -> Row:
    features, classes = artifact.signature.features, artifact.signature.output.classes or []
    inputs = {
        f.name: round(chance.uniform(float(f.min or 0), float(f.max or 1)), 1) for f in features
    }
    shares = {str(label): round(1 / len(classes), 6) for label in classes}
    label = str(chance.choice(classes))
    output = {"value": label, "probabilities": shares}
    said = {"inputs": inputs, "output": output, "label": label, "duration_ms": 0.1}
    return dict.fromkeys(NAMES) | said


def _batches(rows: Iterator[Any]) -> Iterator[list[Any]]:
    return iter(lambda: list(islice(rows, BATCH)), [])


def _with_moments(rows: Iterable[Row], zone: str = "", between: str = " ") -> Iterator[Row]:
    """Moments as texts."""
    for row in rows:
        for name in ("created_at", "feedback_at"):
            row[name] = row[name] and row[name].isoformat(between, "microseconds") + zone
        yield row


def _lines(rows: Iterator[Row], zone: str = "") -> Iterator[str]:
    """As PostgreSQL and MySQL both read them: divided by tabs, with backslashes escaped."""
    for row in _with_moments(rows, zone):
        texts = (None if row[name] is None else str(row[name]) for name in NAMES)
        escaped = [r"\N" if text is None else text.replace("\\", r"\\") for text in texts]
        yield "\t".join(escaped) + "\n"


def _into_sqlite(url: str, rows: Iterator[Row]) -> None:
    with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        for batch in _batches(_with_moments(rows)):
            values = [tuple(map(row.__getitem__, NAMES)) for row in batch]
            with connection:
                connection.executemany(insert("?"), values)


def _into_postgresql(url: str, rows: Iterator[Row]) -> None:
    import psycopg

    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        with cursor.copy(f"COPY predictions ({COLUMNS}) FROM STDIN") as copy:
            for batch in _batches(_lines(rows, "+00")):
                copy.write("".join(batch))
        connection.commit()
        connection.autocommit = True
        cursor.execute("VACUUM ANALYZE predictions")  # as the server does by itself, a bit later


def _into_mysql(url: str, rows: Iterator[Row]) -> None:
    engine = create_engine(_url("mysql", url), connect_args={"local_infile": True})
    load = f"LOAD DATA LOCAL INFILE :file INTO TABLE predictions ({COLUMNS})"
    for batch in _batches(_lines(rows)):
        with tempfile.NamedTemporaryFile("w") as file, engine.begin() as connection:
            file.writelines(batch)
            file.flush()
            connection.execute(text(load), {"file": file.name})
    with engine.begin() as connection:  # as the server does by itself, a bit later
        connection.execute(text("ANALYZE TABLE predictions"))
    engine.dispose()


def _into_mongodb(url: str, rows: Iterator[Row]) -> None:
    import pymongo

    with pymongo.MongoClient[Row](url) as client:
        log = client.get_default_database().predictions
        for batch in _batches(_with_moments(rows, "Z", "T")):
            log.insert_many([{"_id": row.pop("id"), **row} for row in batch], ordered=False)


INTO = {
    "sqlite": _into_sqlite,
    "postgresql": _into_postgresql,
    "mysql": _into_mysql,
    "mongodb": _into_mongodb,
}
