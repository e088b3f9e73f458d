"""An owner's rules beside the signature: what is checked, and what becomes of an answer.

A project names its module of rules by the entry point `predicting` of the group `modeldesk`. Both
of its functions may be missing: `check(row)` gives pairs of a feature and what is wrong with it,
and `decide(row, prediction)` gives the value that callers get. `REFERENCE` names what callers may
send with a row to find it again, such as the number of an order.
"""

import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from types import FunctionType
from typing import TYPE_CHECKING, Any, Self

from .artifact import ArtifactError
from .project import named
from .rows import Row
from .signature import Output, Target, brief, class_label
from .validation import Fault, listed

if TYPE_CHECKING:
    from .answered import Prediction

NAME = "predicting"  # of the entry point
LONGEST = 10.0  # seconds that one row may take in the end
SLOW = 1.0  # seconds that are told of


class RuleError(ArtifactError):
    """A rule of the owner's failed, or gave what it may not; the message names it and the mend."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What an owner's module has; `source` names it in messages."""

    source: str = NAME
    check: Callable[[Row], Iterable[tuple[str, str]]] | None = None
    decide: Callable[[Row, "Prediction"], Any] | None = None
    reference: str | None = None

    @property
    def are_functions(self) -> bool:
        """Whether code of the owner's runs for each row."""
        return self.check is not None or self.decide is not None

    def checked(self, features: Iterable[str]) -> Self:
        """These rules, once they fit a model of these features. Raises RuleError."""
        name, mend = self.reference, "choose another name for it"
        if name is None:
            return self
        if not isinstance(name, str) or not name.strip() or not name.isprintable():
            raise RuleError(f"REFERENCE in {self.source} is {name!r:.100}; write a name, or None.")
        if name in features:
            raise RuleError(f"REFERENCE in {self.source} is {name!r}, as is a feature; {mend}.")
        return self

    def try_out(self, predict: Callable[[], object]) -> float:
        """The seconds that `predict`, which asks for one row by these rules, takes.

        Raises RuleError when it does not end, and what it raises.
        """
        raised: list[BaseException] = []

        def run() -> None:
            try:
                predict()
            except BaseException as error:
                raised.append(error)

        started = time.perf_counter()
        thread = threading.Thread(target=run, name="rules", daemon=True)
        thread.start()
        thread.join(LONGEST)
        if thread.is_alive():
            what = f"the rules in {self.source} did not end within {LONGEST:.0f} seconds"
            raise RuleError(f"Asked for one row, {what}; every caller would wait for them.")
        if raised:
            raise raised[0]
        return time.perf_counter() - started

    def faults(self, row: Row, place: tuple[str | int, ...]) -> list[Fault]:
        """What `check` finds wrong with a checked row. Raises RuleError."""
        if self.check is None:
            return []
        try:
            found = list(self.check(row))
        except Exception as error:
            raise self._failed("check", error) from error
        if bad := [one for one in found if not _is_pair(one) or one[0] not in row]:
            names = f"pairs of a feature ({listed(row, 5)}) and a sentence"
            raise RuleError(f"`check` in {self.source} gave {bad[0]!r:.100}; it gives {names}.")
        return [Fault((*place, name), str(why), "rule") for name, why in found]

    def decided(self, row: Row, answer: "Prediction", output: Output) -> "Prediction":
        """The answer that callers get, with the model's own where it is another.

        Raises RuleError, also for a value that the signature does not allow.
        """
        if self.decide is None:
            return answer
        try:
            value = self.decide(row, answer)
        except Exception as error:
            raise self._failed("decide", error) from error
        value = self._allowed(value, output)
        if value == answer.value:
            return answer
        return replace(answer, value=value, model_value=answer.value)

    def _failed(self, name: str, error: Exception) -> RuleError:
        where = _line(error, self.source)
        return RuleError(f"`{name}` in {self.source}{where} failed: {brief(error)}; mend it.")

    def _allowed(self, value: Any, output: Output) -> Any:
        if hasattr(value, "item"):
            value = value.item()  # of NumPy
        targets = [target.name for target in output.targets or []]
        if not targets:
            if (known := _known(value, output)) is not None:
                return known
            wanted = _wanted(output)
        elif isinstance(value, dict) and list(value) == targets:
            found = {t.name: _known(value[t.name], t) for t in output.parts}
            if None not in found.values():
                return found
        if targets:
            one = "a class" if output.of_classes else "a number"
            wanted = f"a dictionary with {one} for each of {listed(targets)}, in this order"
        raise RuleError(f"`decide` in {self.source} gave {value!r:.100}; it gives {wanted}.")


def _known(value: Any, part: Target) -> Any:
    """The value, if it is a class or a number that this may be; else None."""
    if not part.classes:
        return value if _is_number(value) else None
    return next((one for one in part.classes if type(one) is type(value) and one == value), None)


def _wanted(part: Target) -> str:
    if part.classes:
        return f"one of the classes: {listed(map(class_label, part.classes))}"
    return "a finite number"


def _is_pair(one: Any) -> bool:
    return isinstance(one, tuple) and len(one) == 2 and all(isinstance(x, str) for x in one)


def _is_number(value: Any) -> bool:
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return known and math.isfinite(value)


def _line(error: Exception, source: str) -> str:
    """The line of the owner's module that raised, if one did."""
    found, trace = "", error.__traceback__
    while trace:
        if trace.tb_frame.f_globals.get("__name__") == source:
            found = f", line {trace.tb_lineno},"
        trace = trace.tb_next
    return found


@cache
def rules() -> Rules:
    """Those of the project that is installed here; none where no project is, or it has none.

    Raises RuleError when its module cannot be imported, or when several projects are installed.
    """
    found = named(NAME)
    if not found:
        return Rules()
    if len(found) > 1:
        names = " and ".join(sorted(one.value for one in found))
        why = f"Rules are named by {names}, where one project should be installed"
        raise RuleError(f"{why}; run `uv sync` in the project's folder.")
    (one,) = found
    try:
        module = one.load()
    except Exception as error:
        raise RuleError(f"{one.value} cannot be imported: {brief(error)}; mend it.") from error
    check, decide, reference = (
        getattr(module, name, None) for name in ("check", "decide", "REFERENCE")
    )
    return Rules(
        one.value,
        None if _is_like(check, _no_faults) else check,
        None if _is_like(decide, _same_value) else decide,
        reference,
    )


def _no_faults(row: Row) -> Iterator[tuple[str, str]]:
    """What a project begins with, which need not be called for every row."""
    yield from ()


def _same_value(row: Row, prediction: "Prediction") -> Any:
    """Also what a project begins with."""
    return prediction.value


def _is_like(function: Any, other: Callable[..., Any]) -> bool:
    """Whether a function is compiled to the same code, but for its docstring."""
    if not isinstance(function, FunctionType) or not isinstance(other, FunctionType):
        return False
    code, same = function.__code__, other.__code__
    parts = ("co_code", "co_names", "co_freevars", "co_flags")
    alike = all(getattr(code, part) == getattr(same, part) for part in parts)
    return alike and code.co_consts[1:] == same.co_consts[1:]  # the first is the docstring
