"""The lines of an export: always the same, and refused with a reason when they are wrong."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from modeldesk.serving.lines import HEADER, MAX_LINE, to_line
from modeldesk.serving.log import Feedback, PredictionLog, Record
from modeldesk.serving.transfer import Summary, TransferError

from .records import MOMENT, check, exported, imported, record

# Where a prediction is somebody's, its line says whose; one that does not is nobody's.
WHOSE = ',"user_id":null' if "user_id" in Record.__slots__ else ""
GOOD = json.loads(to_line(record(probabilities={"dear": 1.0}, label="dear")))
TOLD = {"actual": "dear", "comment": "", "created_at": "2026-02-28T23:59:59Z"}


def test_a_line(log: PredictionLog, tmp_path: Path) -> None:
    one = record(
        id="0190b3a4-7c1e-7d2a-9f00-3b5c8e1d2f4a",
        inputs={"b": 1, "a.b": 1.0, "é": "\u2028\n"},
        value="dear",
        probabilities={"dear": 1e23},
        label="dear",
        feedback=Feedback(-0.0, "", datetime(2026, 3, 1, tzinfo=UTC)),
        shadow={"version": "ba9876543210", "value": "cheap", "probabilities": {"dear": -0.0}},
    )
    log.add([one])
    exported(log, tmp_path / "out")
    lines = (tmp_path / "out").read_text("utf-8").split("\n")
    assert lines == [
        '{"format":"service-export","version":1}',
        '{"kind":"prediction","id":"0190b3a4-7c1e-7d2a-9f00-3b5c8e1d2f4a",'
        '"created_at":"2026-02-28T23:59:59.999999Z","request_id":"order-4711",'
        '"model_version":"0123456789ab","inputs":{"b":1,"a.b":1.0,"é":"\u2028\\n"},'
        '"value":"dear","probabilities":{"dear":1e+23},"label":"dear","duration_ms":0.25,'
        '"feedback":{"actual":-0.0,"comment":"","created_at":"2026-03-01T00:00:00.000000Z"},'
        '"shadow":{"version":"ba9876543210","value":"cheap","probabilities":{"dear":-0.0}}'
        f"{WHOSE}}}",
        "",
    ]


def test_a_file_that_was_edited(log: PredictionLog, tmp_path: Path) -> None:
    text = (HEADER + to_line(one := record(created_at=MOMENT.replace(microsecond=0)))).decode()
    text = text.replace("23:59:59.000000Z", "18:29:59-05:30").replace("\n", "\r\n").rstrip()
    (tmp_path / "in").write_text(text, "utf-8-sig")
    imported(log, tmp_path / "in")
    check(log, one)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "would begin with"),
        (b"\n", "would begin with"),
        (b"id,value\n", "would begin with"),
        (b"[]\n", "would begin with"),
        (to_line(record()), "would begin with"),
        (b"\x89PNG\r\n\x1a\n\xff", "would begin with"),
        (HEADER.decode().encode("utf-16"), "would begin with"),
        (HEADER.replace(b"service", b"another"), "would begin with"),
        (HEADER.replace(b"1", b"2"), "version 2; this release reads version 1"),
        (HEADER.replace(b"1", b'"1"'), "version '1'; this release reads version 1"),
        (HEADER.replace(b',"version":1', b""), "version None; this release reads version 1"),
    ],
)
def test_a_file_of_another_format(
    log: PredictionLog, tmp_path: Path, content: bytes, words: str
) -> None:
    (tmp_path / "in").write_bytes(content)
    with pytest.raises(TransferError, match=words):
        imported(log, tmp_path / "in")
    assert log.count() == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"id": "1"}, "id: "),
        ({"id": 1}, "id: "),
        ({"id": GOOD["id"].upper()}, "id: "),
        ({"id": GOOD["id"].replace("-", "")}, "id: "),
        ({"id": "b2c0d7c4-8f0e-4a52-9d3c-0123456789ab"}, "id: "),
        ({"id": f"{GOOD['id']}\n"}, "id: "),
        ({"kind": "colour"}, "kind: .*'prediction'"),
        ({"kind": ["prediction"]}, "kind: "),
        ({"created_at": "2026-02-28T23:59:59"}, "created_at: .* time zone"),
        ({"created_at": "2026-02-30T23:59:59Z"}, "created_at: .* time zone"),
        ({"created_at": "2026-02-28T23:59:59.1234567Z"}, "created_at: .* time zone"),
        ({"created_at": "0001-01-01T00:00:00+01:00"}, "created_at: .* time zone"),
        ({"created_at": 1772323199}, "created_at: .* time zone"),
        ({"created_at": None}, "created_at: .* time zone"),
        ({"request_id": "x" * 65}, "request_id: .* 64"),
        ({"model_version": "x" * 65}, "model_version: .* 64"),
        ({"model_version": None}, "model_version: "),
        ({"label": "x" * 256}, "label: .* 255"),
        ({"label": 1}, "label: "),
        ({"inputs": [1]}, "inputs: "),
        ({"inputs": {"x": 2**63}}, "64 bits"),
        ({"inputs": {"x": -(2**63) - 1}}, "64 bits"),
        ({"inputs": {"x": float("nan")}}, "NaN"),
        ({"inputs": {"x": [{"y": float("-inf")}]}}, "-Infinity"),
        ({"inputs": {"x": "\0"}}, "NUL"),
        ({"inputs": {"\0": "x"}}, "NUL"),
        ({"inputs": {"x": "\ud800"}}, "surrogate"),
        ({"value": None}, "value: "),
        ({"value": [1]}, "value: "),
        ({"value": {"rent": None}}, "value: "),
        ({"value": {"rent": [1]}}, "value: "),
        ({"value": float("nan")}, "NaN"),
        ({"probabilities": {"dear": "1"}}, "probabilities.dear: "),
        ({"probabilities": {"dear": None}}, "probabilities.dear: "),
        ({"probabilities": {"dear": True}}, "probabilities.dear: "),
        ({"probabilities": {"dear": float("inf")}}, "Infinity"),
        ({"probabilities": {"rent": {"dear": "1"}}}, "probabilities.rent: "),
        ({"probabilities": [1]}, "probabilities: "),
        ({"duration_ms": "1"}, "duration_ms: "),
        ({"duration_ms": None}, "duration_ms: "),
        ({"feedback": "dear"}, "feedback: "),
        ({"feedback": {"actual": "dear"}}, "feedback.comment: .*; feedback.created_at: "),
        ({"feedback": TOLD | {"actual": [1]}}, "feedback.actual: "),
        ({"feedback": TOLD | {"comment": None}}, "feedback.comment: "),
        ({"feedback": TOLD | {"created_at": "2026-02-28"}}, "feedback.created_at: .* time zone"),
        ({"feedback": TOLD | {"more": 1}}, "feedback.more: "),
        ({"shadow": "dear"}, "shadow: "),
        ({"shadow": {"value": "dear"}}, "shadow.version: "),
        ({"shadow": {"version": "v" * 65, "error": "It fails."}}, "shadow.version: .* 64"),
        ({"shadow": {"version": "v", "value": [1], "probabilities": {}}}, "shadow.value: "),
        ({"shadow": {"version": "v", "error": 5}}, "shadow.error: "),
        ({"shadow": {"version": "v", "more": 1}}, "shadow.more: "),
        ({"colour": "red", "value": None}, "value: .*; colour: "),
    ],
    ids=lambda value: json.dumps(value)[:40] if isinstance(value, dict) else "",
)
def test_a_wrong_line(
    log: PredictionLog, tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    stops_at(log, tmp_path, json.dumps(GOOD | change).encode() + b"\n", words)


def test_a_line_of_before_there_were_shadows(log: PredictionLog, tmp_path: Path) -> None:
    content = json.loads(to_line(one := record()))
    del content["shadow"]
    (tmp_path / "in").write_bytes(HEADER + json.dumps(content).encode() + b"\n")
    assert imported(log, tmp_path / "in") == Summary(added=1)
    check(log, one)


@pytest.mark.parametrize("name", [name for name in GOOD if name not in ("shadow", "user_id")])
def test_a_line_that_lacks_something(log: PredictionLog, tmp_path: Path, name: str) -> None:
    rest = {key: value for key, value in GOOD.items() if key != name}
    stops_at(log, tmp_path, json.dumps(rest).encode() + b"\n", f"{name}: Field required")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"\n", "column 1"),
        (b"five\n", "column 1"),
        (b"5\n", "It: "),
        (b"null\n", "It: "),
        (b"[]\n", "It: "),
        (HEADER, "kind: Field required"),
        (json.dumps(GOOD).encode()[:-9], "cut off"),
        (b"{", "cut off"),
        (json.dumps(GOOD).encode()[:-1] + b"\n", "column"),
        (json.dumps(GOOD).encode() * 2 + b"\n", "column"),
        (json.dumps(GOOD).encode()[:-1] + b',"value":1}\n', '"value" is given more than once'),
        (json.dumps(GOOD).replace("95.5", "1e400").encode() + b"\n", "1e400 .* 64 bits"),
        (json.dumps(GOOD).replace("95.5", "9" * 5000).encode() + b"\n", "digits|64 bits"),
        (json.dumps(GOOD).replace("order", "\xe9").encode("latin-1") + b"\n", "not UTF-8"),
        (b"[" * 100_000 + b"\n", "nested"),
        (b'"' + b"x" * MAX_LINE + b'"\n', "16 MiB"),
    ],
    ids=lambda value: repr(value[:20]) if isinstance(value, bytes) else "",
)
def test_a_line_that_cannot_be_read(
    log: PredictionLog, tmp_path: Path, line: bytes, words: str
) -> None:
    stops_at(log, tmp_path, line, words)


def stops_at(log: PredictionLog, folder: Path, line: bytes, words: str) -> None:
    """Fail unless an import stops at a bad line, and continues when that is mended."""
    before, after = [record() for _ in range(3)], [record() for _ in range(2)]
    good = [to_line(one) for one in before + after]
    ends = not line.endswith(b"\n")
    (folder / "in").write_bytes(b"".join([HEADER, *good[:3], line, *([] if ends else good[3:])]))
    with pytest.raises(TransferError) as refused:
        imported(log, folder / "in")
    message = str(refused.value)
    assert message.endswith(".")
    assert "\n" not in message
    assert message.startswith(f"Line 5 of {folder / 'in'} cannot be imported. ")
    assert re.search(words, message), message
    check(log, *before)
    (folder / "in").write_bytes(b"".join([HEADER, *good]))
    summary = imported(log, folder / "in")
    assert summary == Summary(added=2, present=3)
    check(log, *before, *after)
