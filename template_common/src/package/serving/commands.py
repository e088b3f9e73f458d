"""What the commands do, whichever framework parses their options."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from ..ml.artifact import Artifact, ArtifactError
from ..ml.batch import BatchError, predict_file
from ..ml.predictor import Predictor
from ..ml.signature import SignatureError
from .log import LogUnavailable, PredictionLog
from .server import port_fault, run_server
from .settings import Settings, SettingsError, write_secrets
from .transfer import TransferError, export_log, import_log


class NotReady(Exception):
    """The service cannot start; the message says what to do."""


# Told as one sentence, without a traceback.
EXPECTED = (
    ArtifactError,
    BatchError,
    LogUnavailable,
    NotReady,
    SettingsError,
    SignatureError,
    TransferError,
)

Say = Callable[[str], None]


def train(say: Say) -> Artifact:
    """Run `ml/train.py` and tell what came of it."""
    from ..ml.train import main

    os.environ["ARTIFACTS_DIR"] = str(Settings.load().artifacts_dir)  # also when set in .env
    artifact = main()
    say(f"Version {artifact.version} of {artifact.signature.name} is current.")
    for name, score in artifact.metrics["metrics"].items():
        say(f"  {name:<20}{score:.4g}")
    return artifact


def serve(
    target: str,
    *,
    host: str,
    port: int,
    workers: int,
    unreachable: Callable[[], str | None],
    outdated: Callable[[], str | None],
    migrate: Callable[[], None],
    say: Say,
) -> None:
    """Serve the WSGI application `target`; in development, first prepare what is missing.

    `unreachable` says why the database cannot be asked, `outdated` why it is not ready for this
    release, and `migrate` makes it so.
    """
    settings = Settings.load()
    if not settings.production:
        if written := write_secrets():
            say(f"Wrote a new {' and a new '.join(written)} to .env")
        if fault := unreachable():
            raise NotReady(fault)
        if not (settings.artifacts_dir / "current").exists():
            say("There is no model yet: training one")
            # In a process of its own, which takes scikit-learn's memory with it.
            if subprocess.run([sys.argv[0], "train"], check=False).returncode:
                raise NotReady("Without a model there is nothing to serve.")
        if outdated():
            say("Setting up the database")
            migrate()
    Predictor.load(settings.artifacts_dir)
    if fault := port_fault(host, port) or outdated():
        raise NotReady(fault)
    say(f"Serving on http://{host}:{port}")
    run_server(target, settings, host=host, port=port, workers=workers)


def predict(source: Path, target: Path, *, encoding: str, say: Say) -> bool:
    """Predict the rows of a file; true when none was refused."""
    predictor = Predictor.load(Settings.load().artifacts_dir)
    summary = predict_file(predictor, source, target, encoding=encoding, progress=True)
    say(f"{summary.rows - summary.refused} rows predicted, {summary.refused} refused: {target}")
    for fault in summary.first_faults:
        say(f"  {fault}")
    return not summary.refused


def export_file(
    path: Path, log: PredictionLog, *, outdated: Callable[[], str | None], say: Say
) -> None:
    """Write the prediction log to a file."""
    if fault := outdated():
        raise NotReady(fault)
    summary = export_log(log, path)
    earlier = f", {summary.present} of them by an earlier run" if summary.present else ""
    say(f"{summary.present + summary.added} predictions exported{earlier}: {path}")


def import_file(
    path: Path, log: PredictionLog, *, outdated: Callable[[], str | None], say: Say
) -> bool:
    """Add the predictions of a file; true when none is there with other content."""
    if fault := outdated():
        raise NotReady(fault)
    summary = import_log(log, path)
    say(f"{summary.added} predictions imported, {summary.present} were there already")
    if summary.different:
        say(f"{summary.different} of those are not as in {path}, and stay as they are:")
    for identifier in summary.first_different:
        say(f"  {identifier}")
    return not summary.different
