"""True outcomes as people type them: one field, or one for each target."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from ..ml.signature import INTEGER_MAX, Class, Output, Target, class_label
from ..ml.validation import Fault, InvalidInstances


def by_target(output: Output, value: Any) -> list[tuple[Target, Any]]:
    """The classes or numbers of a value that has several, and what each is."""
    targets = output.targets or []
    return [(t, value[t.name]) for t in targets if isinstance(value, dict) and t.name in value]


def outcome_fields(output: Output) -> dict[str, Target]:
    """The fields of a form, or columns of a file, that a true outcome takes: one a target."""
    if not output.targets:
        return {"actual": output}
    return {f"actual_{target.name}": target for target in output.targets}


def outcome(output: Output, typed: Mapping[str, str]) -> Any:
    """The classes or numbers that the fields of an outcome mean; as typed if they do not."""
    fields = outcome_fields(output)
    meant = {name: _meant(part, typed.get(name)) for name, part in fields.items()}
    if not output.targets:
        return meant["actual"]
    return {target.name: meant[f"actual_{target.name}"] for target in output.targets}


def outcome_faults(error: InvalidInstances) -> list[Fault]:
    """What is wrong with an outcome, each fault at its field."""
    return [replace(fault, loc=("_".join(map(str, fault.loc)),)) for fault in error.faults]


def _meant(part: Target, text: str | None) -> Any:
    if part.classes:
        names = {name: label for label, name in (part.names or {}).items()}
        return None if text is None else _class(part.classes, names.get(text.strip(), text))
    text = (text or "").strip()
    with suppress(ValueError):
        number = float(text)
        large = abs(number) >= INTEGER_MAX and text.lstrip("+-").isdecimal()
        return int(text) if large else number  # with its last digit, to be refused if it is lost
    return text


def _class(classes: list[Class], text: str) -> Any:
    """The class of exactly this text, else the only one that differs in blanks at its ends."""
    known = {class_label(value): value for value in classes}
    alike = [label for label in known if label.strip() == text.strip() != ""]
    return known.get(text, known[alike[0]] if len(alike) == 1 else None)
