"""How predictions get into the log: before they are answered, or a moment later."""

import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from itertools import islice

from .log import BATCH, BufferFull, LogUnavailable, PredictionLog, Record
from .reporting import all_is_well, tell
from .turn import Turn

FRESH = 1.0  # seconds; what was stored later shows that the database takes it

logger = logging.getLogger(__name__)


class Writer:
    """Adds records, so that what it failed to add is not there either.

    A connection that breaks during a commit leaves open what became of it; such records are
    removed before the next ones are added, or when the database is looked at.
    """

    def __init__(self, log: PredictionLog, turn: Turn | None = None) -> None:
        self._log = log
        self._in_doubt: list[str] = []
        self._turn = turn or Turn()
        self._stored = float("-inf")  # when something last was, on the monotonic clock

    def check(self) -> None:
        """Raise LogUnavailable unless something was stored just now, or can be; settle doubts."""
        if self._in_doubt or time.monotonic() > self._stored + FRESH:
            with self._turn.taken():
                self._settle()
                self._log.try_write()
            self._has_stored()

    def _has_stored(self) -> None:
        self._stored = time.monotonic()
        all_is_well()

    def _settle(self) -> None:
        while self._in_doubt:
            self._log.discard(self._in_doubt[:BATCH])
            self._in_doubt = self._in_doubt[BATCH:]

    def _write(self, records: Sequence[Record]) -> None:
        self._settle()
        try:
            self._log.add(records)
        except LogUnavailable:
            self._in_doubt, self._stored = [record.id for record in records], float("-inf")
            raise
        self._has_stored()


class DurableWriter(Writer):
    """Records are stored when `add` returns; requests that wait together share a commit.

    One of them commits for all that have come until it is its turn, and then lets another lead.
    """

    def __init__(self, log: PredictionLog, turn: Turn | None = None) -> None:
        super().__init__(log, turn)
        self._waiting: list[_Waiting] = []
        self._led = False
        self._gate = threading.Lock()  # of these two

    def add(self, records: Sequence[Record]) -> None:
        mine = _Waiting(records)
        with self._gate:
            self._waiting.append(mine)
            leads, self._led = not self._led, True
        if leads or mine.leads():
            self._lead()
        if mine.error:
            raise mine.error

    def _lead(self) -> None:
        group: list[_Waiting] = []
        error: Exception | None = LogUnavailable("the commit was interrupted")
        try:
            with self._turn.taken():
                group = self._gathered()
                self._write([record for one in group for record in one.records])
            error = None
        except Exception as failure:
            error = failure
            if isinstance(failure, LogUnavailable):  # for those that came meanwhile, too
                group += self._gathered()
        finally:
            self._let_another_lead()
            for one in group:
                one.tell(error)

    def _gathered(self) -> list["_Waiting"]:
        with self._gate:
            group, self._waiting = self._waiting, []
        return group

    def _let_another_lead(self) -> None:
        with self._gate:
            self._led = bool(self._waiting)
            if self._led:
                self._waiting[0].let_lead()


class _Waiting:
    """Records that are to be written, and the thread that waits for that."""

    __slots__ = ("_leads", "_told", "error", "records")

    def __init__(self, records: Sequence[Record]) -> None:
        self.records = records
        self.error: Exception | None = None
        self._leads = False
        self._told = threading.Lock()  # a tenth of what an Event costs
        self._told.acquire()

    def leads(self) -> bool:
        """Wait until it is written, false; or until it is to lead."""
        self._told.acquire()
        return self._leads

    def let_lead(self) -> None:
        self._leads = True
        self._told.release()

    def tell(self, error: Exception | None) -> None:
        self.error = error
        if not self._leads:
            self._told.release()


class BufferedWriter(Writer):
    """Answer first, write a moment later: faster, and what is not written dies with the process.

    A thread writes what has gathered every `interval` seconds or once it is a batch, and once more
    at the end. While the database is away records wait, up to `capacity`. Beyond it callers wait
    for room for `patience` seconds, but not while the database is away, and are then refused.
    """

    def __init__(
        self,
        log: PredictionLog,
        turn: Turn | None = None,
        interval: float = 0.2,
        capacity: int = 10_000,
        patience: float = 2,
    ) -> None:
        super().__init__(log, turn)
        self._interval, self._capacity, self._patience = interval, capacity, patience
        self._waiting: deque[Record] = deque()
        self._fault: Exception | None = None  # of the last attempt to write
        self._lock = threading.Lock()
        self._is_batch = threading.Condition(self._lock)
        self._has_changed = threading.Condition(self._lock)
        self._thread: threading.Thread | None = None

    def add(self, records: Sequence[Record]) -> None:
        with self._lock:
            if not self._has_room(records) and not self._fault:
                self._has_changed.wait_for(
                    lambda: self._has_room(records) or self._fault, self._patience
                )
            if not self._has_room(records):
                raise self._full()
            self._waiting.extend(records)
            if len(self._waiting) >= BATCH:
                self._is_batch.notify()
            if self._thread is None:
                # The interpreter waits for threads that are no daemons, as the server's are.
                self._thread = threading.Thread(target=self._run, daemon=False)
                self._thread.start()

    def _has_room(self, records: Sequence[Record]) -> bool:
        """Whether they fit; into an empty buffer, however many they are."""
        return not self._waiting or len(self._waiting) + len(records) <= self._capacity

    def _full(self) -> BufferFull:
        buffer = f"{len(self._waiting)} predictions wait to be written"
        if self._fault:
            return BufferFull(f"It is away, and {buffer}.")
        return BufferFull(f"It is slower than predictions come: {buffer}.")

    def _run(self) -> None:
        while threading.main_thread().is_alive():
            with self._lock:
                self._is_batch.wait_for(
                    lambda: len(self._waiting) >= BATCH and not self._fault, self._interval
                )
            self._flush()
        self._flush()
        if self._waiting:
            logger.error("%d predictions were lost: the database is away", len(self._waiting))

    def _flush(self) -> None:
        """Write what waits, in batches, up to one that fails."""
        left = len(self._waiting)
        while left > 0:
            with self._lock:
                batch = list(islice(self._waiting, BATCH))
            fault: Exception | None = None
            try:
                with self._turn.taken():
                    self._write(batch)
            except Exception as error:  # whatever it is, the next ones are to be written
                tell(f"{len(self._waiting)} predictions are waiting to be stored.", str(error))
                fault = error
            with self._lock:
                self._fault = fault
                for _ in () if fault else batch:
                    self._waiting.popleft()
                self._has_changed.notify_all()
            left = 0 if fault else left - len(batch)
