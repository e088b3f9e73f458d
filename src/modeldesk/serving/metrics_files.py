"""Where the workers of a server keep their metrics, so that each of them can tell those of all.

Each worker writes to files of its own, which who takes its place goes on with. All are made and
filled before the first worker starts: to write to one that the disk has no room for would end the
worker (SIGBUS).
"""

import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO

from ..file_lock import try_lock

FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # what prometheus_client calls it
FAULT = "METRICS_FAULT"  # why there is none, to workers that would need one
PREFIX = "modeldesk-metrics-"
KINDS = ("counter", "histogram")
SIZE = 2 * 2**20  # bytes; as much as all series of a worker take

logger = logging.getLogger(__name__)
_mine: list[IO[bytes]] = []  # the file whose lock says that this worker has these


@contextmanager
def shared_metrics(workers: int) -> Iterator[None]:
    """Give a folder to the workers that are started meanwhile; without one they count apart."""
    for name in (FOLDER, FAULT):
        os.environ.pop(name, None)
    folder, alive = None, None
    try:
        root = Path(tempfile.gettempdir())
        _remove_left(root)
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=root))
        alive = _locked(folder / "alive")
        for number in range(workers + 1):  # one more while a worker takes another's place
            for kind in KINDS:
                _file(folder, kind, number).write_bytes(bytes(SIZE))
        os.environ[FOLDER] = str(folder)
    except OSError as error:
        logger.warning("There is no folder for metrics: %s", error)
        if folder:
            shutil.rmtree(folder, ignore_errors=True)
        if workers > 1:
            os.environ[FAULT] = error.strerror or str(error)
    try:
        yield
    finally:
        if alive:
            alive.close()
        if folder:
            shutil.rmtree(folder, ignore_errors=True)


def count_in_files() -> None:
    """Let this worker count where no other does; to be called before a metric is made."""
    from prometheus_client import values

    if FOLDER not in os.environ:
        return
    folder, number = Path(os.environ[FOLDER]), 0
    while (path := _file(folder, KINDS[0], number)).exists():
        file = path.open("rb+")
        if try_lock(file):
            _mine.append(file)
            values.ValueClass = values.MultiProcessValue(partial(int, number))
            return
        file.close()
        number += 1
    logger.warning("This worker counts by itself: there are no more files in %s", folder)
    values.ValueClass = values.MutexValue


def _file(folder: Path, kind: str, number: int) -> Path:
    """As prometheus_client names it; such as are there already it takes as they are."""
    return folder / f"{kind}_{number}.db"


def _locked(path: Path) -> IO[bytes]:
    """Make a file that never was there without being locked."""
    new = path.with_suffix(".new")
    file = new.open("wb")
    try_lock(file)
    new.rename(path)
    return file


def _remove_left(root: Path) -> None:
    """Remove the folders of servers that were killed."""
    for alive in root.glob(f"{PREFIX}*/alive"):
        try:
            with alive.open("rb+") as file:
                is_left = try_lock(file)
        except OSError:  # of somebody else, or gone
            continue
        if is_left:
            shutil.rmtree(alive.parent, ignore_errors=True)
