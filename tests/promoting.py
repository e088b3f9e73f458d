"""Two versions of a project's model, and a look at which of them is current at each moment."""

import threading
import time
from bisect import bisect_left, bisect_right
from pathlib import Path
from typing import Self

from .helpers import need, run

# Run in a project: two models of the same columns, which answer otherwise.
PUBLISH_TWO = """
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

from my_service.ml import publish

X, y = load_wine(return_X_y=True, as_frame=True)
X = ((X - X.mean()) / X.std()).astype("float32")  # which takes no seconds to be fitted
X, X_test, y, y_test = train_test_split(X, y, random_state=0)
for C in (0.01, 1):
    model = LogisticRegression(C=C).fit(X, y)
    print(publish(model, X, y, name="wine", test=(X_test, y_test)).version)
"""

# Run in a project: promotes its versions in turn, and kills most of those who do at some moment.
PROMOTE_AND_KILL = """
import os, random, signal, sys, time
from pathlib import Path

import onnxruntime  # before the children, which are to begin with what they are for

from modeldesk.ml.promotion import promote
from modeldesk.ml.versions import current_version

root, seconds, versions = Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]
end, kills, halfway = time.monotonic() + seconds, 0, 0
took = 0.0  # seconds, by the last one that was left alone
while time.monotonic() < end or kills < 10:
    before = current_version(root)
    began = time.monotonic()
    child = os.fork()
    if not child:
        promote(root, next(version for version in versions if version != before))
        os._exit(0)
    if took:
        time.sleep(random.uniform(0, took))
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        kills += 1
        halfway += before != current_version(root)
    took = 0.0 if random.random() < 0.2 else took or time.monotonic() - began
print(kills, halfway)
"""


def publish_two(project: Path, **settings: str) -> list[str]:
    """The versions, of which the last is current."""
    return run(project, need("uv"), "run", "python", "-c", PUBLISH_TWO, **settings).split()


class Watch:
    """Reads which version is current, again and again."""

    def __init__(self, artifacts: Path) -> None:
        self.path = artifacts / "current"
        self.order: list[str] = []  # what was current, oldest first
        self.counts: list[int] = []  # of promotions, at each reading
        self.begun: list[float] = []  # when each reading began and ended
        self.ended: list[float] = []
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def __enter__(self) -> Self:
        self.read()
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self.thread.join()
        self.read()

    def watch(self) -> None:
        while not self.stopping.wait(0.005):
            self.read()

    def read(self) -> None:
        began = time.monotonic()
        lines = self.path.read_text("utf-8").splitlines()
        self.begun.append(began)
        self.ended.append(time.monotonic())
        self.counts.append(len(lines))
        self.order = [line.split()[0] for line in reversed(lines)]

    def current(self, began: float, ended: float) -> set[str]:
        """The versions that can have been current at some moment from `began` to `ended`.

        A promotion came about between two readings, which is as near as can be told.
        """
        before = bisect_right(self.ended, began) - 1  # the last reading that was over by then
        after = bisect_left(self.begun, ended)
        return {*self.order[self.counts[before] - 1 : self.counts[after]]}

    @property
    def switches(self) -> int:
        return self.counts[-1] - self.counts[0]
