"""Writes what `mlserver start` reads: its own runtime for scikit-learn, in two processes."""

import json
from pathlib import Path

folder = Path("model")
folder.mkdir(exist_ok=True)
model = str(Path("model.joblib").resolve())
about = {"name": "model", "implementation": "mlserver_sklearn.SKLearnModel"}
(folder / "model-settings.json").write_text(json.dumps(about | {"parameters": {"uri": model}}))
(folder / "settings.json").write_text(json.dumps({"parallel_workers": 2, "debug": False}))
