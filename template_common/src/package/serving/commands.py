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
from .log import LogUnavailable
from .server import port_fault, run_server
from .settings import Settings, SettingsError, has_secret, write_secret


class NotReady(Exception):
    """The service cannot start; the message says what to do."""


# Told as one sentence, without a traceback.
EXPECTED = (ArtifactError, BatchError, LogUnavailable, NotReady, SettingsError, SignatureError)

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
    outdated: Callable[[], str | None],
    migrate: Callable[[], None],
    say: Say,
) -> None:
    """Serve the WSGI application `target`; in development, first prepare what is missing.

    `outdated` says why the database is not ready for this release, `migrate` makes it so.
    """
    settings = Settings.load()
    if not settings.production:
        if not has_secret():
            write_secret()
            say("Wrote a new SECRET_KEY to .env")
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
