"""Several targets at once, a column of dates and a transformer of the project's own code, served.

The contract suite is run against it, as an owner would.
"""

from pathlib import Path

import pytest

from .helpers import Environments, ask, example, need, predict_example, run, served
from .people import EMAIL, PASSWORD, make_admin
from .rendering import render, write
from .servers import Databases

SUITES = ("predict", "bad_values", "feedback", "pages", "rows", "staff", "openapi", "invocations")
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


@pytest.mark.parametrize("framework", ["flask", "django"])
def test_several_targets_and_dates_are_served(
    framework: str, tmp_path: Path, databases: Databases, environments: Environments
) -> None:
    answers = {"framework": framework, "database": "sqlite", "auth": False, "model": "regression"}
    project = write(render(answers | {"admin": True, "forms": True}), tmp_path / "service")
    ml = project / "src" / "my_service" / "ml"
    (ml / "transformers.py").write_text(TRANSFORMERS, "utf-8")
    (ml / "train.py").write_text(TRAIN, "utf-8")
    with databases.fresh("sqlite") as fresh:
        settings = fresh | environments.of(framework)
        run(project, need("uv"), "sync", "--quiet", **settings)
        with served(project, **settings) as (port, _):
            make_admin(project, **settings)
            described = ask(port, "/api/v1/model")
            assert [t["name"] for t in described["output"]["targets"]] == ["rent", "$heat.ing"]
            assert described["metrics"]["r2"] == pytest.approx(1)
            assert example(port)["signed"] == "2024-01-01"
            (prediction,) = predict_example(port)["predictions"]
            assert set(prediction["value"]) == {"rent", "$heat.ing"}
            suites = [f"modeldesk.testing.contract.test_{name}" for name in SUITES]
            options = ["-q", "-p", "no:cacheprovider", f"--base-url=http://127.0.0.1:{port}"]
            account = {"CONTRACT_EMAIL": EMAIL, "CONTRACT_PASSWORD": PASSWORD}
            run(project, need("uv"), "run", "pytest", *options, *suites, **settings, **account)
