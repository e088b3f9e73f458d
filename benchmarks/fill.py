"""Fills the prediction log of a database with plausible rows, much faster than predicting does.

They come from drivers, past the service: nothing but the log itself is filled.
"""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from modeldesk.ml.artifact import Artifact

SPAN = timedelta(days=30)  # of the whole log, up to now
VERSIONS = {"000000000001": 0.3, "000000000002": 0.5}  # older ones, and where each ends
KNOWN = 0.02  # the share of rows that have a true outcome
BATCH = 10_000
DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql"}
DIFFERENT = 997  # rows of features and answers, of which each is used again and again
Row = dict[str, Any]
NAMES = (
    *("id", "created_at", "request_id", "model_version", "inputs", "output", "label"),
    *("duration_ms", "feedback", "feedback_at", "shadow", "user_id", "reference"),
)


def fill(kind: str, url: str, artifact: Artifact, count: int) -> None:
    """Write `count` rows, oldest first, into the empty log of a database of this kind."""
    rows = _rows(artifact, count)
    if kind == "mongodb":
        _into_mongodb(url, rows)
    else:
        _into_sql(kind, url, rows)


def _rows(artifact: Artifact, count: int) -> Iterator[Row]:
    """A classification's rows as documents; moments are datetimes without a time zone, in UTC."""
    chance = random.Random(0)  # noqa: S311
    examples = [_example(artifact, chance) for _ in range(DIFFERENT)]
    now = datetime.now(UTC).replace(tzinfo=None)
    start, step = now - SPAN, SPAN / count
    zero = datetime(1970, 1, 1)
    empty = dict.fromkeys(NAMES)
    for index in range(count):
        moment = start + step * index
        ms = (moment - zero) // timedelta(milliseconds=1)
        share = index / count
        version = next((v for v, end in VERSIONS.items() if share < end), artifact.version)
        identifier = f"{ms >> 16:08x}-{ms & 0xFFFF:04x}-7000-8000-{index:012x}"
        known = {}
        if chance.random() < KNOWN:
            known = {"feedback": _outcome(artifact, chance), "feedback_at": moment + step}
        yield (
            empty
            | examples[index % DIFFERENT]
            | {
                "id": identifier,
                "created_at": moment,
                "request_id": f"{index:032x}",
                "model_version": version,
            }
            | known
        )


def _example(artifact: Artifact, chance: random.Random) -> Row:
    features, classes = artifact.signature.features, artifact.signature.output.classes or []
    inputs = {
        f.name: round(chance.uniform(float(f.min or 0), float(f.max or 1)), 1) for f in features
    }
    shares = {str(label): round(1 / len(classes), 6) for label in classes}
    label = str(chance.choice(classes))
    output = {"value": label, "probabilities": shares}
    return {"inputs": inputs, "output": output, "label": label, "duration_ms": 0.1}


def _outcome(artifact: Artifact, chance: random.Random) -> Row:
    return {"actual": chance.choice(artifact.signature.output.classes or []), "comment": ""}


def _into_sql(kind: str, url: str, rows: Iterator[Row]) -> None:
    from sqlalchemy import create_engine, make_url, text

    engine = create_engine(make_url(url).set(drivername=DRIVERS[kind]))
    values = ", ".join(f":{name}" for name in NAMES)
    insert = text(f"INSERT INTO predictions ({', '.join(NAMES)}) VALUES ({values})")  # noqa: S608
    zone = "+00" if kind == "postgresql" else ""
    while batch := [_as_text(row, zone) for row in islice(rows, BATCH)]:
        with engine.begin() as connection:
            connection.execute(insert, batch)
    analyze = {"postgresql": "ANALYZE predictions", "mysql": "ANALYZE TABLE predictions"}
    if kind in analyze:  # as the server does by itself, some minutes later
        with engine.begin() as connection:
            connection.execute(text(analyze[kind]))
    engine.dispose()


def _as_text(row: Row, zone: str) -> Row:
    for name in ("inputs", "output", "feedback"):
        row[name] = row[name] and json.dumps(row[name])
    for name in ("created_at", "feedback_at"):
        row[name] = row[name] and row[name].isoformat(" ", "microseconds") + zone
    return row


def _into_mongodb(url: str, rows: Iterator[Row]) -> None:
    import pymongo

    with pymongo.MongoClient[Row](url) as client:
        log = client.get_default_database().predictions
        while batch := [_as_document(row) for row in islice(rows, BATCH)]:
            log.insert_many(batch, ordered=False)


def _as_document(row: Row) -> Row:
    for name in ("created_at", "feedback_at"):
        row[name] = row[name] and row[name].isoformat("T", "microseconds") + "Z"
    return {"_id": row.pop("id"), **row}
