"""A model of names and values that pages, frameworks and browsers would rather not have."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier

from ..ml import Artifact, publish

VALUES = [
    *("spam", " spam", "spam ", "spam\t", "\nspam", "Spam", "sp\u00a0am"),
    *("", " ", "  ", '"', '""', '"spam"', "'", "\\", "\\n", "&amp;", "<script>alert(1)</script>"),
    *("a\nb", "a\r\nb", "a\rb", "a\\nb", "a  b", "a b", "a_b", "a,b", "a;b"),
    *("None", "null", "nan", "NA", "true", "false", "0", "1.0", "-1", "+", "=1+1", "@a"),
    *("\u00e9", "e\u0301", "\u212b", "\u00c5", "\u202eevil", "\u05e9\u05dc\u05d5\u05dd", "\u200b"),
    *(
        "\U0001f321\ufe0f",
        "__proto__",
        "constructor",
        "length",
        "{" + "{ 7*7 }" + "}",
        "%0A",
        "w" * 250,
    ),
]
NAMES = [
    *("csrf_token", "csrfmiddlewaretoken", "submit", "data", "errors", "row", "file", "id", "name"),
    *("validate", "populate_obj", "fields", "is_valid", "clean", "meta", "process", "hidden_tag"),
    *(
        "_private",
        "__class__",
        "__all__",
        "constructor",
        "length",
        "comment",
        "actual",
        "reference",
    ),
    *("1st", "prediction", "input_0", "feature-0", "values", "_charset_", "isindex"),
    *("a b", "a_b", "A b", " a b", "a b ", "a  b", "line\nbreak", "line\r\nbreak", "line\rbreak"),
    *("it's", 'say "it"', "<script>alert(1)</script>", "a[0].b", "\u00e9", "e\u0301", "\U0001f600"),
    *("\u05e9\u05dc\u05d5\u05dd", "\u202eevil", " ", "50 % & +", "w" * 1000),
]
KINDS = [
    *("category", "text", "number", "open", "boolean", "text or gap", "integer", "date"),
    *("category or gap", "open or gap"),
]
TEXTS = [*VALUES, "\nfirst\n\n last \n", "=HYPERLINK(1)", "'=1", "x" * 5000]


def kind_of(name: str) -> str:
    """What a feature holds; each kind has several."""
    return KINDS[NAMES.index(name) % len(KINDS)]


def hostile_rows() -> pd.DataFrame:
    """Rows of all these values (rows, features); the first feature tells the class."""
    random, rows = np.random.default_rng(0), 4 * len(VALUES)
    columns: dict[str, Any] = {}
    for index, name in enumerate(NAMES):
        kind = kind_of(name).removesuffix(" or gap")
        column: Any = np.roll(np.array(VALUES * 4, object), index)
        if kind == "number":
            column = random.uniform(0, 1e8, rows)
        elif kind == "integer":
            column = random.integers(0, 2**40, rows)
        elif kind == "boolean":
            column = random.random(rows) < 0.5
        elif kind == "date":
            column = pd.Timestamp("2024-02-28") + pd.to_timedelta(np.arange(rows), unit="D")
        columns[name] = column
    frame = pd.DataFrame(columns)
    for name in NAMES:
        if kind_of(name).endswith("gap"):
            frame.loc[::9, name] = None
    return frame


def publish_hostile_model(root: Path | None = None) -> Artifact:
    """A classification whose features, categories and classes are all of these."""
    X = hostile_rows()
    y = X[NAMES[0]].rename("kind")
    features: dict[str, dict[str, Any]] = {}
    for name in NAMES:
        kind = kind_of(name).removesuffix(" or gap")
        if kind == "text":
            features[name] = {"type": "text"}
        elif kind in ("category", "open"):
            outside = "warn" if kind == "open" else "refuse"
            features[name] = {"type": "category", "categories": VALUES, "outside": outside}
    chosen = make_column_transformer((OneHotEncoder(), [NAMES[0]]))
    model = make_pipeline(chosen, DecisionTreeClassifier(random_state=0)).fit(X, y)
    return publish(model, X, y, name="hostile", features=features, root=root)
