"""Rows like those of the training have not drifted; others have."""

from typing import Any

import numpy as np
import pandas as pd
from modeldesk.ml.drift import profile, stability_index
from modeldesk.ml.signature import Feature

FEATURES = [
    Feature(name="width", type="number", example=3.3),
    Feature(name="rooms", type="integer", example=2),
]


def trained(kind: Any) -> dict[str, dict[str, Any]]:
    tenths = np.arange(200) % 23 / 10
    frame = pd.DataFrame({"width": tenths.astype(kind), "rooms": np.arange(200) % 4})
    return profile(frame, FEATURES)


def test_the_same_rows_have_not_drifted_in_whatever_precision() -> None:
    rows = [value % 23 / 10 for value in range(200)]
    for kind in ("float32", "float64"):
        assert stability_index(trained(kind)["width"], rows) == 0
    assert stability_index(trained("float32")["rooms"], [n % 4 for n in range(200)]) == 0


def test_other_rows_have() -> None:
    index = stability_index(trained("float32")["width"], [2.2] * 200)
    assert index
    assert index > 0.25


def test_few_rows_tell_nothing() -> None:
    assert stability_index(trained("float32")["width"], [2.2] * 99) is None
