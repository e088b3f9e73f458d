"""`manage prune`, whichever framework parses its options."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from ..file_lock import try_lock
from ..ml.project import artifacts_dir
from ..ml.removal import check, remove, sweep, unneeded
from ..ml.versions import resolve
from .log import LogUnavailable, PredictionLog
from .pruning import DAY, Counts, count_old, midnight, named, prune
from .summaries import SummaryStore

MOST_DAYS = 36_500

Say = Callable[[str], None]


class PruneError(Exception):
    """Nothing was pruned, or not all; the message says why and what to do."""


def run(
    older_than: str,
    version: str | None,
    *,
    dry_run: bool,
    log: PredictionLog,
    summaries: SummaryStore,
    outdated: Callable[[], str | None],
    say: Say,
) -> None:
    """Make totals of the predictions of days that ended so many days ago, and remove versions.

    Namely those trained before then that are not in use and that no prediction names; and
    `version`, whoever names it. Raises PruneError, or ArtifactError for what is in use.
    """
    until = midnight(datetime.now(UTC)) - _days(older_than) * DAY
    if fault := outdated():
        raise PruneError(fault)
    root = artifacts_dir()
    told = None if version is None else resolve(root, version)
    if told:
        check(root, told)
    with _told():
        if dry_run:
            _tell(count_old(log, until), until, say, dry_run=True)
            for name, why in _removable(log, root, until, told, since=until, say=say):
                say(f"Version {name} would be removed{why}.")
            say("Nothing is changed; without --dry-run it is.")
            return
        with _alone(root):
            _tell(prune(log, summaries, until), until, say)
            sweep(root)
            for name, why in _removable(log, root, until, told, since=None, say=say):
                remove(root, name, told=name == told)
                say(f"Removed version {name}{why}.")


def _days(text: str) -> int:
    try:
        days = int(text)
    except ValueError:
        days = 0
    if not 1 <= days <= MOST_DAYS:
        least = f"--older-than takes a whole number of days from 1 to {MOST_DAYS:,}"
        raise PruneError(f"{least}, not {text[:40]!r}.")
    return days


def _tell(counts: Counts, until: datetime, say: Say, *, dry_run: bool = False) -> None:
    if not counts:
        say(f"No prediction is from before {until:%Y-%m-%d}.")
        return
    versions = {version for _, version in counts}
    last = max(day for day, _ in counts)
    what = f"{_many(counts.total(), 'prediction')} of {_many(len(versions), 'version')}"
    become = "would become" if dry_run else "is now" if counts.total() == 1 else "are now"
    say(f"{what}, up to {last}, {become} {_many(len(counts), 'daily total')}.")


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _removable(
    log: PredictionLog,
    root: Path,
    until: datetime,
    told: str | None,
    *,
    since: datetime | None,
    say: Say,
) -> Iterator[tuple[str, str]]:
    """Each version to remove, and why; says which old ones stay.

    Only predictions that were created at `since` or later keep one.
    """
    if told:
        yield told, ", as you say"
    old = [version for version in unneeded(root, until) if version != told]
    kept = named(log, set(old), since)
    for version in old:
        if version in kept:
            say(f"Version {version} stays: predictions name it.")
        else:
            yield version, ": no prediction names it"


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Keep out another prune of these artifacts; what one of others does to the same database, is
    counted once nevertheless.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        lock = (root / ".pruning").open("ab")
    except OSError as error:
        raise PruneError(f"Cannot write to {root}: {error.strerror}.") from error
    with lock:
        if not try_lock(lock):
            raise PruneError("Another prune is under way; wait until it is done.")
        yield


@contextmanager
def _told() -> Iterator[None]:
    """Say what interrupted, and that it can be continued."""
    try:
        yield
        return
    except KeyboardInterrupt:
        reason = "Interrupted"
    except LogUnavailable as error:
        reason = f"The database does not answer: {' '.join(str(error).split())}"
    raise PruneError(f"{reason}. What is done stays done; run the command again to continue.")
