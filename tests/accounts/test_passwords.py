"""Which passwords may be set, and in which spellings one that is typed is tried."""

import django.contrib.auth.password_validation as of_django
import pytest
from modeldesk.accounts import passwords
from modeldesk.accounts.passwords import COMMON, LONG, SHORT, SIMILAR

EMAIL = "ada.lovelace@example.com"


@pytest.mark.parametrize(
    ("password", "faults"),
    [
        ("a right long password", []),
        ("x" * 9, [SHORT]),
        ("x y z, 10.", []),
        ("x" * 200, []),
        ("x" * 201, [LONG]),
        ("1234567890", [COMMON]),
        ("QwertyUiop", [COMMON]),
        (EMAIL, [SIMILAR]),
        ("adalovelace", [SIMILAR]),
        ("example.com", [SIMILAR]),
        ("Lovelace.Ada", [SIMILAR]),
        ("lovelace of old", []),
    ],
)
def test_faults(password: str, faults: list[str]) -> None:
    assert passwords.faults(password, EMAIL) == faults


def test_without_an_address() -> None:
    assert passwords.faults("a right long password", "") == []


@pytest.mark.parametrize(
    ("typed", "tried"),
    [
        ("plain", ["plain"]),
        ("\u00e4", ["\u00e4", "a\u0308"]),
        ("a\u0308", ["\u00e4", "a\u0308"]),
        ("\ufb01\u00e9", ["fi\u00e9", "fie\u0301", "\ufb01\u00e9"]),
        ("\ufdfa" * 300, ["\ufdfa" * 300]),  # each is 18 letters
        ("x" * 4096, ["x" * 4096]),
        ("x" * 4097, []),
    ],
)
def test_spellings(typed: str, tried: list[str]) -> None:
    assert passwords.spellings(typed) == tried


def test_common_ones_are_those_of_django() -> None:
    found = of_django.CommonPasswordValidator().passwords
    assert passwords._common() == {one for one in found if len(one) >= passwords.SHORTEST}
