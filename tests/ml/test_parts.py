"""The walker of fitted models: which parts there are, and which columns reach each of them."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from modeldesk.ml.fitted.parts import Source, parts
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_selector
from sklearn.ensemble import (
    BaggingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.feature_selection import RFE, SelectKBest, f_classif
from sklearn.frozen import FrozenEstimator
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import ClassifierChain
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    OneHotEncoder,
    PolynomialFeatures,
    StandardScaler,
)
from sklearn.tree import DecisionTreeClassifier

R = np.random.default_rng(0)
X = pd.DataFrame(R.normal(size=(60, 4)), columns=["a", "b", "c", "d"])
Y = (X["a"] + X["b"] > 0).astype(int)
NAMES = list(X.columns)


def last(model: Any) -> Any:
    """The columns that reach a model's last part."""
    return list(parts(model, NAMES))[-1].columns


def reached(model: Any, kind: type) -> list[Any]:
    """The columns that reach each part of a kind."""
    return [part.columns for part in parts(model, NAMES) if type(part.estimator) is kind]


def test_a_model_alone_is_its_only_part() -> None:
    model = LogisticRegression().fit(X, Y)
    (only,) = parts(model, NAMES)
    assert only.estimator is model
    assert only.columns == ("a", "b", "c", "d")


def test_values_behind_a_scaler_are_known_by_their_inverse() -> None:
    scaled = make_pipeline(StandardScaler(), MinMaxScaler(), GaussianNB()).fit(X, Y)
    *_, part = parts(scaled, NAMES)
    assert part.columns == (None,) * 4
    within = scaled[:-1].transform(X)
    for place, (column, scale, shift) in enumerate(filter(None, part.sources or ())):
        assert column == NAMES[place]
        np.testing.assert_allclose(within[:, place] * scale + shift, X[column], atol=1e-12)


@pytest.mark.parametrize(
    "selected",
    [["d", "b"], [3, 1], slice("b", "c"), slice(1, 3), [False, True, True, False], "b"],
    ids=str,
)
def test_columns_are_found_as_a_column_transformer_selects_them(selected: Any) -> None:
    union = ColumnTransformer([("one", SimpleImputer(), selected)], remainder="passthrough")
    if selected == "b":
        union = ColumnTransformer([("one", SimpleImputer(), ["b"])], remainder="passthrough")
    model = make_pipeline(union, GaussianNB()).fit(X, Y)
    within = model[:-1].transform(X)
    assert len(last(model)) == within.shape[1]
    for place, column in enumerate(last(model)):
        np.testing.assert_array_equal(within[:, place], X[column])


def test_made_columns_are_not_taken_for_those_they_were_made_of() -> None:
    town = X.assign(d=R.choice(["x", "y", "z"], 60))
    text, rest = (
        make_column_selector(dtype_exclude=float),
        make_column_selector(dtype_include=float),
    )
    encode = ColumnTransformer([("t", OneHotEncoder(), text), ("n", StandardScaler(), rest)])
    model = make_pipeline(encode, GaussianNB()).fit(town, Y)
    assert reached(model, OneHotEncoder) == [("d",)]
    assert reached(model, StandardScaler) == [("a", "b", "c")]
    *_, part = parts(model, NAMES)
    assert [s and s.column for s in part.sources or ()] == [None, None, None, "a", "b", "c"]


def test_a_text_column_reaches_its_vectoriser() -> None:
    from sklearn.feature_extraction.text import CountVectorizer

    notes = X.assign(d="good bad")
    both = ColumnTransformer([("w", CountVectorizer(), "d"), ("n", "passthrough", ["c"])])
    model = make_pipeline(both, GaussianNB()).fit(notes, Y)
    assert reached(model, CountVectorizer) == [("d",)]
    assert last(model) == (None, None, "c")


