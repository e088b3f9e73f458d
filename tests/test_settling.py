"""Which conflicts of an update need nobody's decision, and which do."""

import importlib
from typing import Any

import pytest

from .helpers import REPO


@pytest.fixture(scope="module")
def settling() -> Any:
    """The module of the hooks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(REPO / "hooks")
        yield importlib.import_module("settling")


LIST = '[a]\nx = [\n{}]\n\n[b]\ny = ["1"]\n'


@pytest.mark.parametrize(
    ("name", "mine", "base", "new", "expected"),
    [
        (
            "a.toml",
            LIST.format('"p",\n"q",\n'),
            LIST.format('"p",\n'),
            LIST.format('"n",\n'),
            '"q"',
        ),
        ("a.toml", "[a]\nx = 1\ny = 2\n", "[a]\nx = 1\n", "[a]\nx = 3\n\n[b]\nz = 1\n", None),
        ("a.toml", "x = 1\nmine = 2\n", "x = 1\n", "x = 1\n\n[b]\nz = 1\n", "mine = 2\n\n[b]"),
        ("a.toml", "x = 2\n", "x = 1\n", "x = 3\n", None),
        ("a.yaml", "a:\n  p: 1\n  q: 2\n", "a:\n  p: 1\n", "a:\n  p: 3\n", "  p: 3\n  q: 2\n"),
        ("a.py", "x = 1\nmine = 2\n", "x = 1\n", "x = 3\n", "x = 3\nmine = 2\n"),
        ("a.py", "mine = 2\nx = 1\n", "x = 1\n", "x = 3\n", "mine = 2\nx = 3\n"),
        ("a.py", "x = 1\nmine = 2\ny = 1\n", "x = 1\ny = 1\n", "x = 3\ny = 3\n", None),
        ("a.py", "def f(:\n    1\n    2\n", "def f(:\n    1\n", "def f(:\n    3\n", None),
        ("a.md", "one\nmine\n", "one\n", "two\n", "two\nmine\n"),
        ("a.md", "mine\n", "one\n", "two\n", None),
    ],
)
def test_settling(
    settling: Any, *, name: str, mine: str, base: str, new: str, expected: str | None
) -> None:
    assert "<<<<<<< before updating" in settling.merge(mine, base, new)
    text = settling.settled(name, mine, base, new)
    assert text is None if expected is None else expected in text
