"""What XGBoost, LightGBM and CatBoost know of their columns and of what they answer."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from .levels import level_text, texts_of
from .parts import parts
from .signature import SignatureError
from .validation import listed

FAMILIES = ("catboost", "lightgbm", "xgboost")
SHARES = {  # the objectives whose scores are the probabilities of the classes
    "catboost": {"Logloss", "CrossEntropy", "MultiClass"},
    "lightgbm": {"binary", "cross_entropy", "multiclass", "softmax", "xentropy"},
    "xgboost": {"binary:logistic", "multi:softmax", "multi:softprob"},
}
OWN_OBJECTIVE = "an objective of your own"
RANKERS = ("PairLogit", "Query", "StochasticRank", "YetiRank", "lambdarank", "rank")
Levels = dict[str, np.ndarray | None]  # by column, in the order that the model numbers them


def family(model: Any) -> str:
    """Which of the libraries a fitted model is of; "" for none of them."""
    modules = {kind.__module__.partition(".")[0] for kind in type(model).__mro__}
    return next((name for name in FAMILIES if name in modules), "")


def levels(model: Any, X: Any) -> Levels:
    """The categories of each column that a booster in `model` numbers, as it was trained.

    `X` (rows, features) has the columns of the model, in its order. None stands for categories
    that the file of the model does not hold: XGBoost keeps them since 3.1, if it was trained on
    a frame.
    """
    found: Levels = {}
    for part in parts(model, list(X.columns)):
        read = {"xgboost": _of_xgboost, "lightgbm": _of_lightgbm}.get(family(part.estimator))
        if read and part.columns is not None:
            named = {place: name for place, name in enumerate(part.columns) if name is not None}
            seen = {place: X[name] for place, name in named.items()}
            own = read(part.estimator, seen)
            found |= {named[place]: one for place, one in own.items() if place in named}
    return found


def about_columns(
    model: Any, X: Any, given: Mapping[str, dict[str, Any]], source: str, *, fitted: bool = False
) -> dict[str, dict[str, Any]]:
    """What a signature says of columns of `X`: as `given`, and what a booster in `model` knows.

    Where the model lacks its categories, those given are taken, in their order, or those of `X`,
    if it was `fitted` on that very frame. Raises SignatureError where nobody knows them, or `X`
    has others and the model no rule for those.
    """
    told = {name: one["categories"] for name, one in given.items() if "categories" in one}
    if fitted:
        coded = [name for name in X.columns if hasattr(X[name], "cat")]
        told = {name: X[name].cat.categories for name in coded} | told
    gaps = {"missing": True} if family(model) else {}
    found = {name: gaps | given.get(name, {}) for name in X.columns}
    found |= {name: dict(given.get(name, {})) for name in never_missing(model, X)}
    for name, own in levels(model, X).items():
        if own is None and fitted and not _categorical(X[name]):
            continue  # its numbers are the codes themselves
        known = own if own is not None else _told(model, name, X, told.get(name), source)
        texts, dtype = [level_text(value) for value in known.tolist()], _dtype(known)
        ignores = family_of(model, name, X) == "lightgbm"  # which takes others as gaps
        strange = sorted({*texts_of(X[name], dtype).dropna()} - {*texts})
        if strange and not ignores:
            raise SignatureError(
                f"Column {name!r} of {source} holds {listed(strange, 5)}, and the model knows "
                f"{listed(texts)}; write them as in training, or leave out those rows."
            )
        outside = given.get(name, {}).get("outside", "warn" if ignores else "refuse")
        read = {"type": "category", "categories": texts, "coded": dtype, "outside": outside}
        found[name] = gaps | given.get(name, {}) | read
    return dict(given) | found


def never_missing(model: Any, X: Any) -> list[str]:
    """The columns of `X` in which a model that is a booster takes no gaps."""
    if family(model) != "catboost":
        return []
    if model.get_all_params().get("nan_mode") == "Forbidden":
        return list(X.columns)
    return [X.columns[place] for place in model.get_cat_feature_indices()]


def family_of(model: Any, column: str, X: Any) -> str:
    """Which library's booster in `model` takes a column of `X`."""
    found = (p for p in parts(model, list(X.columns)) if column in (p.columns or ()))
    return next((name for part in found if (name := family(part.estimator))), "")


def _told(model: Any, name: str, X: Any, told: Any, source: str) -> np.ndarray:
    """The categories of a model whose file lacks them. Raises SignatureError."""
    if told is None:
        library = {"xgboost": "XGBoost", "lightgbm": "LightGBM"}[family_of(model, name, X)]
        since = " XGBoost keeps them since 3.1." if library == "XGBoost" else ""
        raise SignatureError(
            f"The model of {library} numbers the categories of {name!r}, its file does not say "
            f"which they are, and {source} cannot tell their order.{since} Name them in the order "
            f'of `X["{name}"].cat.categories` in training: `--categories {name}=a,b,c`.'
        )
    known = np.array(list(told), object if _is_text(told) else None)
    most = max(_most_code(part.estimator, part.columns, name) for part in _parts_of(model, X))
    if most >= len(known):
        says = f"are {len(known)}, and the model has a split by number {most + 1} of them"
        raise SignatureError(f"The categories of {name!r} {says}; name all that training had.")
    return known


def _parts_of(model: Any, X: Any) -> list[Any]:
    return [p for p in parts(model, list(X.columns)) if family(p.estimator) == "xgboost"]


