"""What the commands about versions do, whichever framework parses their options."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from ..ml import promotion
from ..ml.artifact import Artifact, ArtifactError, load
from ..ml.compatibility import Difference, differences
from ..ml.project import artifacts_dir
from ..ml.versions import (
    current_version,
    history,
    previous_version,
    resolve,
    shadow_version,
    versions,
)
from ..text_table import aligned

Say = Callable[[str], None]


def list_versions(say: Say) -> None:
    """Tell of each version, newest trained first."""
    root = artifacts_dir()
    states = {previous_version(root): "previous", shadow_version(root): "shadow"}
    states[current_version(root)] = "current"
    since = dict(reversed(history(root)))
    rows, faults = [("VERSION", "", "TRAINED", "PROMOTED", "MODEL", "SCORE")], []
    for version in versions(root):
        state, promoted = states.get(version, ""), _moment(since.get(version))
        try:
            artifact = load(root, version)
        except ArtifactError as error:
            rows.append((version, f"{state} damaged".strip(), "", promoted, "", ""))
            faults.append(str(error))
            continue
        score = next((f"{name} {value:.4g}" for name, value in _scores(artifact)), "")
        name, trained = artifact.signature.name, _moment(artifact.trained_at)
        rows.append((version, state, trained, promoted, name, score))
    if not rows[1:]:
        raise ArtifactError(f"There is no version in {root} yet; train one with `manage train`.")
    for line in [*aligned(rows), *faults]:
        say(line)


def compare(old: str | None, new: str, say: Say) -> None:
    """Tell how two versions, the current one and another, score, and what their callers meet."""
    root = artifacts_dir()
    before, after = load(root, resolve(root, old) if old else None), load(root, resolve(root, new))
    for line in aligned(list(side_by_side(before, after))):
        say(line)
    say("")
    found = differences(before.signature, after.signature)
    if not found:
        say(f"Callers of {before.version} meet no difference but the answers.")
        return
    say(f"What callers of {before.version} meet when {after.version} is served:")
    _tell(found, say)


def promote(text: str, *, force: bool, say: Say) -> None:
    """Make a version current, unless it would break callers of the one that is."""
    root = artifacts_dir()
    version = resolve(root, text)
    done = promotion.promote(root, version, force=force)
    if done.before == version:
        say(f"Version {version} is the current one already; services load it anew.")
        return
    _tell_of(root, done, say)
    if done.before:
        say("Back to the one before: `manage rollback`")


def roll_back(say: Say) -> None:
    """Make the version before current again."""
    root = artifacts_dir()
    _tell_of(root, promotion.roll_back(root), say)


def _tell_of(root: Path, done: promotion.Promotion, say: Say) -> None:
    before = f"; before it was {done.before}" if done.before else ""
    say(f"Version {done.version} of {load(root, done.version).signature.name} is current{before}.")
    _tell(done.differences, say)


def _tell(found: list[Difference], say: Say) -> None:
    for difference in found:
        say(f"  {'BREAKS' if difference.breaks else '':8}{difference.text}")


def side_by_side(before: Artifact, after: Artifact) -> Iterator[tuple[str, ...]]:
    """What is known of two versions, in rows that begin with what it is."""
    yield "", before.version, after.version
    pair = (before, after)
    yield "model", *(a.signature.name for a in pair)
    yield "trained", *(_moment(a.trained_at) for a in pair)
    yield "runtime", *(a.runtime for a in pair)
    yield "held-out rows", *(f"{a.metrics.get('held_out_rows', 0):,}" for a in pair)
    old, new = (dict(_scores(a)) for a in pair)
    for name in {**old, **new}:
        yield name, *(f"{scores[name]:.4g}" if name in scores else "" for scores in (old, new))


def _scores(artifact: Artifact) -> list[tuple[str, float]]:
    return list(artifact.metrics["metrics"].items())


def _moment(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}" if at else ""
