"""Stands in for a service whose model must not be served yet, and says why."""

import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ..ml.artifact import ChangedAnswers
from ..ml.versions import stamp
from .answers import Answer, Problem, to_json
from .deployment import PAUSE, logger
from .wsgi import Application, Environ, Start, send


class Waiting:
    """A WSGI application that answers 503 until `start` succeeds, and is then `app`.

    Without it, a platform would start the service over and over. `start` loads the model, and is
    called again once another version is current, or after half a minute. Raises what it raises,
    but for ChangedAnswers.
    """

    def __init__(self, app: Application, start: Callable[[], Any], root: Path) -> None:
        self.app, self.start, self.root = app, start, root
        self._lock = threading.Lock()
        self._reason = ""
        self._try()

    def __call__(self, environ: Environ, start_response: Start) -> Iterable[bytes]:
        if self._reason and self._is_due():
            with self._lock:
                if self._reason and self._is_due():
                    self._try()
        if not self._reason:
            return self.app(environ, start_response)
        answer = Problem(503, self._reason, headers={"Retry-After": "30"}).answer(
            environ.get("app.request_id", "")
        )
        if environ["PATH_INFO"] in ("/healthz", "/ping"):
            answer = Answer(200, to_json({"status": "alive"}))
        return send(answer, start_response)

    def _is_due(self) -> bool:
        return stamp(self.root) != self._stamp or time.monotonic() > self._again

    def _try(self) -> None:
        self._stamp, self._again = stamp(self.root), time.monotonic() + PAUSE
        try:
            self.start()
        except ChangedAnswers as error:
            if str(error) != self._reason:
                logger.error("Nothing is served. %s", error)
            self._reason = str(error)
        else:
            self._reason = ""
