"""The versions of the model: shown, compared, and what an administrator does with them."""

import logging
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from ..ml import promotion
from ..ml.artifact import ArtifactError, load
from ..ml.compatibility import differences
from ..ml.versions import (
    current_version,
    history,
    previous_version,
    resolve,
    set_shadow,
    shadow_version,
    versions,
)
from ..serving.forms import moment
from ..serving.live_table import live_table
from ..serving.service import Service
from ..serving.summaries import SummaryStore
from ..serving.version_commands import side_by_side

MOST_DIFFERENCES = 30  # of either kind that are shown

logger = logging.getLogger(__name__)


def act(root: Path, given: Mapping[str, str], who: str) -> str:
    """Do what a form of the page says, and tell what was done.

    Raises ArtifactError when it cannot be; then nothing has changed.
    """
    action = ACTIONS.get(given.get("action", ""))
    if action is None:
        raise ArtifactError("Choose what to do.")
    done = action(root, given)
    logger.info("%s: %s", who, done)
    return done


def _promote(root: Path, given: Mapping[str, str]) -> str:
    version, current = _named(root, given.get("new")), current_version(root)
    if version == current:
        raise ArtifactError(f"Version {version} is the current one already.")
    _check_seen(current, given)
    try:
        done = promotion.promote(root, version, force="force" in given)
    except promotion.Incompatible as error:
        mend = "tick the box below to promote it all the same"
        raise ArtifactError(f"Version {version} breaks callers of {current}; {mend}.") from error
    if any(difference.breaks for difference in done.differences):
        return f"Version {version} is current, although it breaks callers of {done.before}."
    return f"Version {version} is current, in place of {done.before}."


def _roll_back(root: Path, given: Mapping[str, str]) -> str:
    _check_seen(current_version(root), given)
    done = promotion.roll_back(root)
    return f"Version {done.version} is current again, in place of {done.before}."


def _run_in_shadow(root: Path, given: Mapping[str, str]) -> str:
    version = _named(root, given.get("new"))
    set_shadow(root, version)
    return f"Version {version} runs in the shadow: its answers are logged, and not given."


def _end_shadow(root: Path, given: Mapping[str, str]) -> str:
    version = shadow_version(root)
    if not version:
        raise ArtifactError("No version runs in the shadow.")
    set_shadow(root, None)
    return f"Version {version} runs in the shadow no more."


ACTIONS = {
    "promote": _promote,
    "roll_back": _roll_back,
    "shadow": _run_in_shadow,
    "end_shadow": _end_shadow,
}


def _named(root: Path, text: str | None) -> str:
    if not text:
        raise ArtifactError("Choose a version.")
    return resolve(root, text)


def _check_seen(current: str | None, given: Mapping[str, str]) -> None:
    """Raise ArtifactError unless the version that the page showed as current still is."""
    if given.get("old") != current:
        why = f"version {current} has become current since this page was opened"
        raise ArtifactError(f"Nothing is changed, as {why}.")


def context(
    service: Service, summaries: SummaryStore, asked: Mapping[str, str], fault: str
) -> dict[str, Any]:
    """What staff/versions.html shows; `asked` may name an old and a new version to compare."""
    root = service.deployment.root
    known, current = versions(root), current_version(root) or ""
    others = [version for version in known if version != current]
    pair = asked.get("old") or current, asked.get("new") or next(iter(others), "")
    figures, comparison = live_table(service, summaries), None
    if "new" in asked:
        try:
            comparison = _comparison(root, pair[0], asked["new"], current)
            comparison["rows"] += _in_use(figures, comparison["old"], comparison["new"])
        except ArtifactError as error:
            fault = fault or str(error)
    since = dict(reversed(history(root)))
    states = {
        "current": current,
        "previous": previous_version(root),
        "shadow": shadow_version(root),
        "served": service.predictor.version,
    }
    return {
        "fault": fault,
        "current": current,
        "previous": states["previous"],
        "comparison": comparison,
        "live": figures,
        "choices": [{"version": v, "old": v == pair[0], "new": v == pair[1]} for v in known],
        "versions": [
            _version(root, version, since.get(version))
            | {f"is_{state}": version == named for state, named in states.items()}
            for version in known
        ],
    }


def _version(root: Path, version: str, promoted: datetime | None) -> dict[str, Any]:
    """What is known of a version."""
    try:
        artifact = load(root, version)
    except ArtifactError as error:
        return {"version": version, "fault": str(error)}
    card = artifact.path / "card.md"
    return {
        "version": version,
        "name": artifact.signature.name,
        "trained": moment(artifact.trained_at),
        "promoted": moment(promoted) if promoted else "",
        "runtime": artifact.runtime,
        "features": len(artifact.signature.features),
        "rows": artifact.metrics.get("held_out_rows") or "",
        "metrics": [
            {"name": metric.replace("_", " "), "value": f"{value:.4g}"}
            for metric, value in artifact.metrics["metrics"].items()
        ],
        "card": card.read_text("utf-8", "replace") if card.is_file() else "",
    }


def _comparison(root: Path, old: str, new: str, current: str) -> dict[str, Any]:
    """Two versions side by side, and what callers of the old one meet. Raises ArtifactError."""
    before, after = (load(root, _named(root, text)) for text in (old, new))
    if before.version == after.version:
        raise ArtifactError(f"Version {before.version} is compared with itself; choose another.")
    found = differences(before.signature, after.signature)
    breaking = [difference.text for difference in found if difference.breaks]
    others = [difference.text for difference in found if not difference.breaks]
    _, *rows = side_by_side(before, after)
    return {
        "old": before.version,
        "new": after.version,
        "of_current": before.version == current,
        "rows": [{"name": name.replace("_", " "), "old": a, "new": b} for name, a, b in rows],
        "breaking": _shortened(breaking),
        "others": _shortened(others),
    }


def _shortened(texts: list[str]) -> list[str]:
    """The first of many, and how many there are more."""
    more = len(texts) - MOST_DIFFERENCES
    return [*texts[:MOST_DIFFERENCES], *([f"and {more:,} more"] if more > 0 else [])]


def _in_use(figures: dict[str, Any], old: str, new: str) -> list[dict[str, str]]:
    """What the figures tell of two versions, in rows of their comparison."""
    found = {row["version"]: row for row in figures["rows"]}
    one, other = found.get(old, {}), found.get(new, {})
    names = {
        "predictions": "predictions",
        "median": "median time to answer",
        "p95": "95 % answered within",
        "outcome_score": f"{figures['score']} on true outcomes",
        "drift": "drift",
    }
    return [
        {"name": name, "old": one.get(key, ""), "new": other.get(key, "")}
        for key, name in names.items()
        if one.get(key) or other.get(key)
    ]
