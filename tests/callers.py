"""Callers who ask a service again and again, and keep what they were told."""

import contextlib
import http.client
import json
import threading
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Self

from .helpers import example

CALLERS = 6
KEPT = 50  # requests of one connection; the next one may be to another worker
PAUSE = 0.02  # seconds between two requests of a caller, which leave the service time to work


class Callers(ABC):
    """Threads that ask a service for two rows again and again, as long as the block lasts."""

    def __init__(self, port: int, number: int) -> None:
        self.port = port
        self.body = json.dumps({"instances": [example(port)] * 2})
        self.faults: list[str] = []
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.call) for _ in range(number)]

    def __enter__(self) -> Self:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    @abstractmethod
    def call(self) -> None:
        """What one of them does until `stopping` is set."""


@dataclass(frozen=True)
class Answer:
    """What one request was told, and when it began and ended."""

    began: float
    ended: float
    version: str
    predictions: list[Any]


class Load(Callers):
    """Callers that ask with hardly a pause, and keep what they were told."""

    def __init__(self, port: int) -> None:
        super().__init__(port, CALLERS)
        self.answers: list[Answer] = []

    def call(self) -> None:
        while not self.stopping.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            with contextlib.closing(connection):
                for number in range(KEPT):
                    try:
                        self.ask(connection, describe=number % 10 == 0)
                    except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
                        self.faults.append(repr(error))
                        break
                    time.sleep(PAUSE)

    def ask(self, connection: http.client.HTTPConnection, *, describe: bool) -> None:
        """Predict, or let the model be described."""
        began = time.monotonic()
        if describe:
            connection.request("GET", "/api/v1/model")
        else:
            headers = {"Content-Type": "application/json"}
            connection.request("POST", "/api/v1/predict", self.body, headers)
        response = connection.getresponse()
        content = json.loads(response.read())
        ended = time.monotonic()
        if response.status != 200:
            self.faults.append(f"{response.status} {content}")
        elif describe:
            self.answers.append(Answer(began, ended, content["version"], []))
        else:
            version, predictions = content["model"]["version"], content["predictions"]
            self.answers.append(Answer(began, ended, version, predictions))
