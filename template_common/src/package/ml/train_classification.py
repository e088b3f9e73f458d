"""Trains the model this project serves. The file is yours: put your own data and model here."""

from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from . import Artifact, publish, with_feedback

NAMES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
FEATURES = {name: {"unit": "cm"} for name in NAMES}
OUTPUT = {"name": "species", "description": "Species of iris"}
LIMITS = [
    "It knows three species of iris, and calls any other flower one of them.",
    "Its data are 150 flowers that one botanist measured; those of other places may differ.",
]


def main() -> Artifact:
    """Fit, measure on a held-out quarter of the 150 flowers, and publish."""
    iris = load_iris(as_frame=True)
    X = iris.data.set_axis(NAMES, axis="columns").astype("float32")  # models serve in 32 bits
    y = iris.target.map(dict(enumerate(iris.target_names)))
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.25, random_state=0, stratify=y)
    X, y = with_feedback(X, y)  # and logged rows, in `manage train --with-feedback`
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
    return publish(
        model,
        X,
        y,
        name="iris-species",
        test=(X_test, y_test),
        features=FEATURES,
        output=OUTPUT,
        limits=LIMITS,
    )
