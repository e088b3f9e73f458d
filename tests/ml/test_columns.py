"""Whole columns are taken and refused as their rows are one by one, whatever the values are."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest
from modeldesk.ml.predictor import OnnxEngine, Predictor
from modeldesk.ml.rows import Row, Rows
from modeldesk.ml.signature import Feature, Output, Signature
from modeldesk.ml.tables.cells import converter
from modeldesk.ml.tables.reading import Reading
from modeldesk.ml.validation import Fault, InstanceValidator, InvalidInstances
from modeldesk.testing import models

TYPES: dict[str, dict[str, Any]] = {
    "number": {"type": "number", "min": -5.5, "max": 100.25},
    "integer": {"type": "integer", "min": -3, "max": 2**53},
    "boolean": {"type": "boolean"},
    "date": {"type": "date", "min": "2020-01-01", "max": "2024-12-31"},
    "category": {"type": "category", "categories": ["gas", "oil", "n/a ", "ö"]},
    "codes": {"type": "category", "categories": ["0", "1", "2", "10"]},
    "zeros": {"type": "category", "categories": ["0.0", "-0.0", "1.5"]},
    "truths": {"type": "category", "categories": ["True", "False"]},
    "mixed": {"type": "category", "categories": ["0", "-0.0", "true", "1.0"]},
    "text": {"type": "text"},
}
GOOD: dict[str, list[Any]] = {
    "number": [1, 2.5, 0, -0.0, 100, 101, 3.0],
    "integer": [1, 2, 0, 4.0, -7, -0.0],
    "boolean": [True, False],
    "date": ["2020-01-01", "2023-04-05", "2030-01-01"],
    "text": ["hi", "ö", ""],
}
TEXTS: dict[str, list[str]] = {
    "number": ["1", "2", "0", "-0", "1e2", "101", "7"],
    "integer": ["1", "2", "0", "-0", "4.0", "12"],
    "boolean": ["yes", "no", "1"],
    "date": ["2020-01-01", "20230405", "2030-01-01"],
    "text": ["hi", "ö", "a b"],
}
HOSTILE: list[Any] = [
    *(0, 1, -1, 3, 2.0, 1.5, -0.0, 0.0, True, False, None, 100.25, 101, -5.5, -6, 10**18, 2**70),
    *(2**53, 2**53 + 1, 2**53 - 1, -(2**53), -(2**53) - 2, 10**400, 3.5e38, -1e39, 1e308, 1e16),
    *(float("nan"), float("inf"), -float("inf"), [1], {"a": 1}, [[True]], {}, "a\0b", "\ud800"),
    *("", "0", "1", "-0.0", "1.5", " 1", "gas", "oil", "ö", "n/a ", "true", "True", "x", "x" * 300),
    *("2020-01-01", "2024-12-31", "2025-01-01", "1600-01-01", "9999-12-31", "2021-02-30"),
]
TYPED = [
    *(*HOSTILE, "9007199254740993", "nan", "NA", " ", b"x", date(2020, 1, 1), date(1500, 1, 1)),
    *(datetime(2020, 1, 1), datetime(2020, 1, 1, 5), datetime(2020, 1, 1, tzinfo=UTC)),
]
HOSTILE_TEXTS = [
    *("0", "1", "-1", "2.0", "1.5", "-0.0", "1e3", "1E400", "inf", "-Infinity", "nan", "NaN", "NA"),
    *(
        "na",
        "n/a",
        "n/a ",
        "null",
        "",
        " ",
        "\t",
        "\u00a0",
        "\u00a05",
        "5\u2009",
        "٣",
        "\uff11",
        "1_000",
    ),
    *("1,5", "1.234,5", "1,234.5", "1 234", "1'234", "12,3e5", ",5", "5,", "+5", "--5", "-999"),
    *(" -999", "?", "9007199254740992", "9007199254740993", "-9007199254740993", "9" * 400, "2"),
    *("true", "True", "yes", "off", "T", " gas", "Gas", "oil", "ö", "o\u0308", "20200101"),
    *("1.2.2021", "2021-02-30", "2020-01-01 00:00", "2020-01-01T05:00", "1600-01-01", "a\0b"),
    *("\ud800", "x" * 300, "100.25", "100.26", "0x10", "1e-400", "5\n", "1\n2"),
]
READINGS = [
    *(Reading(), Reading(decimal=","), Reading(decimal=",", thousands="."), Reading(thousands=" ")),
    *(Reading(gaps=["-999", "?"]), Reading(decimal=",", gaps=["?"], dates={"date": "%d.%m.%Y"})),
]
LONG = "b" * 64


def odd_threes(row: Row, place: tuple[str | int, ...]) -> list[Fault]:
    """A rule of an owner's."""
    odd = any(type(value) is int and value == 3 for value in row.values())
    return [Fault((*place, "row"), "three is odd", "rule")] if odd else []


