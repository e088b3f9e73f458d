"""What XGBoost, LightGBM and CatBoost know of their columns and of what they answer."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from ..frames import categorical
from ..signature import SignatureError
from ..validation import listed
from .parts import parts

FAMILIES = ("catboost", "lightgbm", "xgboost")
SHARES = {  # the objectives whose scores are the probabilities of the classes
    "catboost": {"Logloss", "CrossEntropy", "MultiClass"},
    "lightgbm": {"binary", "cross_entropy", "multiclass", "softmax", "xentropy"},
    "xgboost": {"binary:logistic", "multi:softmax", "multi:softprob"},
}
OWN_OBJECTIVE = "an objective of your own"
RANKERS = ("PairLogit", "Query", "StochasticRank", "YetiRank", "lambdarank", "rank")


def family(model: Any) -> str:
    """Which of the libraries a fitted model is of; "" for none of them."""
    modules = {kind.__module__.partition(".")[0] for kind in type(model).__mro__}
    return next((name for name in FAMILIES if name in modules), "")


def known(estimator: Any, columns: Sequence[str | None]) -> list[Any] | None:
    """What a booster knows of the columns that reach it, a `knowledge.Known` for each.

    None of an estimator that is no booster. The levels themselves are told by `with_levels`.
    """
    from .knowledge import Known

    library = family(estimator)
    if not library:
        return None
    coded = _coded(estimator, len(columns))
    if library == "catboost":  # which tells levels apart by a hash, whatever they are
        fills = estimator.get_all_params().get("nan_mode") != "Forbidden"
        numbers = Known(type="number", fills=fills)
        told = [
            replace(Known(lenient=True) if i in coded else numbers) for i in range(len(columns))
        ]
        for place in estimator.get_text_feature_indices():
            told[place] = Known(type="text")
        return told
    lenient = library == "lightgbm"  # it takes unknown levels as gaps, and XGBoost raises
    levels = Known(type="category", lenient=lenient, fills=True, dtype="category")
    numbers = Known(type="number", fills=True)
    return [replace(levels if i in coded else numbers) for i in range(len(columns))]


def _coded(model: Any, width: int) -> set[int]:
    """The places of the columns whose categories a booster numbers, or hashes."""
    if family(model) == "catboost":
        return set(model.get_cat_feature_indices())
    if family(model) == "xgboost":
        types = _booster(model).feature_types or []
        return {place for place, kind in enumerate(types[:width]) if kind == "c"}
    places, lists = _lightgbm_places(model)
    return set(places) if len(places) == len(lists) else set()


def with_levels(
    model: Any,
    X: Any,
    known: Mapping[str, Any],
    told: Mapping[str, Sequence[Any]],
    source: str,
    *,
    fitted: bool = False,
) -> None:
    """Add to what is `known` of the columns of `X` the levels that boosters in `model` number.

    They are `told` where the model lacks them, or are those of `X` if it was `fitted` on that very
    frame. Raises SignatureError where nobody knows them: numbered by other rows they are wrong.
    """
    if fitted:
        coded = [name for name in X.columns if hasattr(X[name], "cat")]
        told = {name: X[name].cat.categories for name in coded} | dict(told)
    for part in parts(model, list(X.columns)):
        read = {"xgboost": _of_xgboost, "lightgbm": _of_lightgbm}.get(family(part.estimator))
        if not read or part.columns is None:
            continue
        seen = {place: X[name] for place, name in enumerate(part.columns) if name is not None}
        for place, own in read(part.estimator, seen).items():
            if (name := part.columns[place]) is None:
                continue
            if own is None and fitted and not _categorical(X[name]):
                known[name].type = known[name].dtype = None  # its numbers are the codes
                continue
            levels = own
            if levels is None:
                levels = _told(part.estimator, name, place, told.get(name), source)
            one = known[name]
            one.type, one.dtype, one.by = "category", "category", type(part.estimator).__name__
            one.levels, one.levels_dtype = levels.tolist(), _dtype(levels)
            one.lenient, one.fills = family(part.estimator) == "lightgbm", True


def as_numbered(X: Any, known: Mapping[str, Any]) -> Any:
    """A frame with the categories of training, where a model numbers them in its own order."""
    coded = {name: one for name, one in known.items() if one.levels_dtype}
    found = {}
    for name, one in coded.items():
        dtype = object if one.levels_dtype == "str" else one.levels_dtype
        found[name] = categorical(X[name].tolist(), np.array(one.levels, dtype))
        lost = X[name][found[name].isna() & X[name].notna().to_numpy()]
        if len(lost) and not one.lenient:
            has = f"{one.by} knows {listed(map(repr, one.levels), 10)}"
            raise SignatureError(
                f"Column {name!r} holds {lost.iloc[0]!r}, and {has}; leave it out."
            )
    return X.assign(**found) if found else X


def numbered(model: Any, columns: Sequence[str]) -> set[str]:
    """Those of the columns of a model whose categories a booster in it numbers."""
    found = set()
    for part in parts(model, columns):
        if family(part.estimator) and part.columns is not None:
            found |= {part.columns[place] for place in _coded(part.estimator, len(part.columns))}
    return {name for name in found if name is not None}


def _told(model: Any, name: str, place: int, told: Any, source: str) -> np.ndarray:
    """The categories of a model whose file lacks them. Raises SignatureError."""
    if told is None:
        library = {"xgboost": "XGBoost", "lightgbm": "LightGBM"}[family(model)]
        since = " XGBoost keeps them since 3.1." if library == "XGBoost" else ""
        raise SignatureError(
            f"The model of {library} numbers the categories of {name!r}, its file does not say "
            f"which they are, and {source} cannot tell their order.{since} Name them in the order "
            f'of `X["{name}"].cat.categories` in training: `--categories {name}=a,b,c`.'
        )
    levels = np.array(list(told), object if _is_text(told) else None)
    most = _most_code(model, place) if family(model) == "xgboost" else -1
    if most >= len(levels):
        says = f"are {len(levels)}, and the model has a split by number {most + 1} of them"
        raise SignatureError(f"The categories of {name!r} {says}; name all that training had.")
    return levels


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


def _most_code(model: Any, place: int) -> int:
    """The greatest number of a category of a column in the splits of XGBoost, or -1."""
    booster = _booster(model)
    called = (booster.feature_names or [f"f{i}" for i in range(booster.num_features())])[place]
    nodes = (n for tree in booster.get_dump(dump_format="json") for n in _nodes(json.loads(tree)))
    codes = [node["split_condition"] for node in nodes if node.get("split") == called]
    return max((int(c) for split in codes if isinstance(split, list) for c in split), default=-1)


def _nodes(tree: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield tree
    for child in tree.get("children", []):
        yield from _nodes(child)


def _of_lightgbm(model: Any, seen: Mapping[int, Any]) -> dict[int, np.ndarray | None]:
    places, lists = _lightgbm_places(model)
    if len(places) != len(lists):  # some are ordered, of one level only, or plain whole numbers
        places = [place for place, column in seen.items() if _categorical(column)]
    if len(places) != len(lists):
        return dict.fromkeys(places)
    kept = zip(places, lists, strict=True)
    return {place: np.array(one, object if _is_text(one) else None) for place, one in kept}


def _lightgbm_places(model: Any) -> tuple[list[int], list[list[Any]]]:
    """The columns that LightGBM splits by category, and the categories of those of pandas.

    It keeps no names with the latter. Without any, categories are whole numbers as they are.
    """
    booster = getattr(model, "booster_", model)
    if not (lists := booster.pandas_categorical or []):
        return [], []
    infos = booster.dump_model(num_iteration=1)["feature_infos"]
    names = booster.feature_name()
    return [i for i, name in enumerate(names) if infos.get(name, {}).get("values")], lists


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
