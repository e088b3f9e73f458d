"""Records for tests, and what tells one from another."""

import json
import secrets
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from math import floor
from pathlib import Path
from typing import Any

from ..serving.log import PredictionLog, Query, Recent, Record
from ..serving.transfer import (
    Summary,
    export_all,
    import_all,
)

MOMENT = datetime(2026, 2, 28, 23, 59, 59, 999_999, UTC)
COUNTER = count()
UNKNOWN = "00000000-0000-7000-8000-000000000000"


def identifier(moment: datetime) -> str:
    """A new one of a record made then, after those of the same millisecond."""
    milliseconds = min(max(floor(moment.timestamp() * 1000), 0), 2**48 - 1)
    unique = next(COUNTER) << 32 | secrets.randbits(32)
    return str(uuid.UUID(int=milliseconds << 80 | 7 << 76 | 2 << 62 | unique))


def record(**fields: Any) -> Record:
    """A record of its own identifier."""
    moment = fields.get("created_at", MOMENT)
    usual = Record(
        id=identifier(moment),
        created_at=moment,
        request_id="order-4711",
        model_version="0123456789ab",
        inputs={"area": 95.5},
        value=1.5,
        probabilities=None,
        label=None,
        duration_ms=0.25,
    )
    return replace(usual, **fields)


def of_figures(record: Record) -> Recent:
    """What a log gives of a record for figures."""
    told = record.feedback is not None
    asked = record.model_version, record.inputs, record.value, record.label
    return Recent(*asked, record.duration_ms, told, record.shadow)


def bits(record: Record) -> str:
    """All of a record as text, which tells 1 from 1.0 and True, and 0.0 from -0.0."""
    row = {name: getattr(record, name) for name in Record.__slots__}
    return json.dumps(row, default=repr, sort_keys=True)  # some databases sort keys


def check(log: PredictionLog, *given: Record) -> None:
    """Fail unless the log holds these records and no others, to the last bit."""
    wanted = sorted(map(bits, given))
    assert sorted(map(bits, log.find([record.id for record in given]))) == wanted
    assert sorted(map(bits, log.page(Query(limit=1000)))) == wanted
    assert sorted(map(bits, log.scan("", 1000))) == wanted
    assert log.count() == len(given)


def exported(log: PredictionLog, path: Path) -> Summary:
    """What an export of the log alone did."""
    return export_all({"prediction": log}, path, progress=False)["prediction"]


def imported(log: PredictionLog, path: Path) -> Summary:
    """What an import into the log alone did."""
    return import_all({"prediction": log}, path, progress=False)["prediction"]