class Case:
    """A model made by chance, and as many rows of values, of which a share is hostile."""

    def __init__(self, seed: int, share: float, texts: bool = False) -> None:
        chance = self.chance = random.Random(seed)
        self.share, self.features = share, []
        for name, about in TYPES.items():
            outside: Any = chance.choice(["warn", "refuse"])
            missing = chance.random() < 0.5
            self.features.append(Feature(name=name, missing=missing, outside=outside, **about))
        self.reading = chance.choice(READINGS)
        output = Output(name="y")
        signature = Signature(
            name="t",
            task="regression",
            features=self.features,
            output=output,
            reading=self.reading,
        )
        rules = odd_threes if chance.random() < 0.3 else None
        self.validator = InstanceValidator(signature, rules, "order")
        self.good: dict[str, list[Any]] = {}
        for feature in self.features:
            known = TEXTS if texts else GOOD
            values = known.get(feature.type) or feature.categories or []
            self.good[feature.name] = [*values, *["" if texts else None] * feature.missing]

    def columns(self, hostile: list[Any], orders: list[Any]) -> dict[str, list[Any]]:
        count, chance = self.chance.choice([16, 40]), self.chance
        columns = {
            name: [
                chance.choice(hostile if chance.random() < self.share else good)
                for _ in "x" * count
            ]
            for name, good in self.good.items()
        }
        return columns | {"order": [chance.choice(orders) for _ in range(count)]}


def shown(row: Row) -> list[tuple[str, type, str]]:
    """What tells 1 from 1.0 and from true, and 0.0 from -0.0."""
    return [(name, type(value), repr(value)) for name, value in row.items()]


@pytest.mark.parametrize("share", [0, 0.02, 0.3, 1])
@pytest.mark.parametrize("seed", range(12))
def test_rows_of_a_body(seed: int, share: float) -> None:
    case = Case(seed, share)
    orders = ["a", LONG, None] if share < 0.1 else ["a", LONG + "b", "", 7, True, 1.5, 10**70, "\0"]
    columns = case.columns(HOSTILE, orders)
    rows: list[Any] = [
        dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)
    ]
    for place in range(len(rows)):
        if case.chance.random() < share / 4:
            rows[place] = case.chance.choice([7, None, "x", [], [1], {}, {"zz": 1}])
        elif case.chance.random() < share / 4:
            rows[place].pop(case.chance.choice(list(rows[place])))
        elif case.chance.random() < share / 4:
            rows[place] |= {"extra": 1}
        elif case.chance.random() < 0.1:
            rows[place] = dict(reversed(rows[place].items()))
    taken = []
    faults: list[Fault] = []
    ruled: list[Fault] = []
    warnings: list[Fault] = []
    for place, row in enumerate(rows):

        def at(fault: Fault, place: int = place) -> Fault:
            return replace(fault, loc=("instances", place, *fault.loc[2:]))

        try:
            ((value,), found) = case.validator.from_json([row])
            taken.append(shown(value))
            warnings += map(at, found)
        except InvalidInstances as error:
            by_rule = error.faults[0].type == "rule"
            (ruled if by_rule else faults).extend(map(at, error.faults))
    if faults or ruled:  # rules are asked of rows that have no other faults
        with pytest.raises(InvalidInstances) as caught:
            case.validator.from_json(rows)
        assert caught.value.faults == (faults or ruled)
    else:
        values, found = case.validator.from_json(rows)
        assert ([shown(value) for value in values], found) == (taken, warnings)


