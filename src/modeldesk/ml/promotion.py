"""Makes a version the current one, unless that would break callers of the one before."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from .artifact import ArtifactError
from .compatibility import Difference, differences
from .predictor import Predictor
from .signature import Signature
from .versions import (
    current_version,
    previous_version,
    promoting,
    shadow_version,
    signature_of,
    write_current,
    write_shadow,
)

MOST_TOLD = 5  # differences in one sentence


class Incompatible(ArtifactError):
    """A version that would break callers of the current one, which therefore stays."""

    def __init__(self, version: str, found: list[Difference], mend: str) -> None:
        breaking = [difference.text for difference in found if difference.breaks]
        told = "; ".join(breaking[:MOST_TOLD])
        more = f"; and {len(breaking) - MOST_TOLD} more (`manage compare {version}`)"
        told += more if len(breaking) > MOST_TOLD else ""
        super().__init__(f"Version {version} would break callers: {told}. {mend}")
        self.version, self.differences = version, found


@dataclass(frozen=True)
class Promotion:
    """`version` is current, `before` was, and `differences` is what its callers meet."""

    version: str
    before: str | None
    differences: list[Difference]


@dataclass(frozen=True)
class Wanted:
    """What a command was told to do with the version that a training publishes."""

    promote: bool = True
    force: bool = False


AS_PUBLISHED = Wanted()
wanted: ContextVar[Wanted] = ContextVar("wanted", default=AS_PUBLISHED)


@contextmanager
def publishing(*, promote: bool, force: bool) -> Iterator[None]:
    """Let `publish` promote or not, whatever training calls it, which need not know of that."""
    token = wanted.set(Wanted(promote, force))
    try:
        yield
    finally:
        wanted.reset(token)


def promote(root: Path, version: str, *, force: bool = False) -> Promotion:
    """Make a version current, once it has answered its own example.

    Services load it at their next request. Raises Incompatible when it would break callers, unless
    `force`, and ArtifactError when it cannot be served; the current one then stays.
    """
    signature = Predictor.load(root, version).signature
    with promoting(root):
        before = current_version(root)
        found = changes(root, before, signature)
        if not force:
            mend = f"It is saved, and not promoted without `manage promote {version} --force`."
            _check(version, found, mend)
        _switch(root, version)
    return Promotion(version, before, found)


def roll_back(root: Path) -> Promotion:
    """Make the version before current again, which callers know. Raises ArtifactError."""
    version = _version_before(root)
    signature = Predictor.load(root, version).signature
    with promoting(root):
        if _version_before(root) != version:
            raise ArtifactError("Another version was made current meanwhile; nothing is changed.")
        before = current_version(root)
        _switch(root, version)
    return Promotion(version, before, changes(root, before, signature))


def check_same(root: Path, version: str, signature: Signature) -> None:
    """Raise Incompatible when saving `version` anew, with this signature, would break callers."""
    if version == current_version(root):
        mend = "It is the current one, and stays as it is without `--force`."
        _check(version, changes(root, version, signature), mend)


def changes(root: Path, before: str | None, signature: Signature) -> list[Difference]:
    """What callers of the version `before` meet; nothing when it cannot be told what they send."""
    known = signature_of(root, before) if before else None
    return differences(known, signature) if known else []


def _check(version: str, found: list[Difference], mend: str) -> None:
    if any(difference.breaks for difference in found):
        raise Incompatible(version, found, mend)


def _version_before(root: Path) -> str:
    version = previous_version(root)
    if not version:
        raise ArtifactError(f"{root} has no version that was current before; nothing is changed.")
    return version


def _switch(root: Path, version: str) -> None:
    write_current(root, version)
    if shadow_version(root) == version:
        write_shadow(root, None)
