"""`manage shadow`, whichever framework parses its options."""

from collections.abc import Callable

from ..ml.answered import Prediction
from ..ml.artifact import ArtifactError
from ..ml.predictor import Predictor
from ..ml.project import artifacts_dir
from ..ml.validation import Fault
from ..ml.versions import Shadow, current_version, resolve, set_shadow, shadow, shadow_version
from .commands import NotReady, Say
from .log import PredictionLog, Query
from .newest import newest
from .replay import ROWS, Replay, comparison


def choose(version: str | None, *, off: bool, say: Say) -> None:
    """Start or end a shadow."""
    if off and version:
        raise NotReady("Give a version or --off, not both.")
    if version:
        start(version, say)
    else:
        end(say)


def start(text: str, say: Say) -> None:
    """Let a version answer beside the current one what is asked from now on."""
    root = artifacts_dir()
    version = resolve(root, text)
    Predictor.load(root, version)  # one that cannot answer is refused here
    set_shadow(root, version)
    say(f"Version {version} answers beside {current_version(root)} while `manage serve` runs.")
    say("Its answers are logged, and nobody gets them. How they compare: `manage shadow`")


def end(say: Say) -> None:
    """Let no version answer beside the current one."""
    root = artifacts_dir()
    version = shadow_version(root)
    if version is None:
        raise ArtifactError("No version answers in the shadow.")
    set_shadow(root, None)
    say(f"Version {version} answers in the shadow no more; what it said stays logged.")


def tell(log: PredictionLog, *, outdated: Callable[[], str | None], say: Say) -> None:
    """Tell which version is the shadow, and how its answers compare with those that were given."""
    root = artifacts_dir()
    found = shadow(root)
    if found is None:
        raise ArtifactError("No version answers in the shadow; choose one: `manage shadow VERSION`")
    if fault := outdated():
        raise NotReady(fault)
    compared, waiting = compare(found, Predictor.load(root, found.version), log)
    say(f"Version {found.version} answers in the shadow since {found.since:%Y-%m-%d %H:%M} UTC.")
    say(f"Of the newest {compared.rows + waiting:,} rows since, {compared.rows:,} have its answer.")
    if compared.rows:
        for line in comparison(compared):
            say(line)
    elif waiting:
        say("Answers come seconds after a row, while `manage serve` runs.")


def compare(
    found: Shadow, predictor: Predictor, log: PredictionLog, *, progress: bool = True
) -> tuple[Replay, int]:
    """What a shadow said to the newest rows, held against what was answered.

    With it how many of these rows have no answer of it. Its own predictions are left out.
    """
    compared, waiting = Replay(predictor), 0
    for records in newest(log, Query(limit=ROWS, since=found.since), progress=progress):
        for record in (one for one in records if one.model_version != found.version):
            said = record.shadow
            if said is None or said["version"] != found.version:
                waiting += 1
            elif "error" in said:
                compared.add(record, Fault((), said["error"], said["error"]))
            else:
                compared.add(record, Prediction(said["value"], said["probabilities"]))
    return compared, waiting
