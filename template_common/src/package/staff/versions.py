"""The versions of the model on disk."""

from pathlib import Path
from typing import Any

from ..ml.artifact import ArtifactError, load
from ..ml.versions import current_version
from ..serving.forms import moment
from ..serving.service import Service


def versions(service: Service, root: Path) -> list[dict[str, Any]]:
    """What is known of each version in the folder of artifacts, newest first."""
    found = [_version(root, path.name, service) for path in root.glob("[0-9a-f]*") if path.is_dir()]
    return sorted(found, key=lambda version: str(version["sort"]), reverse=True)


def _version(root: Path, name: str, service: Service) -> dict[str, Any]:
    try:
        artifact = load(root, name)
    except ArtifactError as error:
        return {"version": name, "fault": str(error), "sort": "", "served": False}
    card = artifact.path / "card.md"
    return {
        "version": name,
        "fault": "",
        "sort": artifact.trained_at.isoformat(),
        "served": name == service.predictor.version,
        "current": name == current_version(root),
        "name": artifact.signature.name,
        "trained": moment(artifact.trained_at),
        "runtime": artifact.runtime,
        "features": len(artifact.signature.features),
        "rows": artifact.metrics.get("held_out_rows") or "",
        "metrics": [
            {"name": metric.replace("_", " "), "value": f"{value:.4g}"}
            for metric, value in artifact.metrics["metrics"].items()
        ],
        "card": card.read_text("utf-8", "replace") if card.is_file() else "",
    }
