"""Many log-ins at once: few passwords are hashed at a time, and nobody else waits for that."""

import threading
from collections.abc import Iterable
from typing import Any

import pytest
from modeldesk.serving.middleware import HASHED, Gateway
from modeldesk.serving.settings import Settings
from modeldesk.testing.waiting import eventually

pytestmark = pytest.mark.usefixtures("nobody_asks")  # whose folder has the database


class Slow:
    """An application whose forms of accounts take until `go`."""

    def __init__(self) -> None:
        self.inside, self.most, self.answered = 0, 0, 0
        self.go, self.lock = threading.Event(), threading.Lock()

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "POST" and "accounts" in environ["PATH_INFO"]:
            with self.lock:
                self.inside += 1
                self.most = max(self.most, self.inside)
            self.go.wait()
            with self.lock:
                self.inside -= 1
        start("200 OK", [])
        self.answered += 1
        return []


def test_few_passwords_are_hashed_at_a_time() -> None:
    app = Slow()
    gateway = Gateway(app, Settings.model_validate({}))

    def ask(method: str, path: str) -> None:
        environ = {"PATH_INFO": path, "SCRIPT_NAME": "", "REQUEST_METHOD": method}
        environ |= {"HTTP_HOST": "localhost", "REMOTE_ADDR": "10.0.0.1", "wsgi.url_scheme": "http"}
        gateway(environ, lambda *_: None)

    people = [
        threading.Thread(target=ask, args=("POST", "/accounts/login")) for _ in range(3 * HASHED)
    ]
    for person in people:
        person.start()
    eventually(lambda: app.inside == HASHED, within=30)
    ask("GET", "/accounts/login")
    ask("POST", "/api/v1/predict")
    assert app.answered == 2
    app.go.set()
    for person in people:
        person.join()
    assert (app.most, app.answered) == (HASHED, 2 + len(people))