def _booster(model: Any) -> Any:
    return model.get_booster() if hasattr(model, "get_booster") else model


def _is_text(values: Any) -> bool:
    return any(isinstance(value, str) for value in values)


def _dtype(values: np.ndarray) -> str:
    return "str" if values.dtype.kind in "OUS" else values.dtype.name


def _of_xgboost(model: Any, seen: Mapping[int, Any]) -> dict[int, np.ndarray | None]:
    booster = _booster(model)
    types = booster.feature_types or []
    places = [place for place, kind in enumerate(types) if kind == "c"]
    if not places:
        return {}
    if not hasattr(booster, "get_categories"):
        return dict.fromkeys(places)
    kept = booster.get_categories(export_to_arrow=True).to_arrow()
    found: dict[int, np.ndarray | None] = {}
    for place in places:
        array = kept[place][1] if place < len(kept) else None
        if array is None:
            found[place] = None
        elif str(array.type) in ("string", "large_string"):
            known = seen[place].dropna().unique() if place in seen else ()
            found[place] = _texts(array, {str(value) for value in known})
        else:
            found[place] = array.to_numpy(zero_copy_only=False)
    return found


def _texts(array: Any, seen: set[str]) -> np.ndarray | None:
    """Texts that XGBoost keeps; None where they cannot be told.

    Up to 3.2 its offsets count letters where they should count bytes, and as many bytes are cut
    off at the end (https://github.com/dmlc/xgboost/pull/12371). The texts `seen` tell which.
    """
    _, offsets, content = array.buffers()
    spans = list(pairwise(np.frombuffer(offsets, np.int32)[: len(array) + 1].tolist()))
    raw = bytes(content)[: spans[-1][1]]
    by_bytes = [raw[start:end].decode("utf-8", "replace") for start, end in spans]
    if raw.isascii():
        return np.array(by_bytes, object)
    text = raw.decode("utf-8", "ignore")
    by_letters: list[str] = []
    for start, end in spans:
        whole = {one for one in seen if len(one) == end - start and one.startswith(text[start:end])}
        whole = {text[start:end]} if end <= len(text) else whole - {*by_letters}
        by_letters += sorted(whole) if len(whole) == 1 else ["\0"]
    fitting = [one for one in (by_bytes, by_letters) if seen <= {*one} and "\0" not in one]
    return np.array(fitting[0], object) if len(fitting) == 1 else None


def _most_code(model: Any, columns: Sequence[str | None] | None, name: str) -> int:
    """The greatest number of a category of a column in the splits of XGBoost, or -1."""
    booster = _booster(model)
    if name not in (columns or ()) or booster is None:
        return -1
    place = list(columns or ()).index(name)
    called = (booster.feature_names or [f"f{i}" for i in range(booster.num_features())])[place]
    nodes = (n for tree in booster.get_dump(dump_format="json") for n in _nodes(json.loads(tree)))
    codes = [node["split_condition"] for node in nodes if node.get("split") == called]
    return max(
        (int(one) for split in codes if isinstance(split, list) for one in split), default=-1
    )


def _nodes(tree: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield tree
    for child in tree.get("children", []):
        yield from _nodes(child)


def _of_lightgbm(model: Any, seen: Mapping[int, Any]) -> dict[int, np.ndarray | None]:
    booster = getattr(model, "booster_", model)
    lists = booster.pandas_categorical or []
    if not lists:
        return {}  # categories, if it has any, are whole numbers as they are
    infos = booster.dump_model(num_iteration=1)["feature_infos"]
    names = booster.feature_name()
    places = [place for place, name in enumerate(names) if infos.get(name, {}).get("values")]
    if len(places) != len(lists):  # some are ordered, of one level only, or plain whole numbers
        places = [place for place, column in seen.items() if _categorical(column)]
    if len(places) != len(lists):
        return dict.fromkeys(places)
    kept = zip(places, lists, strict=True)
    return {place: np.array(one, object if _is_text(one) else None) for place, one in kept}


def _categorical(column: Any) -> bool:
    return hasattr(column, "cat") or column.dtype.kind not in "biufcM"


def objective_of(model: Any) -> str:
    """What a booster learned, as its library calls it; "" for other models."""
    library = family(model)
    if library == "catboost":
        found = model.get_all_params()["loss_function"]
    elif library == "lightgbm":
        found = getattr(model, "objective_", None)
    elif library == "xgboost":
        found = model.objective
        if not callable(found):
            config = json.loads(_booster(model).save_config())
            found = config["learner"]["objective"]["name"]
    else:
        return ""
    return OWN_OBJECTIVE if callable(found) or found in (None, "None") else str(found)


def objective_without_shares(model: Any) -> str:
    """The objective of a booster, last in a model, whose scores are no probabilities; else ""."""
    last = last_of(model)
    objective = objective_of(last)
    return "" if not objective or objective in SHARES[family(last)] else objective


def last_of(model: Any) -> Any:
    """The estimator that answers: the last of a pipeline, the best of a search."""
    while True:
        model = getattr(model, "best_estimator_", model)
        if not (steps := getattr(model, "steps", None)):
            return model
        model = steps[-1][1]


def ranks(model: Any) -> bool:
    """Whether its answers are scores to sort rows by, which mean nothing by themselves."""
    return objective_of(last_of(model)).startswith(RANKERS)
