"""What names and values look like on a page: no two alike, each the plainest way that does it."""

import pytest
from modeldesk.ml.labels import choices, labels, visible, visible_lines
from modeldesk.ml.signature import Feature


def labels_of(*names: str, **descriptions: str) -> list[str]:
    features = [Feature(name=name, type="text") for name in names]
    features += [Feature(name=n, type="text", description=d) for n, d in descriptions.items()]
    return list(labels(features).values())


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (["age", "living_area"], ["Age", "Living area"]),
        (["a b", "a_b", "c"], ["a b", "a_b", "C"]),
        (["age", "Age"], ["age", "Age"]),
        (["a", "a ", " a"], ['"a"', '"a "', '" a"']),
        (["a\u202eb", "c\x1bd"], ['"a\\u202eb"', '"c\\u001bd"']),
        (["a b", "a  b"], ["a b", '"a  b"']),
        (["a\nb", "a b"], ['"a\\nb"', "A b"]),
        (["\u00e9", "e\u0301"], ['"\\u00e9"', '"e\\u0301"']),
        (["a", "a\u200b"], ['"a"', '"a\\u200b"']),
        ([" ", "\u200b"], ['" "', '"\u200b"']),
        (['"a "', "a ", "a"], ['"\\"a \\""', '"a "', "a"]),
    ],
)
def test_names_that_look_alike_are_told_apart(names: list[str], shown: list[str]) -> None:
    assert labels_of(*names) == shown


def test_descriptions_that_are_equal_have_the_names_beside_them() -> None:
    assert labels_of(a="Size", b="Size", c="Other") == ["Size (a)", "Size (b)", "Other"]


def test_values_to_choose_from() -> None:
    values = ["spam", " spam", "", "Spam", "a\nb", "a\\nb", "None", '"', "\u00e9", "e\u0301"]
    told = choices(values)
    assert list(told) == values
    assert list(told.values()) == [
        *("spam", '" spam"', '""', "Spam", '"a\\nb"', "a\\nb", "None", '"'),
        *('"\\u00e9"', '"e\\u0301"'),
    ]


@pytest.mark.parametrize(
    ("text", "line", "lines"),
    [
        ("a b", "a b", "a b"),
        (" a", '" a"', '" a"'),
        ("", '""', '""'),
        ("a  b", '"a  b"', "a  b"),
        ("a\n b", '"a\\n b"', "a\n b"),
        ("a\r\nb", '"a\\r\\nb"', '"a\\r\\nb"'),
        ("\u202eb\u05e9", '"\\u202eb\u05e9"', '"\\u202eb\u05e9"'),
    ],
)
def test_all_of_a_text_is_seen(text: str, line: str, lines: str) -> None:
    assert visible(text) == line
    assert visible_lines(text) == lines
