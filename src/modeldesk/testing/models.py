"""Small models for tests, published in a moment."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.compose import make_column_transformer
from sklearn.ensemble import IsolationForest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from ..ml import Artifact, publish

FEATURES: dict[str, dict[str, Any]] = {
    "area": {
        **{"unit": "m²", "description": "Living area"},
        **{"outside": "refuse", "missing": False},
    },
    "age": {"unit": "years"},
    "rooms": {"missing": False},
    "heating": {"outside": "refuse"},
}


TARGETS = ["rent", "$heat.ing"]  # names that not every database likes


def houses(rows: int = 200) -> tuple[pd.DataFrame, pd.Series]:
    """Houses whose age is unknown for some, and whether each is dear."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "area": random.uniform(20, 300, rows).round(1).astype("float32"),
            "age": random.uniform(0, 90, rows).round().astype("float32"),
            "rooms": random.integers(1, 9, rows),
            "garden": random.random(rows) < 0.5,
            "heating": random.choice(["electric", "gas", "oil"], rows),
        }
    )
    frame.loc[::9, "age"] = np.nan
    worth = frame["area"] + 20 * frame["rooms"] + 30 * frame["garden"] - frame["age"].fillna(40)
    return frame, pd.Series(np.where(worth > worth.median(), "dear", "cheap"), name="price")


def pipeline(last: Any) -> Any:
    """A pipeline for houses that ends in the estimator `last`."""
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    prepare = make_column_transformer(
        (numbers, ["area", "age", "rooms"]),
        (OneHotEncoder(handle_unknown="ignore"), ["heating"]),
        ("passthrough", ["garden"]),
    )
    return make_pipeline(prepare, last)


def publish_small_model(root: Path) -> Artifact:
    """A classification of mixed columns, with a number that may be missing."""
    X, y = houses()
    model = pipeline(LogisticRegression()).fit(X[:150], y[:150])
    test = (X[150:], y[150:])
    return publish(model, X[:150], y[:150], name="houses", test=test, features=FEATURES, root=root)


def publish_small_regression(root: Path) -> Artifact:
    """A regression of two numbers, one of them whole."""
    X, _ = houses()
    X = X[["area", "rooms"]]
    y = (X["area"] * 3 + X["rooms"] * 10).rename("price")
    output = {"unit": "€", "description": "Price"}
    model = LinearRegression().fit(X[:150], y[:150])
    test = (X[150:], y[150:])
    return publish(model, X[:150], y[:150], name="prices", test=test, output=output, root=root)


def rents() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Flats, and the rent and the cost of heating of each."""
    X, _ = houses()
    X = X[["area", "rooms"]].astype("float64")
    costs = [X["area"] * 9 + X["rooms"] * 50, X["area"] * 0.3 - X["rooms"]]
    return X, pd.DataFrame(dict(zip(TARGETS, costs, strict=True)))


def publish_small_targets(root: Path) -> Artifact:
    """A regression of two targets."""
    X, y = rents()
    model = LinearRegression().fit(X[:150], y[:150])
    test, output = (X[150:], y[150:]), {"targets": {"rent": {"unit": "€"}}}
    return publish(model, X[:150], y[:150], name="rents", test=test, output=output, root=root)


def payments() -> tuple[pd.DataFrame, pd.Series]:
    """Payments of which every tenth is unusual, and whether each is (1)."""
    random = np.random.default_rng(0)
    X = pd.DataFrame({"amount": random.normal(50, 9, 200), "hour": random.integers(8, 20, 200)})
    X.loc[::10] = [[500.0, 3], [650.0, 4]] * 10
    return X.round(1), pd.Series(X.index % 10 == 0, name="fraud").astype(int)


def publish_small_detector(root: Path) -> Artifact:
    """A detector of outliers, without an answer to compare."""
    X, _ = payments()
    model = IsolationForest(n_estimators=20, random_state=0).fit(X[:150])
    return publish(model, X[:150], name="payments", root=root)


def publish_small_clusters(root: Path) -> Artifact:
    """Three clusters of rents, without an answer to compare."""
    X, _ = rents()
    model = make_pipeline(StandardScaler(), KMeans(3, n_init=1, random_state=0)).fit(X)
    return publish(model, X, name="segments", root=root)


def garments() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Garments, and the size and the colour that each was sold in."""
    random = np.random.default_rng(0)
    X = pd.DataFrame({"length": random.normal(90, 12, 200), "warmth": random.normal(0, 1, 200)})
    size = np.select([X["length"] > 98, X["length"] > 82], ["large", "medium"], "small")
    y = pd.DataFrame({"size": size, "$col.our": np.where(X["warmth"] > 0, "dark", "light")})
    return X.round(2), y


def publish_small_classes(root: Path) -> Artifact:
    """A classification of two targets."""
    X, y = garments()
    model = make_pipeline(StandardScaler(), MultiOutputClassifier(LogisticRegression()))
    model.fit(X[:150], y[:150])
    test, output = (X[150:], y[150:]), {"targets": {"size": {"description": "size sold"}}}
    return publish(model, X[:150], y[:150], name="garments", test=test, output=output, root=root)
