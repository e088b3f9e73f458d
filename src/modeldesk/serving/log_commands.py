"""What the commands do that read the log, whichever framework parses their options."""

from collections.abc import Callable

from ..ml.logged import LoggedRows
from ..ml.predictor import Predictor
from ..ml.project import artifacts_dir
from ..ml.versions import resolve
from . import replay as replaying
from .commands import NotReady, Say
from .log import PredictionLog
from .retraining import rows_with_feedback

Outdated = Callable[[], str | None]


def logged_rows(log: PredictionLog, *, outdated: Outdated, say: Say) -> LoggedRows:
    """What `train --with-feedback` adds to the training data."""
    if fault := outdated():
        raise NotReady(fault)
    return rows_with_feedback(log, say)


def replay(text: str, limit: int, log: PredictionLog, *, outdated: Outdated, say: Say) -> None:
    """Tell what would have changed, had another version answered the newest rows of the log."""
    root = artifacts_dir()
    predictor = Predictor.load(root, resolve(root, text))
    if fault := outdated():
        raise NotReady(fault)
    for line in replaying.report(replaying.replay(predictor, log, limit)):
        say(line)
