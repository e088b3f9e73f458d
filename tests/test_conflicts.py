"""Whatever single answer changes, what owners do most never meets what the template does.

All edits of `small_edits` at once, on corner variants of both frameworks, over every other answer
to every question. `python -m tests.replaying` counts them one by one.
"""

from fnmatch import fnmatch

import pytest

from .rendering import render
from .replaying import corners, edited, flips, is_owned, merge
from .small_edits import TOGETHER
from .variants import Answers

# Files that owners and template cannot both have their way with, by the question that changes.
MEET = {
    # The code of one framework has no place in that of another.
    "framework": ("src/*/__init__.py", "src/*/admin.py", "src/*/models.py", "src/*/urls.py"),
    # What is no table yet has to become one.
    "database": ("src/*/models.py",),
}


@pytest.mark.parametrize("answers", [pytest.param(answers, id=name) for name, answers in corners()])
def test_edits_and_changed_answers_do_not_meet(answers: Answers) -> None:
    old = render(answers)
    mine = edited(old, TOGETHER)
    assert [file for file in old if old[file] != mine.get(file)]
    for question, after in flips(answers):
        new = render(after)
        merged = merge(old, mine, new)
        allowed = MEET.get(question, ())
        assert [f for f in merged.conflicts if not any(fnmatch(f, p) for p in allowed)] == []
        owned = {f: mine[f] for f in mine if is_owned(f) and (f in new or f not in old)}
        assert owned.items() <= merged.files.items()
