"""What of a line of an export is taken, by what a service keeps: with accounts, and without."""

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest
from modeldesk.accounts.lines import AccountLine, TokenLine
from modeldesk.serving.lines import HEADER, BadLine, from_line, to_line
from modeldesk.serving.summaries import DaySummary, Totals
from modeldesk.serving.transfer import Stores, export_all, import_all
from modeldesk.testing.records import record

from .memory import MemoryLog

IDS = [f"0190b3a4-7c1e-7d2a-9f00-3b5c8e1d2f4{n}" for n in range(2)]
ACCOUNT = AccountLine.model_validate(
    {
        "id": IDS[0],
        "email": "anne@example.com",
        "name": "Anne",
        "password": "$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHQ$aGFzaGhhc2g",
        "active": True,
        "confirmed_at": None,
        "created_at": "2026-02-28T23:59:59.999999Z",
        "last_login_at": None,
        "roles": ["user", "admin", "user"],
    }
)
TOKEN = TokenLine.model_validate(
    {
        "id": IDS[1],
        "user_id": IDS[0],
        "digest": "0" * 64,
        "name": "laptop",
        "created_at": "2026-02-28T23:59:59.999999Z",
        "expires_at": None,
        "last_used_at": None,
    }
)
TOTALS = DaySummary("2026-02-28", "0123456789ab", Totals(count=1, duration_ms=1.5, longest_ms=1.5))
PREDICTION = record(user_id=IDS[0])
RECORDS: dict[str, Any] = {
    "account": ACCOUNT,
    "token": TOKEN,
    "summary": TOTALS,
    "prediction": PREDICTION,
}
KEPT = {
    "no accounts": {"summary", "prediction"},
    "accounts of staff": {"account", "summary", "prediction"},
    "accounts": {"account", "token", "summary", "prediction"},
    "the log alone": {"prediction"},
}


@pytest.mark.parametrize("kinds", KEPT.values(), ids=KEPT)
@pytest.mark.parametrize("kind", RECORDS)
def test_what_is_kept_is_read(kind: str, kinds: Collection[str]) -> None:
    found, record = from_line(to_line(RECORDS[kind]), kinds)
    assert found == kind
    if kind not in kinds:
        assert record is None
    elif kind == "prediction":
        assert record.user_id == (IDS[0] if "token" in kinds else None)
        assert record.value == 1.5
    else:
        assert record == RECORDS[kind]


def test_roles_are_in_order_and_named_once() -> None:
    assert ACCOUNT.roles == ["admin", "user"]


@pytest.mark.parametrize("kinds", KEPT.values(), ids=KEPT)
def test_faults_of_lines_that_are_not_kept_are_nobodys(kinds: Collection[str]) -> None:
    for kind in ("account", "token", "summary"):
        line = json.dumps({"kind": kind, "id": "?"}).encode() + b"\n"
        if kind in kinds:
            with pytest.raises(BadLine, match="Field required"):
                from_line(line, kinds)
        else:
            assert from_line(line, kinds) == (kind, None)
    with pytest.raises(BadLine, match=r"kind: .*'account', 'token', 'summary' or 'prediction'"):
        from_line(b'{"kind": "colour"}\n', kinds)


def test_a_prediction_of_nobody() -> None:
    content = json.loads(to_line(PREDICTION))
    for change in ({"user_id": None}, {}):
        line = json.dumps({k: v for k, v in content.items() if k != "user_id"} | change).encode()
        assert from_line(line + b"\n", KEPT["accounts"])[1].user_id is None
    for user_id in (7, "x" * 37):
        with pytest.raises(BadLine, match="user_id: "):
            from_line(json.dumps(content | {"user_id": user_id}).encode(), KEPT["accounts"])


def test_an_export_with_accounts_is_imported_without(tmp_path: Path) -> None:
    lines = [HEADER, *(to_line(record) for record in RECORDS.values())]
    (tmp_path / "in").write_bytes(b"".join(lines))
    log = MemoryLog()
    done = import_all({"prediction": log}, tmp_path / "in", progress=False)
    assert {kind: summary.left_out for kind, summary in done.items()} == {
        "prediction": 0,
        "account": 1,
        "token": 1,
        "summary": 1,
    }
    assert done["prediction"].added == 1
    assert log.records[PREDICTION.id].user_id is None


def test_an_export_goes_on_where_accounts_were_given_up(tmp_path: Path) -> None:
    """The log still says whose predictions are, and a file that was begun from it is known."""
    log = MemoryLog()
    log.add([PREDICTION])
    stores: Stores = {"prediction": log}
    export_all(stores, tmp_path / "out", progress=False)
    whole = (tmp_path / "out").read_bytes()
    (tmp_path / "out").rename(tmp_path / "out.part")
    assert export_all(stores, tmp_path / "out", progress=False)["prediction"].present == 1
    assert (tmp_path / "out").read_bytes() == whole
