"""Models of XGBoost, LightGBM and CatBoost as they are saved, made those of scikit-learn's kind."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from ..artifact import ArtifactError
from ..libraries import need
from ..signature import brief

SHARES_OF = {  # objectives that differ in what they answer only, not in what they learn
    "binary:logitraw": "binary:logistic",
    "multi:softmax": "multi:softprob",
}


def read_xgboost(path: Path) -> Any:
    """Read what `save_model` of XGBoost wrote. Raises ArtifactError."""
    xgboost = need(f"A model in {path.suffix}", "xgboost", "onnxmltools")[0]
    try:
        return estimator(xgboost.Booster(model_file=path))
    except Exception as error:
        why = brief(error).rpartition("] ")[2]
        raise ArtifactError(f"{path} is no model of XGBoost, or cut short ({why}).") from error


def read_lightgbm(path: Path) -> Any:
    """Read what `save_model` of a LightGBM booster wrote. Raises ArtifactError.

    The file knows no names of classes: they are 0, 1 and so on.
    """
    lightgbm = need(f"A model in {path.suffix}", "lightgbm", "onnxmltools")[0]
    text = path.read_bytes().decode("utf-8", "replace")
    if not text.startswith("tree\n") or "end of trees" not in text:
        raise ArtifactError(f"{path} is no model of LightGBM, or cut short; save it anew.")
    return estimator(lightgbm.Booster(model_str=text))


def read_catboost(path: Path) -> Any:
    """Read what `save_model` of CatBoost wrote. Raises ArtifactError."""
    (catboost,) = need(f"A model in {path.suffix}", "catboost")
    try:
        loss = str(catboost.CatBoost().load_model(path).get_all_params()["loss_function"])
        classes = loss.startswith(("Logloss", "CrossEntropy", "MultiClass", "Focal"))
        model = catboost.CatBoostClassifier() if classes else catboost.CatBoostRegressor()
        return model.load_model(path)
    except Exception as error:
        why = f"({brief(error).rpartition(': ')[2]})"
        raise ArtifactError(f"{path} is no model of CatBoost, or cut short {why}.") from error


def estimator(model: Any) -> Any:
    """A booster of XGBoost or LightGBM as a model that answers frames; any other as it is.

    It answers what the booster itself does, classes where its objective learns those.
    """
    kind = f"{type(model).__module__}.{type(model).__name__}"
    makers = {"xgboost.core.Booster": _of_xgboost, "lightgbm.basic.Booster": _of_lightgbm}
    return makers[kind](model) if kind in makers else model


def _of_xgboost(booster: Any) -> Any:
    import xgboost

    booster = booster.copy()
    said = json.loads(booster.attr("scikit_learn") or "{}").get("_estimator_type")
    objective = json.loads(booster.save_config())["learner"]["objective"]["name"]
    if not said:  # it was trained without scikit-learn's interface
        booster.set_attr(best_iteration=None, best_score=None)  # it answers by all its trees
        booster = _with_shares(booster, objective)
    learns = objective.startswith(("binary:", "multi:"))
    kinds = {"classifier": xgboost.XGBClassifier, "ranker": xgboost.XGBRanker}
    model = kinds.get(said or ("classifier" if learns else ""), xgboost.XGBRegressor)()
    model.load_model(booster.save_raw("ubj"))
    return model


def _with_shares(booster: Any, objective: str) -> Any:
    """A booster that answers probabilities where it answered what comes before, or after, them."""
    if objective not in SHARES_OF:
        return booster
    content = json.loads(booster.save_raw("json"))
    learner = content["learner"]
    learner["objective"]["name"] = SHARES_OF[objective]
    if objective == "binary:logitraw":  # which starts from a score, and the other from a share
        start = np.ravel(json.loads(learner["learner_model_param"]["base_score"]))[0]
        share = f"{1 / (1 + np.exp(-start)):.9g}"
        listed = learner["learner_model_param"]["base_score"].startswith("[")
        learner["learner_model_param"]["base_score"] = f"[{share}]" if listed else share
    return type(booster)(model_file=bytearray(json.dumps(content), "utf-8"))


def _of_lightgbm(booster: Any) -> Any:
    import lightgbm
    from sklearn.preprocessing import LabelEncoder

    objective = re.search(
        r"^objective=(\w+)", booster.model_to_string(num_iteration=1), re.MULTILINE
    )
    kind = objective[1] if objective else ""
    names = booster.feature_name()
    state = {
        "_Booster": booster,
        "_fitted_with_feature_names": names != [f"Column_{i}" for i in range(len(names))],
        "_n_features": len(names),
        "_n_features_in": len(names),
        "_objective": kind,
        "fitted_": True,
    }
    if not kind.startswith(("binary", "multiclass")):
        model = lightgbm.LGBMRegressor()
    else:
        classes = np.arange(max(2, booster.num_model_per_iteration()))
        state |= {"_classes": classes, "_n_classes": len(classes), "_le": LabelEncoder()}
        state["_le"].fit(classes)
        model = lightgbm.LGBMClassifier()
    vars(model).update(state)
    return model
