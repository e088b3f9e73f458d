"""How texts of a table are read: numbers, dates, truths, gaps and levels."""

from datetime import date

import pytest
from modeldesk.ml.signature import Feature, Output, Signature
from modeldesk.ml.tables.cells import converter, level_of
from modeldesk.ml.tables.reading import Reading, boolean, level
from modeldesk.ml.validation import InstanceValidator

GERMAN = Reading(decimal=",", thousands=".")


def test_it_is_kept_only_where_it_is_not_the_usual_one() -> None:
    x = Feature(name="x", type="number", example=1.0)
    plain = Signature(name="t", task="regression", features=[x], output=Output(name="y"))
    assert "reading" not in plain.model_dump_json()
    told = plain.model_copy(update={"reading": GERMAN})
    back = Signature.model_validate_json(told.model_dump_json())
    assert back.reading == GERMAN
    assert back.contract() == plain.contract()
    assert Signature.model_validate_json(plain.model_dump_json()) == plain


@pytest.mark.parametrize(
    "given",
    [
        {"decimal": ",", "thousands": ","},
        {"decimal": ";"},
        {"dates": {"day": "%d.%m."}},
        {"dates": {"day": "%H:%M"}},
        {"unknown": 1},
    ],
)
def test_what_cannot_be_read_so(given: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        Reading.model_validate(given)


@pytest.mark.parametrize(
    ("reading", "text", "number"),
    [
        (Reading(), " 1234.5 ", 1234.5),
        (Reading(), "1e-3", 0.001),
        (Reading(), "123456789012345678901234567890", 1.2345678901234568e29),
        (GERMAN, "1.234,5", 1234.5),
        (GERMAN, "1234,5", 1234.5),
        (GERMAN, "-1.234", -1234.0),
        (GERMAN, "12", 12.0),
        (GERMAN, ",5", 0.5),
        (GERMAN, "1,5e3", 1500.0),
        (Reading(decimal=","), "1234,5", 1234.5),
        (Reading(thousands=","), "1,234,567.5", 1234567.5),
        (Reading(decimal=",", thousands=" "), "1 234,5", 1234.5),
        (Reading(decimal=",", thousands=" "), "1\u202f234\u00a0567,5", 1234567.5),
        (Reading(thousands="'"), "1\u2019234.5", 1234.5),
    ],
)
def test_numbers(reading: Reading, text: str, number: float) -> None:
    assert reading.number(text) == number
    assert reading.number(reading.write(number)) == number


@pytest.mark.parametrize(
    ("reading", "text"),
    [
        *((Reading(), text) for text in ("", "1,5", "1.234.5", "\u0663", "0x10", "$5", "80%")),
        *((GERMAN, text) for text in ("1.5", "1234.5", "12.34,5", "1.2345", "1,234,5", ",", "")),
        (Reading(decimal=","), "1.234"),
        (Reading(thousands=","), "1,5"),
        (Reading(thousands=","), "1,234,56"),
    ],
)
def test_what_is_no_number(reading: Reading, text: str) -> None:
    with pytest.raises(ValueError, match=r"number|float"):
        reading.number(text)


def test_dates() -> None:
    day = date(2024, 2, 3)
    for text in ("2024-02-03", " 2024/2/3", "2024.02.03", "20240203", "2024-02-03 00:00:00"):
        assert Reading().day(text) == day
    for text in ("03.02.2024", "3/2/2024", "2024-02-03 09:00", "2024-02/03", "2024-13-01", ""):
        with pytest.raises(ValueError, match=r"a date is written|must be in|out of range"):
            Reading().day(text)
    told = Reading(dates={"day": "%d.%m.%Y"})
    assert told.day("3.2.2024", "day") == told.day("03.02.2024 ", "day") == day
    assert told.day("2024-02-03", "other") == day
    assert told.write("2024-02-03", "day") == "03.02.2024"
    assert told.day("2024-02-03", "day") == day  # which means nothing else
    with pytest.raises(ValueError, match="a date is written"):
        told.day("2/3/2024", "day")


def test_truths() -> None:
    for text in ("true", "True", " TRUE ", "yes", "1", "1.0", "on", "t"):
        assert boolean(text) is True
    for text in ("false", "No", "0", "0.0", "off", "f"):
        assert boolean(text) is False
    with pytest.raises(ValueError, match="true or false"):
        boolean("maybe")


def test_levels_but_for_blanks() -> None:
    assert level(" Private", ["Private", "Other"]) == "Private"
    assert level("Private", [" Private", "Other"]) == " Private"
    assert level("a\r\nb", ["a\nb"]) == "a\nb"
    assert level(" a", ["a", "a "]) == " a"  # which of them is not told
    assert level("a ", ["a", "a "]) == "a "
    assert level("private", ["Private"]) == "private"


def test_true_is_the_level_that_is_written_so() -> None:
    for levels, expected in ((["true", "false"], "true"), (["True", "true"], "True"), ([], "True")):
        assert level_of(True, set(levels)) == expected


def test_gaps_of_each_type() -> None:
    told = Reading(gaps=["-", "99"])
    number = converter(Feature(name="x", type="number"), told)
    assert [number(cell) for cell in ("", " ", "NA", "n/a", "None", "-", "99", " 99 ")] == [
        None
    ] * 8
    assert number("990") == 990.0
    whole = converter(Feature(name="x", type="integer"), told)
    assert [whole("9007199254740993"), whole("9007199254740992")] == [2**53 + 1, 2**53]
    assert [number(cell) for cell in ("1e400", "-inf", "x")] == ["1e400", "-inf", "x"]
    day = converter(Feature(name="x", type="date"), told)
    assert [day("NaT"), day("-"), day("2024-01-02")] == [None, None, date(2024, 1, 2)]
    truth = converter(Feature(name="x", type="boolean"), told)
    assert [truth("null"), truth("-"), truth("0")] == [None, None, False]
    levels = Feature(name="x", type="category", categories=["NA", "", " ", "b"])
    assert [converter(levels, told)(cell) for cell in ("NA", "", " ", "-", "None", "b ")] == [
        *("NA", "", " ", None, "None", "b"),
    ]
    gaps = levels.model_copy(update={"missing": True})
    assert [converter(gaps, told)(cell) for cell in ("NA", "", " ")] == ["NA", "", " "]
    text = Feature(name="x", type="text")
    assert [converter(text, told)(cell) for cell in ("NA", "", " a ", "-")] == [
        "NA",
        "",
        " a ",
        None,
    ]
    text = text.model_copy(update={"missing": True})
    assert [converter(text, told)(cell) for cell in ("NA", "", " ")] == ["NA", None, None]


def test_typed_cells() -> None:
    number = converter(Feature(name="x", type="number"), Reading(), typed=True)
    assert [number(cell) for cell in (1, 2.5, float("nan"), None, True, "3.5", "NA")] == [
        *(1, 2.5, None, None, 1, 3.5, None),
    ]
    truth = converter(Feature(name="x", type="boolean"), Reading(), typed=True)
    assert [truth(cell) for cell in (True, 0, 1.0, None, 2, "yes")] == [
        *(True, False, True, None, 2, True),
    ]
    levels = Feature(name="x", type="category", categories=["1", "2.0", "True"], missing=True)
    level_of = converter(levels, Reading(), typed=True)
    assert [level_of(cell) for cell in (1, 1.0, 2.0, True, 7.0, None, "1 ", "")] == [
        *("1", "1", "2.0", "True", "7", None, "1", ""),
    ]


def test_a_date_that_is_written_otherwise_is_named() -> None:
    day = Feature(name="day", type="date", example="2024-05-31")
    signature = Signature(name="t", task="regression", features=[day], output=Output(name="y"))
    told = signature.model_copy(update={"reading": Reading(dates={"day": "%d.%m.%Y"})})
    validator = InstanceValidator(told)
    assert validator.from_text({"day": "31.05.2024"})[0] == {"day": "2024-05-31"}
    assert validator.from_form({"day": "2024-05-31"})[0] == {"day": "2024-05-31"}
    says = r"such as 2026-01-31 \(it was '5/31/2024'\); write it like 31\.01\.2026\."
    with pytest.raises(ValueError, match=says):
        validator.from_text({"day": "5/31/2024"})