@pytest.mark.parametrize("share", [0, 0.02, 0.3, 1])
@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("typed", [False, True])
def test_rows_of_a_table(seed: int, share: float, typed: bool) -> None:
    case = Case(seed, share, texts=not typed)
    columns = case.columns(TYPED if typed else HOSTILE_TEXTS, ["a", LONG, LONG + "b", "", " "])
    if case.chance.random() < 0.2:
        columns.pop(case.chance.choice(case.features).name)
    rows, faults = case.validator.from_columns(columns | {"other": [1]}, typed=typed)
    found = iter(rows)
    convert = {f.name: converter(f, case.reading, typed=typed) for f in case.features}
    for place, cells in enumerate(zip(*columns.values(), strict=True)):
        row = dict(zip(columns, cells, strict=True))
        read = {name: convert[name](cell) for name, cell in row.items() if name in convert}
        order = row["order"] if row["order"].strip() else None
        try:
            ((value,), _) = case.validator.from_json([read | {"order": order}])
        except InvalidInstances as error:
            kinds = [(fault.loc[-1], fault.type) for fault in error.faults]
            assert [(fault.loc[-1], fault.type) for fault in faults[place].faults] == kinds
            if not typed:  # in the very words
                with pytest.raises(InvalidInstances) as caught:
                    case.validator.from_text(row)
                assert faults[place].faults == caught.value.faults
        else:
            assert place not in faults
            assert shown(next(found)) == shown(value)
    assert next(found, None) is None


def test_arrays_of_a_table_are_as_their_cells() -> None:
    features = [Feature(name="x", type="number", missing=True), Feature(name="n", type="integer")]
    output = Output(name="y")
    signature = Signature(name="t", task="regression", features=features, output=output)
    validator = InstanceValidator(signature)
    columns = {
        "x": np.array([1.5, np.nan, np.inf, -0.0, 2.0]),
        "n": np.array([1, 2, 3, 2**53 + 1, 2**60]),
    }
    rows, faults = validator.from_columns(columns, typed=True)
    cells = {name: array.tolist() for name, array in columns.items()}
    others, same = validator.from_columns(cells, typed=True)
    assert list(map(shown, rows)) == list(map(shown, others))
    told = {place: fault.faults for place, fault in faults.items()}
    assert told == {place: fault.faults for place, fault in same.items()}
    assert [*faults] == [2, 3, 4]
    assert list(rows)[1] == {"x": None, "n": 2}


def test_a_model_is_fed_the_same_from_columns_and_rows(tmp_path: Any) -> None:
    models.publish_small_model(tmp_path)
    predictor = Predictor.load(tmp_path)
    X, _ = models.houses()
    cells = {str(name): X[name].tolist() for name in X}
    cells["area"] = X["area"].astype(float).round(1).tolist()
    rows, faults = predictor.validator.from_columns(cells, typed=True)
    assert isinstance(rows, Rows)
    assert not faults
    assert isinstance(predictor.engine, OnnxEngine)
    by_column, by_row = (predictor.engine.table(some) for some in (rows, list(rows)))
    for name, array in by_row.items():
        assert by_column[name].dtype == array.dtype
        np.testing.assert_array_equal(by_column[name], array)
    assert list(predictor.predict_each(rows)) == list(predictor.predict_each(list(rows)))
