"""How predictions get into the log: before they are answered, or a moment later."""

import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from itertools import islice

from .log import BATCH, BufferFull, LogUnavailable, PredictionLog, Record
from .reporting import all_is_well, tell
from .turn import Turn

FRESH = 1.0  # seconds; what was stored later shows that the database takes it
IDLE = 1.0  # seconds after which a thread that has nothing to write ends, before what it keeps ages

logger = logging.getLogger(__name__)


class Writer:
    """Adds records, so that what it failed to add is not there either.

    `begin` gives what tells when they are stored, or None where nobody is to wait for that.

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
    """Records are stored when `add` returns, or what `begin` gave is done.

    Who comes while nobody commits does so at once, for all that have come until it is its turn, and
    then lets another lead who waits: the one may hold the only connection that the other needs.
    Where nobody waits in a thread of its own, another one goes on; it ends when it has been idle
    for a while.
    """

    def __init__(self, log: PredictionLog, turn: Turn | None = None) -> None:
        super().__init__(log, turn)
        self._waiting: list[_Waiting] = []
        self._goes_on = threading.Condition()  # guards what follows, too
        self._is_busy = self._is_asked = self._has_thread = False

    def add(self, records: Sequence[Record]) -> None:
        mine = _Waiting(records)
        if self._leads(mine) or mine.leads():
            self._lead()
        mine.stored.result()

    def begin(self, records: Sequence[Record]) -> Future[None]:
        mine = _Waiting(records, has_thread=False)
        if self._leads(mine):
            self._lead()
        return mine.stored

    def _leads(self, one: "_Waiting") -> bool:
        with self._goes_on:
            self._waiting.append(one)
            leads, self._is_busy = not self._is_busy, True
        return leads

    def _lead(self) -> None:
        self._commit()
        with self._goes_on:
            self._is_busy = bool(self._waiting)
            if not self._waiting or self._lets_another_lead():
                return
            self._is_asked = True
            if self._has_thread:
                self._goes_on.notify()
            else:
                self._has_thread = True
                threading.Thread(target=self._run, name="writer", daemon=True).start()

    def _lets_another_lead(self) -> bool:
        other = next((one for one in self._waiting if one.has_thread), None)
        if other:
            other.let_lead()
        return other is not None

    def _run(self) -> None:
        while self._is_awaited():
            self._commit()
        self._log.let_go()

    def _is_awaited(self) -> bool:
        with self._goes_on:
            if not self._is_asked:  # it has committed
                if self._waiting and not self._lets_another_lead():
                    return True
                self._is_busy = bool(self._waiting)
            self._has_thread = self._goes_on.wait_for(lambda: self._is_asked, IDLE)
            self._is_asked = False
            return self._has_thread

    def _commit(self) -> None:
        group: list[_Waiting] = []
        fault: BaseException | None = None
        try:
            with self._turn.taken():
                group = self._gathered()
                self._write([record for one in group for record in one.records])
        except BaseException as error:  # whatever it is, who waits is told
            fault = error
            if isinstance(error, LogUnavailable) or not group:  # those that came meanwhile, too
                group += self._gathered()
        for one in group:
            if fault:
                one.stored.set_exception(fault)
            else:
                one.stored.set_result(None)

    def _gathered(self) -> list["_Waiting"]:
        with self._goes_on:
            group, self._waiting = self._waiting, []
        return group


class _Waiting:
    """Records that are to be written, and the thread that waits for that, if one does."""

    __slots__ = ("_is_told", "_leads", "has_thread", "records", "stored")

    def __init__(self, records: Sequence[Record], *, has_thread: bool = True) -> None:
        self.records, self.has_thread = records, has_thread
        self.stored: Future[None] = Future()
        self._leads = False
        self._is_told = threading.Lock()
        self._is_told.acquire()
        if has_thread:
            self.stored.add_done_callback(lambda _: self._is_told.release())

    def leads(self) -> bool:
        """Wait until it is written, false; or until it is to lead."""
        self._is_told.acquire()
        return self._leads

    def let_lead(self) -> None:
        self._leads = True
        self._is_told.release()


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

    def begin(self, records: Sequence[Record]) -> None:
        self.add(records)

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
