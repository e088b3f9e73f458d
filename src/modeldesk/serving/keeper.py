"""Keeps a process beside the server that answers with the shadow version, while there is one."""

import logging
import os
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..ml.versions import Shadow, shadow

LOOK = 1.0  # seconds between two looks at what is the shadow, and at its process
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0  # seconds until a process that ended is started again
STEADY = 60.0  # seconds after which the next pause is the first one again

logger = logging.getLogger(__name__)


@contextmanager
def keeping(root: Path, command: Sequence[str]) -> Iterator[None]:
    """Run `command` beside what is done meanwhile, whenever there is a shadow below `root`.

    Its standard input ends with this process, however that ends.
    """
    keeper = _Keeper(root, command)
    thread = threading.Thread(target=keeper.run, name="shadow", daemon=True)
    thread.start()
    try:
        yield
    finally:
        keeper.stopping.set()
        thread.join(timeout=10)


class _Keeper:
    def __init__(self, root: Path, command: Sequence[str]) -> None:
        self.root, self.command = root, command
        self.stopping = threading.Event()
        self._shadow: Shadow | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._started = self._again = 0.0  # on the monotonic clock
        self._pause = 0.0

    def run(self) -> None:
        while not self.stopping.is_set():
            try:
                self._look()
            except Exception:  # whatever it is, the server goes on
                logger.exception("The shadow cannot be looked after.")
            self.stopping.wait(LOOK)
        self._end()

    def _look(self) -> None:
        wanted = shadow(self.root)
        if wanted != self._shadow:
            self._end()
            self._shadow, self._pause, self._again = wanted, 0.0, 0.0
        if wanted is None:
            return
        now = time.monotonic()
        if self._process is None:
            if now >= self._again:
                self._start(wanted)
        elif (code := self._process.poll()) is not None:
            longer = self._pause and now - self._started < STEADY
            self._pause = min(2 * self._pause, LONGEST_PAUSE) if longer else FIRST_PAUSE
            self._again = now + self._pause
            self._end()
            told = "The process of shadow %s ended with code %d; the next one starts in %.0f s."
            logger.warning(told, wanted.version, code, self._pause)

    def _start(self, wanted: Shadow) -> None:
        logger.info("Version %s answers in the shadow.", wanted.version)
        self._started = time.monotonic()
        self._process = subprocess.Popen(
            self.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            env={"OMP_NUM_THREADS": "1"} | os.environ,  # of the cores, one is enough for it
            start_new_session=True,  # the terminal's Ctrl-C is for the main process
        )

    def _end(self) -> None:
        """Kill the process: what it did not store is done again, but for a row that is marked."""
        if self._process:
            self._process.kill()
            self._process.communicate()
            self._process = None
