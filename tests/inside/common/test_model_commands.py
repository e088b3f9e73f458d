"""The commands about models as they are typed; what they do is held by the library's own tests."""

import csv
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
from modeldesk.ml import publish
from modeldesk.ml.artifact import load
from modeldesk.ml.versions import current_version, versions
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from . import models
from .running import manage


def said(folder: Path, *command: str, code: int = 0) -> str:
    """What it says, or the one line of its error."""
    done = manage(folder, *command)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    if code:
        assert done.stderr.startswith("Error: ")
        assert done.stderr.count("\n") == 1
    return done.stderr if code else done.stdout


def test_import_model(folder: Path) -> None:
    root, (X, y) = folder / "artifacts", models.houses(300)
    fitted = models.pipeline(LogisticRegression()).fit(X[:150], y[:150])
    (folder / "my-model.pkl").write_bytes(pickle.dumps(fitted))
    # As Excel may save what pandas wrote.
    table = X[150:].assign(price=y[150:]).to_csv(sep=";", na_rep="NA")
    header, rest = table.split("\n", 1)
    text = f"sep=;\n{header.replace(';', ' ; ')}\n{rest}"
    (folder / "rows.csv").write_bytes(text.encode("utf-16"))
    command = ["import-model", "my-model.pkl", "--data", "rows.csv", "--target", "price"]
    assert said(folder, *command, code=1).startswith("Error: my-model.pkl was not read")
    assert not root.exists()
    before = models.publish_small_regression(root).version
    refused = said(folder, *command, "--yes", code=1)
    assert "would break callers" in refused
    (saved,) = set(versions(root)) - {before}
    assert f"manage promote {saved} --force" in refused
    waiting = said(folder, *command, "--yes", "--no-promote")
    assert "of my-model is saved; to serve it: `manage promote " in waiting
    assert load(root).version == before
    done = said(folder, *command, "--yes", "--force")
    assert "compared on 150 of 150 rows of rows.csv" in done
    assert "accuracy " in done
    assert f"Version {load(root).version} of my-model is current." in done
    assert "150 rows predicted, 0 refused" in said(folder, "predict-file", "rows.csv", "out.csv")
    with (folder / "out.csv").open(encoding="utf-8", newline="") as file:
        answers = list(csv.DictReader(file, delimiter=";"))
    assert [row["prediction"] for row in answers] == list(fitted.predict(X[150:]))
    assert [row[" age "] for row in answers[:4]] == [
        *("NA" if value != value else str(value) for value in X["age"][150:154]),  # noqa: PLR0124 - NaN
    ]


def test_import_model_is_told_how_columns_are_read(folder: Path) -> None:
    frame = pd.DataFrame({"area": np.arange(900.5, 960), "zip": ["01221", "10115"] * 30})
    frame["price"] = frame["area"] * 3
    prepare = make_column_transformer((OneHotEncoder(), ["zip"]), remainder="passthrough")
    model = make_pipeline(prepare, LinearRegression()).fit(frame[["area", "zip"]], frame["price"])
    (folder / "my-model.pkl").write_bytes(pickle.dumps(model))
    frame.to_csv(folder / "rows.csv", index=False, sep=";", decimal=",")
    command = ["import-model", "my-model.pkl", "--data", "rows.csv", "--target", "price", "--yes"]
    refused = said(folder, *command, code=1)
    assert "has '900,5' in row 1, which is no number; it can be read as 900.5" in refused
    done = said(folder, *command, "--decimal", ",").splitlines()
    assert done[0].split() == ["column", "type", "decided", "by", "values", "gaps"]
    assert done[2].startswith("zip     category  text to OneHotEncoder with 2 levels")
    assert load(folder / "artifacts").signature.reading.decimal == ","
    frame["price"] = frame["price"][::-1].to_numpy()
    frame.to_csv(folder / "rows.csv", index=False)
    assert "is worse than always answering the mean" in said(folder, *command, code=1)
    assert "--accept-score" in said(folder, *command, "--accept-score")


def test_versions(folder: Path) -> None:
    root, (X, _) = folder / "artifacts", models.houses()
    assert "no version in" in said(folder, "versions", code=1)
    first = models.publish_small_regression(root).version
    frame, y = X[["area", "garden"]], X["area"] * 3.0
    model = LinearRegression().fit(frame, y)
    second = publish(model, frame, y, name="prices", promote=False, root=root).version
    assert "no version that was current before" in said(folder, "rollback", code=1)
    table = said(folder, "compare", second[:6])
    assert first in table
    assert "BREAKS" in table
    assert said(folder, "compare", second, first).split()[:2] == [second, first]
    assert "manage promote" in said(folder, "promote", second, code=1)
    assert current_version(root) == first
    done = said(folder, "promote", second[:6], "--force")
    assert f"Version {second} of prices is current; before it was {first}" in done
    assert f"Version {first} of prices is current" in said(folder, "rollback")
    listed = {line.split()[0]: line for line in said(folder, "versions").splitlines()[1:]}
    assert "current" in listed[first]
    assert "previous" in listed[second]
