"""Trained models on disk: one folder a version."""

import hashlib
import json
import os
import re
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from .signature import Signature, brief

PROBES = "probes.json.gz"
Runtime = Literal["onnx", "skops"]


class ArtifactError(Exception):
    """A model cannot be saved or served; one sentence says why and what mends it."""


class ChangedAnswers(ArtifactError):
    """A version answers its probes otherwise here than its original did."""


@dataclass(frozen=True)
class Artifact:
    """A saved model; `metrics` is metrics.json as it stands, and `kept` the probes of it."""

    path: Path
    version: str
    signature: Signature
    metrics: dict[str, Any]
    trained_at: datetime
    runtime: Runtime
    kept: bytes | None = None


def read(root: Path, version: str | None = None) -> tuple[Artifact, bytes]:
    """Return a version, the current one by default, and its model; both are verified.

    Raises ArtifactError when it is missing, damaged or foreign, or its contract was edited.
    """
    current = root / "current"
    if version is None and not current.is_file():
        raise ArtifactError(f"There is no model in {root} yet; train one with `manage train`.")
    version = version or "".join(current.read_text("utf-8", "replace").split()[:1])
    path = root / version
    if not re.fullmatch(r"[0-9a-f]{12}", version) or not path.is_dir():
        raise ArtifactError(f"{root} has no model {version[:40]!r}; train one: `manage train`.")
    try:
        signature = Signature.model_validate_json((path / "signature.json").read_bytes())
        metrics = json.loads((path / "metrics.json").read_bytes())
        trained_at = datetime.fromisoformat(metrics["trained_at"])
        runtime: Runtime = "onnx" if metrics["runtime"] == "onnx" else "skops"
        model = (path / f"model.{runtime}").read_bytes()
        kept = (path / PROBES).read_bytes() if "probes" in metrics else None
    except (OSError, ValueError, KeyError, TypeError) as error:
        why = f"The model in {path} is damaged ({brief(error)})"
        raise ArtifactError(f"{why}; mend it or train anew: `manage train`.") from error
    if signature.digest(model) != version:
        raise ArtifactError(
            f"The model in {path}, or the names, types, categories or classes in its "
            "signature.json, are not as trained; restore them or train anew: `manage train`."
        )
    if kept is not None and hashlib.sha256(kept).hexdigest() != metrics["probes"]:
        why = f"The probes of a model in {path / PROBES} are not as recorded"
        raise ArtifactError(f"{why}; restore them or train anew: `manage train`.")
    return Artifact(path, version, signature, metrics, trained_at, runtime, kept), model


def load(root: Path, version: str | None = None) -> Artifact:
    """Return a verified version, the current one by default. Raises ArtifactError."""
    return read(root, version)[0]


def save(
    root: Path,
    model: bytes,
    signature: Signature,
    metrics: dict[str, Any],
    card: str,
    *,
    kept: bytes | None = None,
) -> Artifact:
    """Write a version whole or not at all, and return it; `current` stays as it is.

    `kept` are the probes that it is asked when it is loaded. The same model and contract are the
    same version, whose other files are then replaced.
    """
    version = signature.digest(model)
    metrics = {name: value for name, value in metrics.items() if name != "probes"}  # of another
    if kept:
        metrics["probes"] = hashlib.sha256(kept).hexdigest()
    files = {
        f"model.{metrics['runtime']}": model,
        "signature.json": signature.model_dump_json(indent=2).encode(),
        "metrics.json": json.dumps(metrics, indent=2, allow_nan=False).encode(),
        "card.md": card.encode(),
    } | ({PROBES: kept} if kept else {})
    target, staging = root / version, root / f".{version}.{os.getpid()}"
    try:
        staging.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (staging / name).write_bytes(content)
        if not target.is_dir():
            os.replace(staging, target)
        for left in staging.glob("*"):
            os.replace(left, target / left.name)
    except OSError as error:
        raise ArtifactError(f"Cannot write to {root}: {error.strerror}.") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return load(root, version)
