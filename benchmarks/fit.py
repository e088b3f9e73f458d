"""Fits the two models, in the environment of a project, and publishes them as its owner would.

They are of the project's own sample data, and of numbers alone, so that a view can give
scikit-learn a matrix of NumPy: a frame of one row would cost it three times as much.
"""

import json
import shutil
import sys
from pathlib import Path

import joblib
from modeldesk.ml import publish
from my_service.ml.train import FEATURES, NAMES, OUTPUT
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

MODELS = {
    "linear": make_pipeline(StandardScaler(), RidgeCV()),
    "forest": RandomForestRegressor(100, random_state=0),
}
ROWS = 1000


def main(root: Path) -> None:
    """Each gets a folder: artifacts for the services, model.joblib, model.onnx and rows.json."""
    X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
    X = X.set_axis(NAMES, axis="columns").astype("float32").astype("float64")
    rows = X.sample(ROWS, replace=True, random_state=0).to_dict("records")
    for name, model in MODELS.items():
        folder = root / name
        folder.mkdir()
        artifact = publish(
            model.fit(X, y),
            X,
            y,
            name=f"diabetes-{name}",
            test=(X, y),
            features=FEATURES,
            output=OUTPUT,
            root=folder / "artifacts",
        )
        shutil.copy(artifact.path / "model.onnx", folder)
        joblib.dump(model.fit(X.to_numpy(), y), folder / "model.joblib")
        (folder / "rows.json").write_text(json.dumps(rows))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
