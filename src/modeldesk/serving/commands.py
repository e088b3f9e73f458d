"""What the commands do, whichever framework parses their options."""

import errno
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from ..ml.artifact import Artifact, ArtifactError, ChangedAnswers
from ..ml.batch import predict_file
from ..ml.logged import LoggedRows, offering
from ..ml.predictor import Predictor
from ..ml.project import artifacts_dir, training
from ..ml.signature import SignatureError
from ..ml.versions import current_version
from .denied import WORDS, denied
from .doctor import slow_rules
from .log import LogUnavailable
from .markers import markers_fault
from .newest import NothingLogged
from .port import port_fault
from .prune_command import PruneError
from .settings import Settings, SettingsError, write_secrets
from .tallies import keeping_count
from .transfer import Stores, TransferError, export_all, import_all, several


class NotReady(Exception):
    """The service cannot start; the message says what to do."""


EXPECTED = (
    ArtifactError,
    LogUnavailable,
    NothingLogged,
    NotReady,
    PruneError,
    SettingsError,
    SignatureError,
    TransferError,
)

# What only training and the models of some formats need, by the names of their packages.
OF_TRAINING = {
    **{
        name: name for name in ("joblib", "onnx", "pandas", "pyarrow", "scipy", "skl2onnx", "skops")
    },
    "google": "protobuf",
    "sklearn": "scikit-learn",
}
NO_ROOM = {errno.ENOSPC, errno.EDQUOT}
NO_FOLDER = "No usable temporary directory"  # as tempfile says it

Say = Callable[[str], None]


def told(error: Exception, database_url: Callable[[], str]) -> str | None:
    """A sentence for what ended a command; of what the database denies its user, too."""
    said = sentence(error)
    if (not said or isinstance(error, LogUnavailable)) and WORDS.search(str(error)):
        return denied(database_url(), str(error))
    return said


def sentence(error: Exception) -> str | None:
    """What is told of an error that can be expected, without a traceback; None for others."""
    if isinstance(error, EXPECTED):
        return str(error)
    if isinstance(error, SyntaxError):
        return markers_fault()
    if isinstance(error, ModuleNotFoundError):
        library = OF_TRAINING.get(str(error.name).partition(".")[0])
        where = "run `uv sync` in the project's folder, and the command by `uv run`"
        return f"This needs {library}, which is not installed here; {where}." if library else None
    if isinstance(error, OSError):
        if error.errno in NO_ROOM:
            place = f" for {error.filename}" if error.filename else ""
            return f"The disk has no room{place} ({error.strerror}); make some and try again."
        if str(error.strerror).startswith(NO_FOLDER):
            return f"{error.strerror}; make room in one of them, or name another as TMPDIR."
    return None


def train(
    say: Say, *, promote: bool = True, force: bool = False, logged: LoggedRows | None = None
) -> Artifact:
    """Run the project's training, which may add logged rows, and tell what came of it."""
    from ..ml.promotion import publishing

    main = training()

    with publishing(promote=promote, force=force), offering(logged) if logged else nullcontext():
        artifact: Artifact = main()
    say(_outcome(artifact))
    for name, score in artifact.metrics["metrics"].items():
        say(f"  {name:<20}{score:.4g}")
    if refused := artifact.metrics["parity"].get("onnx_refused"):
        say(f"Served by scikit-learn, as ONNX was refused: {refused}")
    return artifact


def _outcome(artifact: Artifact) -> str:
    version, name = artifact.version, artifact.signature.name
    if current_version(artifact.path.parent) == version:
        return f"Version {version} of {name} is current."
    return f"Version {version} of {name} is saved; to serve it: `manage promote {version}`"


