"""Moves what a service keeps into a file and out of it, whatever the database."""

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import IO, Any, Protocol, cast

from ..file_lock import try_lock
from ..ml.progress import tqdm
from .denied import WORDS
from .lines import HEADER, MAX_LINE, MODELS, BadLine, check_header, from_line, same, to_line
from .log import LogUnavailable
from .summaries import SummaryStore

BATCH = 1000  # records
FIRST_DIFFERENT = 10


class TransferError(Exception):
    """An export or import that stopped; the message says why and what to do."""


class BadRecord(ValueError):
    """A record, the one at `index`, that cannot be beside the others; the message says why."""

    def __init__(self, index: int, reason: str) -> None:
        super().__init__(reason)
        self.index = index


class Store(Protocol):
    """Records of one kind, as `PredictionLog` says; `add` may raise BadRecord, too."""

    def add(self, records: Sequence[Any]) -> None: ...

    def find(self, ids: Sequence[str]) -> list[Any]: ...

    def scan(self, after: str, limit: int) -> list[Any]: ...

    def count(self) -> int: ...


# By kind of line, in the order of the file; the log is the last one.
Stores = Mapping[str, Store]
ACCOUNT, TOKEN, LOG, TOTALS = "account", "token", "prediction", "summary"
LOG_LINE = b'{"kind":"prediction",'


@dataclass
class Summary:
    """Counts of records: those `added`, those `present` before, and how many of these differ.

    Those `left_out` are of a kind that this service does not keep. `shut_out` are addresses of
    accounts that lack a password or a confirmation, where no mail can give them one.
    """

    added: int = 0
    present: int = 0
    different: int = 0
    first_different: list[str] = field(default_factory=list)  # ids
    left_out: int = 0
    shut_out: list[str] = field(default_factory=list, compare=False)


Summaries = dict[str, Summary]  # by kind


def export_all(stores: Stores, path: Path, *, progress: bool = True) -> Summaries:
    """Write every record to a new file, oldest first. Raises TransferError.

    Until all are written the file is `path`.part, which an interrupted export leaves behind and
    the next one continues. Memory does not grow with the log. Only its owner may read the file.
    """
    summaries = {kind: Summary() for kind in stores}
    with told(path):
        if not path.parent.is_dir():
            raise TransferError(f"There is no folder {path.parent}; make it first.")
        _refuse_to_overwrite(path)
        part = path.with_name(f"{path.name}.part")
        part.touch(0o600)
        with part.open("a+b") as file:
            if not try_lock(file):  # and keep it until the file is closed
                says = f"Another export is writing {part}; wait until it is done."
                raise TransferError(says)
            totals = _totals(stores)
            _write_first(stores, file, part, summaries)
            newest = _resume(stores[LOG], file, part, summaries[LOG])
            _write(stores[LOG], newest, file, summaries[LOG], progress)
            if _totals(stores) != totals:  # of predictions that are in no line, perhaps
                says = f"Predictions were pruned meanwhile; remove {part} and export anew."
                raise TransferError(says)
            os.fsync(file.fileno())
        _refuse_to_overwrite(path)
        os.replace(part, path)
    return summaries


def import_all(stores: Stores, path: Path, *, progress: bool = True) -> Summaries:
    """Add the records of an exported file that are not there yet. Raises TransferError.

    One that is there stays as it is. What comes before a line that stops the import is kept.
    Memory does not grow with the file.
    """
    summaries = {kind: Summary() for kind in stores}
    with told(path):
        if not path.is_file():
            raise TransferError(f"There is no file {path}.")
        size = path.stat().st_size
        with (
            path.open("rb") as file,
            tqdm(total=size, unit="B", unit_scale=True, disable=not progress) as bar,
        ):
            for kind, batch in _batches(file, path, stores.keys()):
                summary = summaries.setdefault(kind, Summary())
                if kind in stores:
                    add_new(stores[kind], batch, summary, partial(_stopped, path))
                    if kind == ACCOUNT and TOKEN not in stores:  # and so without mails, too
                        lacking = (one for _, one in batch if not one.may_log_in)
                        summary.shut_out += [one.email for one in lacking]
                    if kind in (LOG, TOTALS):
                        _count_anew(stores)
                else:
                    summary.left_out += len(batch)
                bar.update(file.tell() - bar.n)
    return summaries


def _count_anew(stores: Stores) -> None:
    """As there may be more predictions now, of any time."""
    if TOTALS in stores:
        cast(SummaryStore, stores[TOTALS]).forget()


def _refuse_to_overwrite(path: Path) -> None:
    if path.exists():
        raise TransferError(f"{path} is there already; remove it, or choose another name.")


def _foreign(part: Path) -> TransferError:
    return TransferError(f"{part} was not begun from this log; remove it, or move it away.")


def _write_first(stores: Stores, file: IO[bytes], part: Path, summaries: Summaries) -> None:
    """Write what comes before the log, all of it that the file does not hold yet.

    It is short, so that a file is continued only if nothing of it has changed.
    """
    file.seek(0)
    there = True
    for kind, line in _first_lines(stores):
        found = file.readline(MAX_LINE) if there else b""
        if not line.startswith(found):
            raise _foreign(part)
        if there and found != line:
            file.truncate(file.tell() - len(found))
            there = False
        if not there:
            file.write(line)
        if kind:
            summaries[kind].present += there
            summaries[kind].added += not there
    if not there:
        file.seek(0, os.SEEK_END)


