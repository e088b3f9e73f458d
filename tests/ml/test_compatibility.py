"""What callers of one version meet when another is served, held against the checks of rows."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from itertools import product
from typing import Any

import pytest
from modeldesk.ml.compatibility import differences
from modeldesk.ml.signature import (
    INTEGER_MAX,
    Feature,
    Output,
    Signature,
    Target,
)
from modeldesk.ml.validation import (
    InstanceValidator,
    InvalidInstances,
)

DAY = date(2026, 1, 31)
DAYS = {"min": str(DAY), "max": str(DAY + timedelta(9))}
KINDS: list[dict[str, Any]] = [
    {"type": "boolean"},
    {"type": "text"},
    {"type": "number", "min": 0, "max": 9.5},
    {"type": "number", "min": 0, "max": 9.5, "outside": "refuse"},
    {"type": "number", "min": 1, "max": 9.5, "outside": "refuse"},
    {"type": "number", "min": 0, "outside": "refuse"},
    {"type": "number", "outside": "refuse"},
    {"type": "integer", "min": 0, "max": 9},
    {"type": "integer", "min": 0, "max": 9, "outside": "refuse"},
    {"type": "integer", "min": 0, "max": 9.5, "outside": "refuse"},
    {"type": "integer", "min": 1, "max": 5, "outside": "refuse"},
    {"type": "integer", "max": 5, "outside": "refuse"},
    {"type": "date", **DAYS},
    {"type": "date", **DAYS, "outside": "refuse"},
    {"type": "date", **DAYS, "max": str(DAY + timedelta(5)), "outside": "refuse"},
    {"type": "category", "categories": ["gas", "oil"]},
    {"type": "category", "categories": ["gas", "oil"], "outside": "refuse"},
    {"type": "category", "categories": ["gas"], "outside": "refuse"},
    {"type": "category", "categories": ["gas", "oil", "wood"], "outside": "refuse"},
]
ALL_KINDS = [kind | {"missing": missing} for kind in KINDS for missing in (False, True)]
ADDED = [None, {"type": "boolean"}, {"type": "boolean", "missing": True}]

# Values of the bodies of requests, of tables and of forms or CSV files.
NUMBERS = [0, 1, 5, 6, 9, 9.25, 0.5, -1, -1.5, 1e30, float(INTEGER_MAX), 3.0]
TEXTS = ["gas", "oil", "wood", "1", "true", *(str(DAY + timedelta(n)) for n in (-1, 0, 5, 7, 99))]
JSON = [None, True, False, *NUMBERS, *TEXTS]
TABLE = [*JSON, DAY, DAY + timedelta(7)]
FORM = [*TEXTS, "false", *map(str, NUMBERS)]


def signature(*features: dict[str, Any], **about: Any) -> Signature:
    """One with features of these kinds, called a, b and so on."""
    named = [Feature(name=name, **kind) for name, kind in zip("abc", features, strict=False)]
    given: dict[str, Any] = {"task": "regression", "output": Output(name="y")}
    return Signature(**{"name": "test", "features": named} | given | about)


def rows(values: list[Any]) -> list[dict[str, Any]]:
    alone = [{}, *({"a": value} for value in values)]
    return alone + [row | {"b": value} for row in alone for value in (True, None)]


@cache
def accepted(signature_json: str) -> set[tuple[str, int]]:
    """Which of the rows a signature accepts, by how they come."""
    validator = InstanceValidator(Signature.model_validate_json(signature_json))
    ways: dict[str, tuple[Callable[[Any], Any], list[Any]]] = {
        "json": (lambda row: validator.from_json([row]), JSON),
        "table": (validator.from_values, TABLE),
        "form": (validator.from_text, FORM),
    }
    found = set()
    for way, (check, values) in ways.items():
        for index, row in enumerate(rows(values)):
            if way == "form" and None in row.values():
                continue
            try:
                check({k: "true" if way == "form" and v is True else v for k, v in row.items()})
            except InvalidInstances:
                continue
            found.add((way, index))
    return found


def refused(old: Signature, new: Signature) -> bool:
    """Whether a row that the old one takes is refused by the new one."""
    before, after = (accepted(one.model_dump_json()) for one in (old, new))
    return bool(before - after)


def breaks(old: Signature, new: Signature) -> bool:
    return any(difference.breaks for difference in differences(old, new))


def test_what_breaks_is_what_the_checks_refuse() -> None:
    for old, new in product(map(signature, ALL_KINDS), repeat=2):
        assert breaks(old, new) == refused(old, new), (old.features, new.features)
        if old == new:
            assert differences(old, new) == []


@pytest.mark.parametrize("kind", [KINDS[0], KINDS[8], KINDS[16]], ids=lambda kind: kind["type"])
def test_features_that_come_and_go(kind: dict[str, Any]) -> None:
    signatures = [signature(*filter(None, [kind, more])) for more in ADDED]
    for old, new in product(signatures, repeat=2):
        assert breaks(old, new) == refused(old, new), (old.features, new.features)
        assert bool(differences(old, new)) == (old != new)


def test_every_difference_is_told_the_worst_first() -> None:
    number = {"type": "number", "min": 0, "max": 9, "unit": "years", "example": 1}
    old = signature(number, {"type": "boolean"}, {"type": "text"})
    new = signature(number | {"max": 12, "unit": "months"}, {"type": "integer"})
    assert [(found.text, found.breaks) for found in differences(old, new)] == [
        ("'c' is no longer taken, and rows that have it are refused", True),
        ("'b' is of the type integer, and was boolean", True),
        ("usual values of 'a' are 0 to 12, and were 0 to 9", False),
        ("the unit of 'a' is months, and was years", False),
    ]


def test_rows_that_are_lists_depend_on_the_order() -> None:
    old = signature({"type": "text"}, {"type": "boolean"})
    new = old.model_copy(update={"features": old.features[::-1]})
    (found,) = differences(old, new)
    assert found.breaks
    assert "order" in found.text


def classes(*values: Any, probabilities: bool = True) -> dict[str, Any]:
    output = Output(name="y", classes=list(values), probabilities=probabilities)
    return {"task": "classification", "output": output}


def targets(*names: str) -> dict[str, Any]:
    return {"output": Output(name="y", targets=[Target(name=name) for name in names])}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ({}, {"name": "other"}, "name is other, and was test"),
        ({}, classes("a", "b"), "a classification, and was a regression"),
        (classes("a", "b"), {}, "a regression, and was a classification"),
        (classes("a", "b"), classes("a", "c"), "no answer is b any more"),
        (classes("a", "b"), classes("a", "b", "c"), "answers may be c, too"),
        (classes("0", "1"), classes(0, 1), "answers may be 0, 1, too"),
        (classes(0, 1), classes(False, True), "answers may be false, true, too"),
        (classes("a", "b"), classes("b", "a"), "another order of the classes"),
        (classes("a", "b"), classes("a", "b", probabilities=False), "no probabilities any more"),
        ({}, targets("rent", "heating"), "have rent, heating, and had one number"),
        (targets("rent", "heating"), {}, "have one number, and had rent, heating"),
        (targets("rent", "heating"), targets("heating", "rent"), "had rent, heating"),
        (targets("rent", "heating"), targets("rent", "heat"), "have rent, heat, and had"),
    ],
)
def test_answers_of_another_kind(old: Any, new: Any, words: str) -> None:
    kind = {"type": "boolean"}
    found = differences(signature(kind, **old), signature(kind, **new))
    assert [one.text for one in found if one.breaks and words in one.text]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"output": Output(name="y", max=1)}, {"output": Output(name="y", max=2)}),
        ({"output": Output(name="y")}, {"output": Output(name="y", unit="€")}),
        (classes("a", "b", probabilities=False), classes("a", "b")),
        (
            classes("a", "b", probabilities=False),
            classes("b", "a", probabilities=False),
        ),
    ],
)
def test_answers_that_callers_go_on_with(old: Any, new: Any) -> None:
    kind = {"type": "boolean"}
    assert not breaks(signature(kind, **old), signature(kind, **new))
