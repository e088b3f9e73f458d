"""Tells how the columns of a table were understood, and what its rows do not show."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..fitted.knowledge import Known
from ..signature import Signature
from ..validation import listed
from .marks import may_be_thousands
from .types import Decided

MOST = 16  # characters of a value that is shown
MANY = 0.1  # a share of values that the model does not know


def table_of(signature: Signature, decided: Mapping[str, Decided], table: Any) -> Iterator[str]:
    """Lines of a table with the type of each column, how it was decided, values, and gaps."""
    from ...text_table import aligned

    rows = [["column", "type", "decided by", "values", "gaps"]]
    for feature in signature.features:
        column, given = decided[feature.name], table[feature.name]
        shown = [
            _short(value) for value in given[column.values.notna().to_numpy()].drop_duplicates()[:3]
        ]
        gaps = int(column.values.isna().sum())
        rows.append([_short(feature.name), feature.type, column.why, ", ".join(shown), str(gaps)])
    yield from aligned(rows)


def not_shown(signature: Signature, X: Any, source: str) -> Iterator[str]:
    """Lines on what the model takes that the rows `X` do not show."""
    taken = f"Taken too, though no row of {source} has them:"
    if gaps := [f.name for f in signature.features if f.missing and not X[f.name].isna().any()]:
        yield f"{taken} gaps in {listed(gaps)}"
    levels = [feature for feature in signature.features if feature.type == "category"]
    for feature in levels:
        seen = set(X[feature.name].dropna().astype(str))
        if more := [one for one in feature.categories or [] if one not in seen]:
            yield f"{taken} {feature.name} {listed(more)}"
    if others := [feature.name for feature in levels if feature.outside == "warn"]:
        yield f"Answered with a warning: other values of {listed(others)}, by a rule of the model"


def reasons(
    signature: Signature,
    decided: Mapping[str, Decided],
    known: Mapping[str, Known],
    table: Any,
    targets: Sequence[str],
    *,
    unnamed: bool,
) -> list[str]:
    """Why the answers to rows of a `table` may be bad, the likeliest first."""
    found = []
    numbers = {feature.name: feature.type == "number" for feature in signature.features}
    for name in table if not signature.reading.thousands else ():
        texts = [text for text in table[name].drop_duplicates() if isinstance(text, str)]
        if numbers.get(name, name in targets) and (text := may_be_thousands(texts)):
            found.append(
                f"{text!r} in column {name!r} means {text.replace('.', '')} (`--thousands .`)"
            )
            break
    for feature in signature.features:
        name = feature.name
        levels = set(feature.categories or [])
        values = decided[name].values.dropna().astype(str)
        share = 1 - values.isin(levels).mean() if levels and known[name].levels else 0
        if share > MANY:
            found.append(f"{share:.0%} of the values of {name!r} are unknown to the model")
    if guessed := [name for name, one in decided.items() if "not say" in one.why]:
        found.append(f"{listed(guessed, 5)} was read otherwise than in training (see the table)")
    if unnamed:
        found.append("its columns are in another order than in training, which it cannot tell")
    return found


def _short(value: Any) -> str:
    text = " ".join(str(value).split()) or repr(value)
    return text if len(text) <= MOST else f"{text[: MOST - 3]}..."
