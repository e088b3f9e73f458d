"""JSON, the model as ONNX, and sqlite3's executemany, in a loop of one process."""

import json
import sqlite3
import tempfile
import uuid
from datetime import UTC, datetime

import onnx_model
from repeat import repeat

COLUMNS = "id TEXT PRIMARY KEY, created_at TEXT, request_id TEXT, model_version TEXT, "
COLUMNS += "inputs TEXT, output TEXT, duration_ms REAL"

with tempfile.TemporaryDirectory(dir=".") as folder:
    database = sqlite3.connect(f"{folder}/log.db")
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute(f"CREATE TABLE predictions ({COLUMNS})")

    def answer(request: str) -> list[float]:
        instances = json.loads(request)["instances"]
        answers = onnx_model.predict(instances)
        now, request_id = datetime.now(UTC).isoformat(), str(uuid.uuid4())
        rows = [
            (str(uuid.uuid4()), now, request_id, "1", json.dumps(row), json.dumps(value), 1.0)
            for row, value in zip(instances, answers, strict=True)
        ]
        with database:
            database.executemany("INSERT INTO predictions VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        return answers

    repeat(answer)
    database.close()
