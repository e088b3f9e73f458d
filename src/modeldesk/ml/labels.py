"""What people are shown names and values as, so that no two look the same."""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from .signature import Part, Target

# What is not seen, or turns what is beside it: controls, and marks of the direction of text.
HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def labels(parts: Iterable[Part]) -> dict[str, str]:
    """What features or targets are called where they stand together, by name.

    Each by its label; those whose labels look the same by their exact names.
    """
    return told_apart(
        {
            part.name: [*([] if HIDDEN.search(part.label) else [part.label]), *exact(part)]
            for part in parts
        }
    )


def choices(texts: Iterable[str]) -> dict[str, str]:
    """What categories or classes are called where one is chosen, by their text."""
    return told_apart({text: [visible(text), _ascii(text)] for text in texts})


def named_choices(part: Target) -> dict[str, str]:
    """What the classes of an output or a target are called, by label, their own names before it."""
    names, shown = part.names or {}, choices(label for label, _ in part.choices)
    return {
        label: f"{names[label]} ({text})" if label in names else text
        for label, text in shown.items()
    }


def visible(text: str) -> str:
    """A text as a page shows it: quoted where not all of it would be seen."""
    return (
        text if " ".join(text.split()) == text != "" and not HIDDEN.search(text) else _quoted(text)
    )


def visible_lines(text: str) -> str:
    """The same where a page shows blanks and line breaks, but for those at the ends."""
    seen = text.strip() == text != "" and not HIDDEN.search(text.replace("\n", ""))
    return text if seen else _quoted(text)


def told_apart(ways: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """By name, the first of the `ways` to show it that looks like none of another name."""
    at = dict.fromkeys(ways, 0)
    while True:
        looks = {name: _look(ways[name][index]) for name, index in at.items()}
        count = Counter(looks.values())
        alike = [
            name
            for name, look in looks.items()
            if (count[look] > 1 or not look) and at[name] + 1 < len(ways[name])
        ]
        if not alike:
            return {name: ways[name][index] for name, index in at.items()}
        for name in alike:
            at[name] += 1


def exact(part: Part) -> list[str]:
    """The ways to show the exact name of a feature or target, each plainer than the next."""
    ways = [visible(part.name), _quoted(part.name), _ascii(part.name)]
    return [f"{part.label} ({way})" for way in ways] if part.description else ways


def _quoted(text: str) -> str:
    return HIDDEN.sub(lambda sign: f"\\u{ord(sign[0]):04x}", json.dumps(text, ensure_ascii=False))


def _ascii(text: str) -> str:
    """As JSON in ASCII, each blank after another one escaped, too: equal for equal texts only."""
    return re.sub("(?<= ) ", r"\\u0020", json.dumps(text))


def _look(text: str) -> str:
    """Equal for texts that look the same on a page; blank for one that cannot be seen."""
    shown = [c for c in text if c.isspace() or unicodedata.category(c) not in ("Cc", "Cf")]
    return unicodedata.normalize("NFC", " ".join("".join(shown).split()))
