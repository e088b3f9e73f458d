"""Moves the prediction log into a file and out of it, whatever the database."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import IO

from tqdm import tqdm

from .lines import HEADER, MAX_LINE, BadLine, check_header, from_line, same, to_line
from .log import LogUnavailable, PredictionLog, Record

BATCH = 1000  # records
FIRST_DIFFERENT = 10


class TransferError(Exception):
    """An export or import that stopped; the message says why and what to do."""


@dataclass
class Summary:
    """Counts of records: those `added`, those `present` before, and how many of these differ."""

    added: int = 0
    present: int = 0
    different: int = 0
    first_different: list[str] = field(default_factory=list)  # ids


def export_log(log: PredictionLog, path: Path, *, progress: bool = True) -> Summary:
    """Write every record to a new file, oldest first. Raises TransferError.

    Until all are written the file is `path`.part, which an interrupted export leaves behind and
    the next one continues. Memory does not grow with the log.
    """
    summary = Summary()
    with _told(path):
        if not path.parent.is_dir():
            raise TransferError(f"There is no folder {path.parent}; make it first.")
        _refuse_to_overwrite(path)
        part = path.with_name(f"{path.name}.part")
        with part.open("a+b") as file:
            _lock(file, part)
            newest = _resume(log, file, part, summary)
            _write(log, newest, file, summary, progress)
            os.fsync(file.fileno())
        _refuse_to_overwrite(path)
        os.replace(part, path)
    return summary


def import_log(log: PredictionLog, path: Path, *, progress: bool = True) -> Summary:
    """Add the records of an exported file that are not there yet. Raises TransferError.

    One that is there stays as it is. What comes before a line that stops the import is kept.
    Memory does not grow with the file.
    """
    summary = Summary()
    with _told(path):
        if not path.is_file():
            raise TransferError(f"There is no file {path}.")
        size = path.stat().st_size
        with (
            path.open("rb") as file,
            tqdm(total=size, unit="B", unit_scale=True, disable=not progress) as bar,
        ):
            for batch in _batches(file, path):
                _store(log, batch, summary)
                bar.update(file.tell() - bar.n)
    return summary


def _refuse_to_overwrite(path: Path) -> None:
    if path.exists():
        raise TransferError(f"{path} is there already; remove it, or choose another name.")


def _lock(file: IO[bytes], part: Path) -> None:
    """Keep a second export out of the file; the lock goes when the file is closed."""
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(2**40)  # a byte that nobody writes
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        raise TransferError(f"Another export is writing {part}; wait until it is done.") from None


def _resume(log: PredictionLog, file: IO[bytes], part: Path, summary: Summary) -> str:
    """Keep the whole lines of a file that an export left; the id in the last one, or ""."""
    foreign = TransferError(f"{part} was not begun from this log; remove it, or move it away.")
    file.seek(0)
    end, last = 0, b""
    for line in _lines(file):
        if not end and not HEADER.startswith(line):
            raise foreign
        if not line.endswith(b"\n"):
            break
        summary.present += bool(end)
        end, last = end + len(line), line
    if not summary.present:
        file.truncate(0)
        file.write(HEADER)
        return ""
    try:
        newest = from_line(last)
    except BadLine:
        raise foreign from None
    # Feedback may have been given since.
    found = [replace(record, feedback=newest.feedback) for record in log.find([newest.id])]
    if not any(same(record, newest) for record in found):
        raise foreign
    file.truncate(end)
    return newest.id


def _write(
    log: PredictionLog, after: str, file: IO[bytes], summary: Summary, progress: bool
) -> None:
    with tqdm(total=log.count(), initial=summary.present, disable=not progress) as bar:
        while records := log.scan(after, BATCH):
            file.write(b"".join(map(to_line, records)))
            file.flush()
            after = records[-1].id
            summary.added += len(records)
            bar.update(len(records))


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    return iter(partial(file.readline, MAX_LINE), b"")


def _batches(file: IO[bytes], path: Path) -> Iterator[list[Record]]:
    try:
        check_header(file.readline(MAX_LINE))
    except BadLine as error:
        raise TransferError(f"{path} cannot be imported. {error}") from None
    batch: list[Record] = []
    size = 0
    for number, line in enumerate(_lines(file), 2):
        try:
            batch.append(from_line(line))
        except BadLine as error:
            yield batch
            raise TransferError(
                f"Line {number} of {path} cannot be imported. {error} "
                "The lines before it are; mend it and run the command again."
            ) from None
        size += len(line)
        if len(batch) == BATCH or size >= MAX_LINE:
            yield batch
            batch, size = [], 0
    yield batch


def _store(log: PredictionLog, batch: list[Record], summary: Summary) -> None:
    if not batch:
        return
    known = {record.id: record for record in log.find([record.id for record in batch])}
    added = []
    for record in batch:
        there = known.setdefault(record.id, record)
        if there is record:
            added.append(record)
            continue
        summary.present += 1
        if not same(there, record):
            summary.different += 1
            if len(summary.first_different) < FIRST_DIFFERENT:
                summary.first_different.append(record.id)
    if added:
        log.add(added)
        summary.added += len(added)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Say what interrupted, and that it can be continued."""
    try:
        yield
    except KeyboardInterrupt:
        reason = "Interrupted"
    except LogUnavailable as error:
        reason = f"The database does not answer: {' '.join(str(error).split())}"
    except OSError as error:
        reason = f"{error.filename or path}: {error.strerror or error}"
        raise TransferError(f"{reason}. Mend that and run the command again.") from error
    else:
        return
    raise TransferError(f"{reason}. Run the command again to continue.")