def import_model(
    path: Path,
    data: Path,
    targets: Sequence[str],
    *,
    name: str | None = None,
    told: Mapping[str, Any] | None = None,
    encoding: str = "utf-8-sig",
    classes: str | None = None,
    accept_score: bool = False,
    yes: bool = False,
    promote: bool = True,
    force: bool = False,
    ask: Callable[[str], bool],
    say: Say,
) -> None:
    """Make a model somebody has the current one, and tell how it compares and scores.

    `told` is how the columns are read, by the names of `import_options.READING`.
    """
    from ..ml.importing import import_model
    from ..ml.promotion import publishing
    from .import_options import told_by

    with publishing(promote=promote, force=force):
        artifact = import_model(
            path,
            data,
            targets,
            name=name,
            told=told_by(told or {}),
            encoding=encoding,
            classes=classes,
            accept_score=accept_score,
            agreed=lambda warning: yes or (sys.stdin.isatty() and ask(f"{warning}. Read it?")),
            say=say,
            root=artifacts_dir(),
        )
    parity, source = artifact.metrics["parity"], artifact.metrics["imported"]
    say(f"Served and original, compared on {parity['rows']:,} of {source['rows']:,} rows of {data}")
    if artifact.signature.output.of_classes:
        say(f"  {'labels equal':<20}{'yes' if parity['labels_equal'] else 'no'}")
    say(f"  {'worst difference':<20}{parity['difference']:.2g}")
    answers, output = artifact.metrics["answers"], artifact.signature.output
    for label, share in answers.items():
        say(f"  {output.shown(label):<20}{share:.1%}")
    for limit in artifact.metrics.get("limits", []):
        say(limit)
    if not targets:
        say("No score, as no column of true answers was named (`--target`)")
    if artifact.metrics["held_out_rows"]:
        say(f"Score on {artifact.metrics['held_out_rows']:,} rows of {data}")
    for measure, score in artifact.metrics["metrics"].items():
        say(f"  {measure:<20}{score:.4g}")
    if refused := parity.get("onnx_refused"):
        say(f"Served by the libraries it was trained with, as ONNX was refused: {refused}")
    else:
        say("Served by ONNX Runtime, which needs none of the libraries it was trained with")
    say(_outcome(artifact))


def serve(
    target: str,
    settings: Settings,
    *,
    host: str,
    port: int,
    workers: int,
    unreachable: Callable[[], str | None],
    outdated: Callable[[], str | None],
    migrate: Callable[[], None],
    count: Callable[[bool], None],
    say: Say,
) -> None:
    """Serve the WSGI application `target`; in development, first prepare what is missing.

    `unreachable` says why the database cannot be asked, `outdated` why it is not ready for this
    release, and `migrate` makes it so. `count` keeps the counts of predictions, all of them anew
    if it is told so.
    """
    if fault := markers_fault("src"):
        raise NotReady(fault)
    if not settings.production:
        if written := write_secrets(settings):
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
    try:
        if slow := slow_rules(Predictor.load(settings.artifacts_dir)):
            say(slow)
    except ChangedAnswers as error:  # /readyz says so, too; a restart would mend nothing
        say(str(error))
    if fault := port_fault(host, port) or outdated():
        raise NotReady(fault)
    from .server import run_server  # what no other command needs

    say(f"Serving on http://{host}:{port}")
    with keeping_count(count):
        run_server(target, settings, host=host, port=port, workers=workers)


def predict(source: Path, target: Path, *, encoding: str, say: Say) -> bool:
    """Predict the rows of a file; true when none was refused."""
    predictor = Predictor.load(artifacts_dir())
    summary = predict_file(predictor, source, target, encoding=encoding, progress=True)
    say(f"{summary.rows - summary.refused} rows predicted, {summary.refused} refused: {target}")
    for fault in summary.first_faults:
        say(f"  {fault}")
    return not summary.refused


def export_file(
    path: Path, stores: Stores, *, outdated: Callable[[], str | None], say: Say
) -> None:
    """Write all that is kept to a file."""
    if fault := outdated():
        raise NotReady(fault)
    for kind, summary in export_all(stores, path).items():
        earlier = f", {summary.present} of them by an earlier run" if summary.present else ""
        say(f"{summary.present + summary.added} {several(kind)} exported{earlier}: {path}")
    if "account" in stores:
        say(f"{path} holds addresses and hashes of passwords: let nobody else read it.")


def import_file(
    path: Path, stores: Stores, *, outdated: Callable[[], str | None], say: Say
) -> bool:
    """Add what is in a file; true when none of it is there with other content."""
    if fault := outdated():
        raise NotReady(fault)
    summaries = import_all(stores, path)
    for kind, summary in summaries.items():
        if summary.left_out:
            say(f"{summary.left_out} {several(kind)} left out, as this service has none")
            continue
        say(f"{summary.added} {several(kind)} imported, {summary.present} were there already")
        if summary.shut_out:
            say("These cannot log in, for want of a password or a confirmed address, and no mails")
            say("are sent here; `create-admin` lets them in, as administrators:")
        for email in summary.shut_out:
            say(f"  {email}")
        if summary.different:
            say(f"{summary.different} of those are not as in {path}, and stay as they are:")
        for identifier in summary.first_different:
            say(f"  {identifier}")
    return not any(summary.different for summary in summaries.values())
