"""Whatever single answer changes, what owners do most never meets what the template does.

All edits of `small_edits` at once, on corner variants of both frameworks, over every other answer
to every question. `python -m tests.replaying` counts them one by one.
"""

import re
from fnmatch import fnmatch

import pytest

from .rendering import render
from .replaying import corners, edited, flips, is_owned, merge
from .small_edits import EDITS
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
    mine = edited(old, (EDITS[name] for name in EDITS if not re.fullmatch("uv add [1-4]", name)))
    assert [file for file in old if old[file] != mine.get(file)]
    for question, after in flips(answers):
        merged = merge(old, mine, render(after))
        allowed = MEET.get(question, ())
        assert [f for f in merged.conflicts if not any(fnmatch(f, p) for p in allowed)] == []
        # What belongs to owners alone is as they left it.
        owned = {file: text for file, text in mine.items() if is_owned(file)}
        assert owned.items() <= merged.files.items()
