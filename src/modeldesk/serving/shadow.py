"""Answers with the shadow version what the current one has answered, in a process of its own.

It follows the log, so that callers have their answers by then and notice nothing, whatever the
shadow does.
"""

import faulthandler
import logging
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from logging.config import dictConfig
from pathlib import Path
from typing import Any

from ..ml.answered import NotFinite
from ..ml.artifact import ArtifactError
from ..ml.predictor import Predictor
from ..ml.rows import Row
from ..ml.validation import InvalidInstances
from ..ml.versions import Shadow, shadow
from .log import LogUnavailable, PredictionLog, Query, Record, id_at
from .logs import logging_config
from .settings import Settings

LAG = timedelta(seconds=5)  # until a record is read; a buffer or another host may store it late
LOOK = 1.0  # seconds between looks at a log that has nothing new
MOST_ROWS = 200  # answered at once
QUICK = 1.0  # seconds that rows answered at once should take
LONGEST = 60.0  # seconds that they may take
LONGEST_START = 600.0  # seconds until the version must have been loaded
KILLED = "Its process ended before it answered, or it took longer than a minute."

logger = logging.getLogger(__name__)


def follow(log: PredictionLog, settings: Settings) -> None:
    """Answer as the shadow for as long as it is the shadow. This process is for nothing else."""
    dictConfig(logging_config(json=settings.production))
    _stand_back()
    root = settings.artifacts_dir
    if found := shadow(root):
        try:
            with _limited(LONGEST_START):
                predictor = Predictor.load(root, found.version)
        except ArtifactError as error:
            logger.error("The shadow cannot answer. %s", error)
            sys.exit(1)
        Follower(root, found, predictor, log).run()


class Follower:
    """Stores what a shadow says to each record since it was chosen, oldest first.

    Records are read `LAG` after they were made; one that is stored later yet is passed over.
    """

    def __init__(
        self, root: Path, shadow: Shadow, predictor: Predictor, log: PredictionLog
    ) -> None:
        self.root, self.shadow, self.predictor, self.log = root, shadow, predictor, log
        self._after: str | None = None  # the id of the record that it has come to
        self._rows = 1  # to answer at once

    def run(self) -> None:
        while shadow(self.root) == self.shadow:
            try:
                more = self.step()
            except LogUnavailable as error:
                logger.warning("The shadow waits for the database: %s", error)
                self._wait()
            else:
                time.sleep(0 if more else LOOK)

    def step(self) -> bool:
        """Answer the next records; false when there were none, or none that are old enough."""
        if self._after is None:
            self._after = self._resumed()
        end = id_at(datetime.now(UTC) - LAG)
        records = [one for one in self.log.scan(self._after, self._rows) if one.id < end]
        if due := [record for record in records if self._is_due(record)]:
            self._answer(due)
        if records:
            self._after = records[-1].id
        return bool(records)

    def _resumed(self) -> str:
        """The newest record that has an answer of this shadow, or from where it has none."""
        first, before = id_at(self.shadow.since), None
        while records := self.log.page(Query(limit=MOST_ROWS, before=before)):
            for record in records:
                if record.id < first:
                    return first
                if self._has_answered(record):
                    return record.id
            before = records[-1].id
        return first

    def _has_answered(self, record: Record) -> bool:
        return record.shadow is not None and record.shadow["version"] == self.shadow.version

    def _is_due(self, record: Record) -> bool:
        return record.model_version != self.shadow.version and not self._has_answered(record)

    def _answer(self, records: list[Record]) -> None:
        """Store what the shadow says; as many rows as it takes a second for come next.

        A row by itself, such as the first one of a process, is marked before, so that one that
        ends the process is passed over by the next.
        """
        if len(records) == 1:
            self._store(records, [{"error": KILLED}])
        started = time.monotonic()
        with _limited(LONGEST):
            answers = list(_answers(self.predictor, [record.inputs for record in records]))
        quick = time.monotonic() - started < QUICK
        self._rows = min(2 * self._rows, MOST_ROWS) if quick else max(self._rows // 2, 1)
        self._store(records, answers)

    def _store(self, records: list[Record], answers: list[dict[str, Any]]) -> None:
        version = {"version": self.shadow.version}
        pairs = zip(records, answers, strict=True)
        said = {record.id: version | answer for record, answer in pairs}
        while True:  # until it is stored: a mark before it would pass for the answer
            try:
                self.log.set_shadow(said)
            except LogUnavailable as error:
                logger.warning("The shadow waits for the database: %s", error)
                self._wait()
            else:
                return

    def _wait(self) -> None:
        """Until the database is back, and what buffers kept meanwhile is stored."""
        while True:
            time.sleep(LAG.total_seconds())
            with suppress(LogUnavailable):
                self.log.ping()
                time.sleep(LAG.total_seconds())
                return


def _answers(predictor: Predictor, rows: list[Row]) -> Iterator[dict[str, Any]]:
    for row in rows:
        try:
            checked, _ = predictor.validator.from_json([row])
        except InvalidInstances as error:
            yield {"error": str(error)}
            continue
        (answer,) = predictor.predict_each(checked)
        if isinstance(answer, NotFinite):
            yield {"error": str(answer)}
        else:
            yield {"value": answer.value, "probabilities": answer.probabilities}


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """End this process when the shadow takes too long, even if it lets no other thread run."""
    with open(os.devnull, "w") as nowhere:
        faulthandler.dump_traceback_later(seconds, exit=True, file=nowhere)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()


def _stand_back() -> None:
    """Leave processors and memory to those that answer callers, and end with the server."""
    if hasattr(os, "nice"):
        os.nice(10)
    with suppress(OSError):  # where there is Linux: the first to go when memory runs out
        Path("/proc/self/oom_score_adj").write_text("1000")
    threading.Thread(target=_end_with_input, daemon=True).start()


def _end_with_input() -> None:
    while os.read(0, 1):
        pass
    os._exit(0)
