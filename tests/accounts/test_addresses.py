"""The one spelling of an address, and which addresses there may be."""

import pytest
from modeldesk.accounts.addresses import LONGEST, address, spelled

SPELLINGS = {
    "ada@example.com": [
        "ADA@Example.Com",
        " ada@example.com\n",
        "ada@\uff45xample.com",
        "ada@example。com",
    ],
    "ä@exämple.com": ["a\u0308@EXA\u0308MPLE.com", "Ä@xn--exmple-cua.com", "ä@XN--EXMPLE-CUA.COM"],
    "root@localhost": ["Root@LOCALHOST"],
    "a@site.local": ["a@site.LOCAL"],
    "a@site.test": ["A@site.test"],
    "a@site.invalid": ["a@site.invalid"],
    "i\u0307@example.com": ["İ@example.com"],
    "ß@straße.de": ["ß@STRAßE.de", "ß@xn--strae-oqa.de"],
    "o'b+1!#$%&*/=?^_`{|}~-@b.de": ["O'b+1!#$%&*/=?^_`{|}~-@b.de"],
    "a@1.2.3.4": [],
    "k@example.com": ["\u212a@example.com"],
}
NONE = [
    *("", "@", "a", "a@", "@b.de", "a@b", "a@b@c.de", "\uff41\uff20b.de"),
    *("a b@c.de", "a\xa0b@c.de", "a\u200bb@c.de", "a\x00b@c.de", "a\ufeff@c.de", "\ud800@c.de"),
    *("a..b@c.de", ".a@c.de", "a.@c.de", '"a"@c.de', "a,b@c.de", "<a@c.de>", "Ada <a@c.de>"),
    *("a@-b.de", "a@b-.de", "a@b..de", "a@.de", "a@b_c.de", "a@[127.0.0.1]", "a@xn--a.de"),
    *("a@" + "ä" * 64 + ".de", "a@" + "b" * LONGEST, "a" * LONGEST + "@b.de", "a@b.de/c", "a@b:25"),
]


@pytest.mark.parametrize(
    ("typed", "kept"), [(one, kept) for kept, typed in SPELLINGS.items() for one in [kept, *typed]]
)
def test_one_spelling(typed: str, kept: str) -> None:
    assert spelled(typed) == address(typed) == kept


@pytest.mark.parametrize("typed", NONE)
def test_no_address(typed: str) -> None:
    """It is looked for, and counted, as another is."""
    with pytest.raises(ValueError, match="an email address such as"):
        address(typed)
    assert spelled(spelled(typed)) == spelled(typed)