def _first_lines(stores: Stores) -> Iterator[tuple[str, bytes]]:
    yield "", HEADER
    for kind, store in stores.items():
        if kind != LOG:
            for records in pages(store):
                yield from ((kind, to_line(record)) for record in records)


def _totals(stores: Stores) -> list[Any]:
    return [one for page in pages(stores[TOTALS]) for one in page] if TOTALS in stores else []


def _resume(log: Store, file: IO[bytes], part: Path, summary: Summary) -> str:
    """Keep the whole lines of a log that an export left; the id in the last one, or ""."""
    end, last = file.tell(), b""
    for line in _lines(file):
        if not line.endswith(b"\n"):
            break
        if not line.startswith(LOG_LINE):
            raise _foreign(part)
        summary.present += 1
        end, last = end + len(line), line
    if not last:
        file.truncate(end)
        return ""
    try:
        _, newest = from_line(last, MODELS)  # whatever is kept now, and so whose it is, too
    except BadLine:
        raise _foreign(part) from None
    # Feedback and the answer of a shadow may have been given since.
    since = {"feedback": newest.feedback, "shadow": newest.shadow}
    found = [replace(record, **since) for record in log.find([newest.id])]
    if not any(same(record, newest) for record in found):
        raise _foreign(part)
    file.truncate(end)
    return str(newest.id)


def _write(log: Store, after: str, file: IO[bytes], summary: Summary, progress: bool) -> None:
    with tqdm(total=log.count(), initial=summary.present, disable=not progress) as bar:
        for records in pages(log, after):
            file.write(b"".join(map(to_line, records)))
            file.flush()
            summary.added += len(records)
            bar.update(len(records))


def pages(store: Store, after: str = "") -> Iterator[list[Any]]:
    while records := store.scan(after, BATCH):
        yield records
        after = records[-1].id


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    return iter(partial(file.readline, MAX_LINE), b"")


def _batches(
    file: IO[bytes], path: Path, kinds: Collection[str]
) -> Iterator[tuple[str, list[tuple[int, Any]]]]:
    """The kind of several lines, and the number and the record of each."""
    try:
        check_header(file.readline(MAX_LINE))
    except BadLine as error:
        raise TransferError(f"{path} cannot be imported. {error}") from None
    kind, size = "", 0
    batch: list[tuple[int, Any]] = []
    for number, line in enumerate(_lines(file), 2):
        try:
            found, record = from_line(line, kinds)
        except BadLine as error:
            if batch:
                yield kind, batch
            raise _stopped(path, number, error) from None
        if batch and (found != kind or len(batch) == BATCH or size >= MAX_LINE):
            yield kind, batch
            batch, size = [], 0
        kind, size = found, size + len(line)
        batch.append((number, record))
    if batch:
        yield kind, batch


def _stopped(path: Path, number: int, error: Exception) -> TransferError:
    return TransferError(
        f"Line {number} of {path} cannot be imported. {error} "
        "The lines before it are; mend it and run the command again."
    )


def add_new(
    to: Store,
    batch: list[tuple[Any, Any]],
    summary: Summary,
    stopped: Callable[[Any, Exception], TransferError],
) -> None:
    """Add the records that are not there, and count all; each comes with a name for `stopped`.

    Raises TransferError, by `stopped`, for one that cannot be there; those before it are.
    """
    known = {record.id: record for record in to.find([record.id for _, record in batch])}
    added = []
    for number, record in batch:
        there = known.setdefault(record.id, record)
        if there is record:
            added.append((number, record))
            continue
        summary.present += 1
        if not same(there, record):
            summary.different += 1
            if len(summary.first_different) < FIRST_DIFFERENT:
                summary.first_different.append(record.id)
    if not added:
        return
    names, records = zip(*added, strict=True)
    try:
        to.add(records)
    except BadRecord as error:
        if error.index:
            to.add(records[: error.index])
        raise stopped(names[error.index], error) from None
    summary.added += len(added)


@contextmanager
def told(path: object) -> Iterator[None]:
    """Say what interrupted, and that it can be continued."""
    try:
        yield
    except KeyboardInterrupt:
        reason = "Interrupted"
    except OSError as error:
        reason = f"{error.filename or path}: {error.strerror or error}"
        raise TransferError(f"{reason}. Mend that and run the command again.") from error
    except TransferError:
        raise
    except Exception as error:
        if denial := WORDS.search(str(error)):
            mend = "Let its user do that and run the command again."
            raise TransferError(f"A database refuses: {denial[0]}. {mend}") from error
        if not isinstance(error, LogUnavailable):
            raise
        reason = f"The database does not answer: {' '.join(str(error).split())}"
    else:
        return
    raise TransferError(f"{reason}. Run the command again to continue.")


def several(kind: str) -> str:
    """What records of a kind are called."""
    return "daily totals" if kind == TOTALS else f"{kind}s"