@pytest.mark.filterwarnings("ignore:Skipping features")
def test_imputers_keep_columns_but_drop_empty_ones_and_add_indicators() -> None:
    gaps = X.assign(b=np.nan, c=X["c"].where(X["c"] > 0))
    for imputer in (SimpleImputer(add_indicator=True), KNNImputer(add_indicator=True)):
        model = make_pipeline(imputer, GaussianNB()).fit(gaps, Y)
        assert last(model) == ("a", "c", "d", None, None)
    matrix = make_pipeline(SimpleImputer(), GaussianNB()).fit(gaps.to_numpy(), Y)
    assert last(matrix) == ("a", "c", "d")


def test_selectors_keep_some_columns() -> None:
    best = make_pipeline(SelectKBest(f_classif, k=2), GaussianNB()).fit(X, Y)
    assert last(best) == tuple(best[0].get_feature_names_out())
    fewer = RFE(LogisticRegression(), n_features_to_select=1).fit(X, Y)
    assert last(fewer) == tuple(fewer.get_feature_names_out())


def test_unions_and_functions() -> None:
    same = FunctionTransformer()
    union = make_union(same, PolynomialFeatures(2, include_bias=False))
    model = make_pipeline(union, GaussianNB()).fit(X, Y)
    assert last(model) == (*NAMES, *(None,) * 14)
    unknown = make_pipeline(FunctionTransformer(np.abs), GaussianNB()).fit(X, Y)
    assert last(unknown) is None


def test_members_of_ensembles_and_the_best_of_a_search() -> None:
    forest = RandomForestClassifier(3, max_depth=2, random_state=0)
    assert reached(forest.fit(X, Y), DecisionTreeClassifier) == [tuple(NAMES)] * 3
    votes = [("one", make_pipeline(SelectKBest(k=1), GaussianNB())), ("two", GaussianNB())]
    assert reached(VotingClassifier(votes).fit(X, Y), GaussianNB)[1] == tuple(NAMES)
    assert len(reached(VotingClassifier(votes).fit(X, Y), GaussianNB)[0]) == 1
    stack = StackingClassifier(votes, passthrough=True, cv=2).fit(X, Y)
    assert reached(stack, LogisticRegression) == [(None, None, *NAMES)]
    search = GridSearchCV(GaussianNB(), {"var_smoothing": [1e-9]}, cv=2).fit(X, Y)
    assert reached(search, GaussianNB) == [tuple(NAMES)]
    bag = BaggingClassifier(GaussianNB(), 2, max_features=2, random_state=0).fit(X, Y)
    features = bag.estimators_features_
    assert reached(bag, GaussianNB) == [tuple(np.array(NAMES)[taken]) for taken in features]
    calibrated = CalibratedClassifierCV(GaussianNB(), cv=2).fit(X, Y)
    assert reached(calibrated, GaussianNB) == [tuple(NAMES)] * 2
    several = OneVsRestClassifier(GaussianNB()).fit(X, Y + (X["a"] > 1))
    assert reached(several, GaussianNB) == [tuple(NAMES)] * 3
    chain = ClassifierChain(GaussianNB()).fit(X, np.column_stack([Y, 1 - Y]))
    assert reached(chain, GaussianNB) == [tuple(NAMES), (*NAMES, None)]
    frozen = FrozenEstimator(GaussianNB().fit(X, Y))
    assert reached(frozen, GaussianNB) == [tuple(NAMES)]
    of_logs = TransformedTargetRegressor(LinearRegression(), transformer=StandardScaler())
    assert reached(of_logs.fit(X, X["a"]), LinearRegression) == [tuple(NAMES)]


def test_an_imbalanced_pipeline_leaves_its_sampler_out() -> None:
    class Sampler:  # as imbalanced-learn has them
        def fit_resample(self, X: Any, y: Any) -> Any:
            return X, y

    model = make_pipeline(StandardScaler(), GaussianNB()).fit(X, Y)
    model.steps.insert(1, ("sampler", Sampler()))
    assert [type(part.estimator).__name__ for part in parts(model, NAMES)] == [
        "Pipeline",
        "StandardScaler",
        "GaussianNB",
    ]
    *_, part = parts(model, NAMES)
    assert part.sources is not None
    assert part.sources[0] == Source("a", model[0].scale_[0], model[0].mean_[0])
