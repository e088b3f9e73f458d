"""JSON bodies: what is read, and how each fault is told."""

import json
import math
from typing import Any

import pytest
from modeldesk.ml.signature import Output
from modeldesk.ml.validation import InvalidInstances
from modeldesk.serving.answers import Problem, Request
from modeldesk.serving.body import (
    Paging,
    feedback_body,
    parse,
    read_json,
)

VALUES: list[Any] = [
    None,
    True,
    0,
    -1.5e-300,
    2**53,
    10**4000,
    "",
    'é 漢字 😀 \\ " / \x7f \u2028',
    "\\u0000",
    "\\\\u0000",
    "\\ud800",
    [],
    {},
    {"": {"a": [{"b": None}]}},
    [[[[[[1]]]]]],
    {"a": 1, "A": 2, "á": 3},
]


def request(body: bytes, content_type: str = "application/json") -> Request:
    return Request(body=body, headers={"Content-Type": content_type}, query={}, id="test")


@pytest.mark.parametrize("value", VALUES, ids=lambda value: repr(value)[:20])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_values_are_read_as_they_are(value: Any, ascii_only: bool) -> None:
    body = json.dumps(value, ensure_ascii=ascii_only).encode()
    assert read_json(request(body)) == value
    assert read_json(request(b" \r\n\t" + body + b"\n")) == value


def test_what_is_no_number_is_left_to_validation() -> None:
    read = read_json(request(b"[NaN, Infinity, -Infinity, 1e999]"))
    assert math.isnan(read[0])
    assert read[1:] == [math.inf, -math.inf, math.inf]


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "APPLICATION/JSON",
        "application/json;charset=utf-8",
        " application/json ;",
    ],
)
def test_ways_to_name_json(content_type: str) -> None:
    assert read_json(request(b"1", content_type)) == 1


@pytest.mark.parametrize(
    "content_type", ["", "text/json", "application/jsonp", "application/x json"]
)
def test_other_types(content_type: str) -> None:
    with pytest.raises(Problem) as refused:
        read_json(request(b"1", content_type))
    assert refused.value.status == 415


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (b"", "json_invalid", "Expecting value at line 1, column 1."),
        (b"{\n  'a': 1}", "json_invalid", "at line 2, column 3."),
        (b'"\xc3"', "unicode", "It is not UTF-8, in which to send it: byte 1 cannot be read."),
        (b"\xef\xbb\xbf{}", "json_invalid", "Send it without the byte order mark (BOM)"),
        (rb'"\ud83d"', "unicode", "half of a character"),
        (rb'{"\ud83d": 1}', "unicode", "half of a character"),
        (rb'"\ude00\ud83d"', "unicode", "half of a character"),
        (rb'"\u0000"', "json_refused", "NUL"),
        (rb'"\\\u0000"', "json_refused", "NUL"),
        (rb'{"a": [{"\u0000": 1}]}', "json_refused", "NUL"),
        (b'{"a": 1, "b": 2, "a": 1}', "json_refused", '"a" is given more than once'),
        (b'[{"x": {"b": 1, "b": 2}}]', "json_refused", '"b" is given more than once'),
        (rb'{"\u0061": 1, "a": 2}', "json_refused", '"a" is given more than once'),
        (b"9" * 5000, "json_refused", "too many digits"),
        (b"[" * 10**6, "json_depth", "nested too deeply"),
        (b'{"a":' * 10**5, "json_depth", "nested too deeply"),
    ],
)
def test_faults(body: bytes, kind: str, words: str) -> None:
    with pytest.raises(Problem) as refused:
        read_json(request(body))
    (fault,) = refused.value.errors
    assert (refused.value.status, fault.loc, fault.type) == (400, ("body",), kind)
    assert words in fault.msg
    assert refused.value.detail == f"The body is not valid JSON. {fault.msg}"


def test_a_pair_of_surrogates_is_one_character() -> None:
    assert read_json(request(rb'"\ud83d\ude00"')) == "😀"


@pytest.mark.parametrize("content", [None, 1, [], "limit"])
def test_what_is_no_object(content: Any) -> None:
    with pytest.raises(InvalidInstances) as refused:
        parse(Paging, content)
    (fault,) = refused.value.faults
    assert (fault.loc, fault.msg) == (("body",), "Send an object.")


@pytest.mark.parametrize(
    ("comment", "words"),
    [("a\0b", "hold no NUL character."), ("\ud800", "unicode"), ("c" * 2001, "2000 characters.")],
)
def test_comments_that_no_database_keeps(comment: str, words: str) -> None:
    with pytest.raises(InvalidInstances) as refused:
        parse(feedback_body(Output(name="y")), {"actual": 1.5, "comment": comment})
    (fault,) = refused.value.faults
    assert fault.loc == ("comment",)
    assert words in fault.msg


@pytest.mark.parametrize("name", ["since", "until"])
def test_a_plus_that_became_a_blank(name: str) -> None:
    for text in ("2026-01-31T09:30:00 01:00", "2026-01-31T09:30 01:00"):
        with pytest.raises(InvalidInstances) as refused:
            parse(Paging, {name: text})
        (fault,) = refused.value.faults
        assert f"such as {text.replace(' ', '%2B')}; a plus in an address is a blank" in fault.msg


def test_an_outcome_that_would_be_another_number() -> None:
    body = feedback_body(Output(name="y"))
    with pytest.raises(InvalidInstances, match="hold exactly, such as 9007199254740992"):
        parse(body, {"actual": 2**53 + 1})
    assert parse(body, {"actual": 2**53 + 2}).model_dump()["actual"] == 2**53 + 2


@pytest.mark.parametrize("name", ["label", "model_version"])
@pytest.mark.parametrize("text", ["a\0b", "\ud800", "x" * 256])
def test_filters_that_no_database_takes(name: str, text: str) -> None:
    with pytest.raises(InvalidInstances) as refused:
        parse(Paging, {name: text})
    assert [fault.loc for fault in refused.value.faults] == [(name,)]
