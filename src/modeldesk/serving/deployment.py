"""The version that is served; another one takes its place while requests go on."""

import logging
import threading
import time
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel

from ..ml.predictor import Predictor
from ..ml.signature import Signature
from ..ml.versions import signature_of, stamp
from .body import feedback_body
from .openapi import openapi

KEPT = 100  # versions that made predictions, whose signatures are kept in memory
PAUSE = 30.0  # seconds until a version that could not be loaded is tried again

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Contract:
    """What a version takes and gives, and the feedback that its predictions take."""

    signature: Signature
    feedback_body: type[BaseModel]

    @classmethod
    def of(cls, signature: Signature) -> Self:
        return cls(signature, feedback_body(signature.output))


@dataclass(frozen=True)
class Served:
    """A version that answers, and all that follows from it."""

    predictor: Predictor
    contract: Contract
    model: dict[str, str]
    openapi: dict[str, Any]

    @classmethod
    def load(cls, root: Path, *, auth: bool) -> Self:
        """The current version below `root`; `auth`: callers need a token. Raises ArtifactError."""
        predictor = Predictor.load(root)
        model = {"name": predictor.signature.name, "version": predictor.version}
        document = openapi(predictor.signature, model, predictor.validator, auth=auth)
        return cls(predictor, Contract.of(predictor.signature), model, document)


class Deployment:
    """Serves the current version below `root`, whichever that is now; threads may share it."""

    def __init__(self, root: Path, *, auth: bool = False) -> None:
        """Load it. Raises ArtifactError."""
        self.root, self.auth = root, auth
        self.contract_of = lru_cache(KEPT)(self._contract_of)
        self._loading = threading.Lock()
        self._stamp = stamp(root)
        self._served = Served.load(root, auth=auth)
        self._again = float("inf")  # when to try once more, on the monotonic clock

    def latest(self) -> Served:
        """The version that is current now.

        Who first sees that it is another one loads it, and all others wait: after a promotion no
        request begins that the version before answers. One that cannot be loaded is told of in
        the log, and the version before goes on.
        """
        if self._is_outdated(stamp(self.root)):
            with self._loading:
                if self._is_outdated(found := stamp(self.root)):
                    self._load(found)
        return self._served

    def _is_outdated(self, found: tuple[int, ...]) -> bool:
        return found != self._stamp or time.monotonic() > self._again

    def _load(self, found: tuple[int, ...]) -> None:
        try:
            self._served = Served.load(self.root, auth=self.auth)
        except Exception as error:  # whatever it is, callers get their answers
            if found != self._stamp:
                version = self._served.predictor.version
                logger.error("%s Version %s goes on.", error, version)
            self._again = time.monotonic() + PAUSE
        else:
            self._again = float("inf")
            self.contract_of.cache_clear()  # a signature may have been edited
            logger.info("Version %s is served now.", self._served.predictor.version)
        self._stamp = found  # last: whoever sees it takes what is served without waiting

    def _contract_of(self, version: str) -> Contract:
        """That of a version on disk. Raises LookupError when it cannot be told."""
        signature = signature_of(self.root, version)
        if signature is None:
            raise LookupError(version)
        return Contract.of(signature)


# Set by the gateway to None for every request, and then to the version that answers all of it.
current_served: ContextVar[Served | None] = ContextVar("served", default=None)
