"""Models whose answer is neither one number nor one class, served: several targets at once, from
a column of dates by the project's own code; outliers; clusters; several classes.

The contract suite is run against each, as an owner would; what is the same code in both frameworks
in Flask only.
"""

from collections.abc import Sequence
from pathlib import Path

import pytest

from .helpers import Environments, ask, example, need, predict_example, run, served, sync
from .people import EMAIL, PASSWORD, make_admin
from .rendering import render, write
from .servers import Databases

OF_A_FRAMEWORK = ("predict", "feedback", "pages", "rows", "staff")
OF_THE_LIBRARY = ("bad_values", "openapi", "invocations")
OF_CLUSTERS = ("predict", "feedback", "rows")  # classes, after all
TRANSFORMERS = '''"""What the pipeline does to columns of dates."""

from typing import Any

import pandas as pd


def days(frame: Any) -> Any:
    """Days since 2020, in place of each date of a frame."""
    return frame.apply(lambda column: (column - pd.Timestamp("2020-01-01")).dt.days)
'''
TRAIN = '''"""Trains a model of two targets on a column of dates and two of numbers."""

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from . import Artifact, publish
from .transformers import days


def main() -> Artifact:
    """Rents and costs of heating of flats, by the day of the contract."""
    random = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "area": random.uniform(20, 200, 300).round(1),
            "signed": pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(300), unit="D"),
            "rooms": random.integers(1, 8, 300),
        }
    )
    passed = days(X[["signed"]])["signed"]
    y = pd.DataFrame(
        {"rent": X["area"] * 9 + passed * 0.1, "$heat.ing": X["area"] * 0.3 + X["rooms"]}
    )
    prepare = make_column_transformer(
        (FunctionTransformer(days), ["signed"]), ("passthrough", ["area", "rooms"])
    )
    model = make_pipeline(prepare, LinearRegression()).fit(X[:200], y[:200])
    output = {"description": "costs", "targets": {"rent": {"unit": "EUR"}}}
    test = (X[200:], y[200:])
    return publish(model, X[:200], y[:200], name="costs", test=test, output=output)
'''


MAKE = '''"""Models of other answers, and rows of what they take."""

import joblib
from modeldesk.testing.models import garments, payments, rents
from sklearn.cluster import KMeans
from sklearn.ensemble import IsolationForest, RandomForestClassifier

X, _ = payments()
joblib.dump(IsolationForest(n_estimators=20, random_state=0).fit(X[:150]), "payments.joblib")
X[150:].to_csv("payments.csv", index=False)
X, _ = rents()
joblib.dump(KMeans(3, n_init=1, random_state=0).fit(X[:150]), "segments.joblib")
X[150:].to_csv("segments.csv", index=False)
X, y = garments()
forest = RandomForestClassifier(5, random_state=0).fit(X[:150], y[:150])  # not as ONNX
joblib.dump(forest, "garments.joblib")
X.join(y)[150:].to_csv("garments.csv", index=False)
'''
MADE = {
    "payments": ("anomaly", [], [[-1, 1]]),
    "segments": ("clustering", [], [[0, 1, 2]]),
    "garments": (
        "classification",
        ["size", "$col.our"],
        [["large", "medium", "small"], ["dark", "light"]],
    ),
}


@pytest.mark.parametrize("framework", ["flask", "django"])
def test_other_answers_than_one_number_or_class(
    framework: str, tmp_path: Path, databases: Databases, environments: Environments
) -> None:
    answers = {"framework": framework, "database": "sqlite", "auth": False, "model": "regression"}
    suites = OF_A_FRAMEWORK + (OF_THE_LIBRARY if framework == "flask" else ())
    project = write(render(answers | {"admin": True, "forms": True}), tmp_path / "service")
    ml = project / "src" / "my_service" / "ml"
    (ml / "transformers.py").write_text(TRANSFORMERS, "utf-8")
    (ml / "train.py").write_text(TRAIN, "utf-8")
    with databases.fresh("sqlite") as fresh:
        settings = fresh | environments.of(framework)
        sync(project, **settings)
        with served(project, **settings) as (port, _):
            make_admin(project, **settings)
            described = ask(port, "/api/v1/model")
            assert [t["name"] for t in described["output"]["targets"]] == ["rent", "$heat.ing"]
            assert described["metrics"]["r2"] == pytest.approx(1)
            assert example(port)["signed"] == "2024-01-01"
            (prediction,) = predict_example(port)["predictions"]
            assert set(prediction["value"]) == {"rent", "$heat.ing"}
            settings |= {"CONTRACT_EMAIL": EMAIL, "CONTRACT_PASSWORD": PASSWORD}
            _hold_to_the_contract(project, port, suites, settings)
            (project / "make.py").write_text(MAKE, "utf-8")
            run(project, need("uv"), "run", "python", "make.py", **settings)
            for name, (task, targets, classes) in MADE.items():
                bring = ["import-model", f"{name}.joblib", "--data", f"{name}.csv"]
                bring += [option for target in targets for option in ("--target", target)]
                run(project, need("uv"), "run", "manage", *bring, "--yes", "--force", **settings)
                described = ask(port, "/api/v1/model")
                assert (described["name"], described["task"]) == (name, task)
                parts = described["output"]["targets"] or [described["output"]]
                assert [part["classes"] for part in parts] == classes
                of_task = OF_CLUSTERS if task == "clustering" else (*suites, "open_inference")
                _hold_to_the_contract(project, port, of_task, settings)


def _hold_to_the_contract(
    project: Path, port: int, names: Sequence[str], settings: dict[str, str]
) -> None:
    suites = [f"modeldesk.testing.contract.test_{name}" for name in names]
    options = ["-q", "-p", "no:cacheprovider", f"--base-url=http://127.0.0.1:{port}"]
    run(project, need("uv"), "run", "pytest", *options, *suites, **settings)
