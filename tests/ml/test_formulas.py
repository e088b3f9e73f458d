"""Texts that a spreadsheet would run: guarded, and the same again without the guard."""

import pytest
from modeldesk.ml.tables.formulas import guard, guarded, unguarded
from modeldesk.testing.hostile import TEXTS

RUN = [
    "=1+1",
    "=HYPERLINK(1)",
    "@a",
    "+",
    "-",
    "-x",
    "+1 2",
    "\t=1",
    "\r1",
    "--1",
    "-1+1",
    "-1e",
    "+ 1",
]
HARMLESS = [
    "",
    "a",
    "a=1",
    "1",
    "-1",
    "+1",
    "-1.5",
    "+1,5",
    "-.5",
    "-1e-5",
    "2026-01-31",
    "'",
    "'a",
]


@pytest.mark.parametrize("text", RUN)
def test_what_would_run_is_guarded(text: str) -> None:
    assert guarded(text) == f"'{text}"
    assert guarded(text, {text}) == text  # of the model's own


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_harmless_is_let_be(text: str) -> None:
    assert guarded(text) == unguarded(text) == text


@pytest.mark.parametrize("text", [*TEXTS, *RUN, *HARMLESS, "'-1", "''=1", "'\u0661"])
def test_nothing_is_lost(text: str) -> None:
    assert unguarded(guarded(text)) == text
    for known in ({text}, {f"'{text}"}):
        assert unguarded(guarded(text, known), known) == text or known == {guarded(text)}


def test_cells_are_guarded_in_their_columns() -> None:
    rows = [["=1", "-", "-1"], ["b", "=1", "2"], ["", "+", "=3"]]
    guard(rows, [(), {"-", "+"}, ()])
    assert rows == [["'=1", "-", "-1"], ["b", "'=1", "2"], ["", "+", "'=3"]]
    guard([], [(), ()])
