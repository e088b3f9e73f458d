"""Categories that a model numbers: in its order, and of the type of its training."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from modeldesk.ml.frames import Column, as_trained, categorical, column_of, level_text
from modeldesk.ml.signature import Feature, Signature
from modeldesk.ml.validation import InstanceValidator, InvalidInstances


@pytest.mark.parametrize(
    ("levels", "values", "codes"),
    [
        (np.array(["ü", "b", "a"], object), ["a", "ü", None, "c", 3], [2, 0, -1, -1, -1]),
        (np.array([41, 3, 7]), ["3", 41.0, "7.0", 5, None, np.nan], [1, 0, 2, -1, -1, -1]),
        (np.array([0, 5], "int8"), ["5", 0], [1, 0]),
        (np.array([1.5, 2.0]), ["2", 2, 1.5, "x"], [1, 1, 0, -1]),
        (np.array([False, True]), ["True", False, "False"], [1, 0, 0]),
        (np.array(["nan", "b"], object), [np.nan, "nan"], [-1, 0]),
    ],
)
def test_numbers_of_levels(levels: Any, values: list[Any], codes: list[int]) -> None:
    found = categorical(values, levels)
    assert found.codes.tolist() == codes
    assert found.categories.tolist() == levels.tolist()
    assert levels.dtype in (object, found.categories.dtype)


def test_a_level_is_called_alike_whatever_its_type() -> None:
    assert [level_text(v) for v in (3, 3.0, np.int8(3), "3", 1.5, True)] == [*"3333", "1.5", "True"]


def test_the_type_of_small_numbers_is_kept() -> None:
    feature = Feature(name="store", type="category", categories=["5", "0"])
    small = pd.Series(pd.Categorical(np.array([5, 0], "int8"), np.array([5, 0], "int8")))
    was = column_of(small, feature)
    assert was == Column(dtype="category", levels=[5, 0], of="int8")
    assert as_trained(["0", "5"], feature, was).categories.dtype == "int8"
    assert as_trained(["0", "5"], feature, was).codes.tolist() == [1, 0]


def test_numbers_mean_levels_that_are_numbers() -> None:
    y = pd.Series([1.0, 2.0])
    X = pd.DataFrame({"store": pd.Categorical([3, 20])})
    given = {"store": {"type": "category", "categories": ["20", "3"], "outside": "warn"}}
    signature = Signature.infer(X, y, name="stores", features=given)
    assert signature.features[0].example == "3"
    assert signature.features[0].categories == ["20", "3"]
    validator = InstanceValidator(signature)
    rows, warnings = validator.from_json([{"store": v} for v in (3, 20.0, "3", 5)])
    assert [row["store"] for row in rows] == ["3", "20", "3", "5"]
    assert [warning.loc for warning in warnings] == [("instances", 3, "store")]
    text = Signature.infer(X.astype({"store": str}), y, name="texts", features=given)
    words = text.model_copy(
        update={"features": [text.features[0].model_copy(update={"categories": ["a", "3"]})]}
    )
    with pytest.raises(InvalidInstances, match="valid string"):
        InstanceValidator(words).from_json([{"store": 3}])


def test_the_order_of_levels_is_part_of_the_contract() -> None:
    y = pd.Series([1.0, 2.0])
    versions = {
        Signature.infer(
            pd.DataFrame({"town": pd.Categorical(["a", "b"], order)}), y, name="towns"
        ).digest(b"model")
        for order in (["a", "b"], ["b", "a"])
    }
    assert len(versions) == 2
