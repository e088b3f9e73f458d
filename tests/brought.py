"""Models that people bring: trained here, with a fixed seed, and saved as they save them.

`python brought.py FOLDER [NAME...]` writes of each model its file, NAME.csv with rows it has not
seen and their true answers in the column `target`, and NAME.expected.json: the `file`, what it
answers (`values`, and `probabilities` if it has them) and the JSON `rows` it answers. It runs in
the environment of a project, to which the libraries of the models were added.
"""

import json
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import skops.io
from onnx import TensorProto, helper, numpy_helper
from skl2onnx import to_onnx
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

SEED, TRAIN, ROWS = 0, 400, 600
Made = tuple[Any, pd.DataFrame, pd.Series, str]  # a model, all rows, their answers, its file
MODELS: dict[str, Callable[[], Made]] = {}


def brought(make: Callable[[], Made]) -> Callable[[], Made]:
    """Register what makes a model, under the name of the function."""
    MODELS[make.__name__] = make
    return make


def homes() -> pd.DataFrame:
    """Rows of mixed columns with gaps, called as people call them."""
    random = np.random.default_rng(SEED)
    frame = pd.DataFrame(
        {
            "Fläche [m²]": random.uniform(20, 300, ROWS).astype("float32"),
            "year.built": random.integers(1900, 2024, ROWS),
            "has garden?": random.random(ROWS) < 0.5,
            "heating": random.choice(["gas", "oil", "électrique"], ROWS),
            "distance to centre": random.exponential(5, ROWS).astype("float32"),
        }
    )
    frame.loc[::7, "distance to centre"] = np.nan
    frame.loc[::11, "heating"] = np.nan
    return frame


def worth(frame: pd.DataFrame) -> pd.Series:
    distance = frame["distance to centre"].fillna(5)
    garden = 30 * frame["has garden?"]
    return frame["Fläche [m²]"] + garden + (frame["year.built"] - 1900) / 2 - 9 * distance


def prepared(last: Any) -> Any:
    """A pipeline for homes."""
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    text = OneHotEncoder(handle_unknown="ignore")
    prepare = make_column_transformer(
        (numbers, ["Fläche [m²]", "year.built", "distance to centre"]),
        (text, ["heating"]),
        ("passthrough", ["has garden?"]),
    )
    return make_pipeline(prepare, last)


def numbers(columns: int = 6) -> pd.DataFrame:
    random = np.random.default_rng(SEED)
    values = random.normal(size=(ROWS, columns)).astype("float32")
    return pd.DataFrame(values, columns=[f"x {i}" for i in range(columns)])


@brought
def linear() -> Made:
    X = homes()[["Fläche [m²]", "year.built"]]
    return LinearRegression(), X, worth(homes()), "linear.pkl"


@brought
def forest() -> Made:
    X = homes()[["Fläche [m²]", "year.built", "has garden?"]]
    y = worth(homes())
    return (
        RandomForestClassifier(30, random_state=SEED),
        X,
        pd.Series(np.where(y > y.median(), "dear", "cheap")),
        "forest.joblib",
    )


@brought
def boosting() -> Made:
    X = homes()
    X["heating"] = X["heating"].astype("category")
    model = HistGradientBoostingRegressor(max_iter=20, random_state=SEED)
    return model, X, worth(X), "boosting.pickle"


@brought
def mixed() -> Made:
    y = worth(homes())
    names = pd.Series(np.select([y > 250, y > 150], ["high", "middle"], "low"))
    return prepared(LogisticRegression(max_iter=500)), homes(), names, "mixed.skops"


@brought
def text() -> Made:
    random = np.random.default_rng(SEED)
    words = {True: ["good", "fine", "lovely", "room"], False: ["bad", "poor", "ugly", "room"]}
    good = random.random(ROWS) < 0.5
    notes = [
        " ".join(random.choice(words[bool(kind)], 6)) + f" No. {i}" for i, kind in enumerate(good)
    ]
    X = pd.DataFrame({"What they wrote": notes})
    model = make_pipeline(TfidfVectorizer(), LogisticRegression())
    return model, X, pd.Series(np.where(good, "good", "bad")), "text.joblib"


@brought
def codes() -> Made:
    iris = load_iris(as_frame=True)
    mixed_up = np.random.default_rng(SEED).permutation(len(iris.data)).repeat(4)[:ROWS]
    X, y = iris.data.iloc[mixed_up], iris.target.iloc[mixed_up].map({0: 3, 1: 7, 2: 20})
    return (
        LogisticRegression(max_iter=500),
        X.reset_index(drop=True),
        y.reset_index(drop=True),
        "codes.pkl",
    )


@brought
def xgboost() -> Made:
    from xgboost import XGBClassifier

    X = numbers()
    y = (X["x 0"] + X["x 1"] ** 2 > 1).astype(int) + (X["x 2"] > 1)
    return make_pipeline(XGBClassifier(n_estimators=30, random_state=SEED)), X, y, "xgboost.pkl"


@brought
def xgboost_file() -> Made:
    from xgboost import XGBRegressor

    X = numbers()
    model = XGBRegressor(n_estimators=30, random_state=SEED)
    return model, X, X["x 0"] * 3 + X["x 1"] ** 2, "xgboost_file.ubj"


@brought
def lightgbm() -> Made:
    from lightgbm import LGBMClassifier

    y = worth(homes())
    last = LGBMClassifier(n_estimators=30, random_state=SEED, n_jobs=1, verbose=-1)
    names = pd.Series(np.where(y > y.median(), "dear", "cheap"))
    return prepared(last), homes(), names, "lightgbm.joblib"


@brought
def lightgbm_file() -> Made:
    from lightgbm import LGBMRegressor

    X = numbers()
    model = LGBMRegressor(n_estimators=30, random_state=SEED, n_jobs=1, verbose=-1)
    return model, X, X["x 0"] * 3 + X["x 1"] ** 2, "lightgbm_file.txt"


@brought
def onnx_columns() -> Made:
    y = worth(homes())
    names = pd.Series(np.select([y > 250, y > 150], ["high", "middle"], "low"))
    X = homes().dropna().astype({"year.built": "float32"})
    return prepared(LogisticRegression(max_iter=500)), X, names[X.index], "onnx_columns.onnx"


@brought
def onnx_zipmap() -> Made:
    X, y = numbers(), (numbers()["x 0"] * 2).round().clip(-1, 1).astype(int)
    return RandomForestClassifier(20, random_state=SEED), X, y, "onnx_zipmap.onnx"


@brought
def onnx_logits() -> Made:
    X = numbers()
    y = pd.Series(np.select([X["x 0"] > 0.5, X["x 1"] > 0], ["up", "left"], "down"))
    return MLPClassifier((8,), max_iter=50, random_state=SEED), X, y, "onnx_logits.onnx"


class Network:
    """A small network of PyTorch that tells classes apart."""

    def fit(self, X: Any, y: Any) -> None:
        import torch

        torch.manual_seed(SEED)
        self.classes, codes = np.unique(y, return_inverse=True)
        layers = torch.nn.Linear(X.shape[1], 16), torch.nn.BatchNorm1d(16), torch.nn.ReLU()
        self.module = torch.nn.Sequential(*layers, torch.nn.Linear(16, len(self.classes)))
        optimizer = torch.optim.Adam(self.module.parameters(), lr=0.05)
        for _ in range(40):
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(
                self.module(torch.tensor(X.to_numpy())), torch.tensor(codes)
            )
            loss.backward()
            optimizer.step()
        self.module.eval()

    def predict_proba(self, X: Any) -> Any:
        import torch

        return self.module(torch.tensor(X.to_numpy())).softmax(dim=1).detach().numpy()

    def predict(self, X: Any) -> Any:
        return self.classes[self.predict_proba(X).argmax(axis=1)]


@brought
def torch_program() -> Made:
    X = numbers()
    y = pd.Series(np.select([X["x 0"] > 0.5, X["x 1"] > 0], ["up", "left"], "down"))
    return Network(), X, y, "torch_program.pt2"


@brought
def torch_script() -> Made:
    X = numbers()
    return Network(), X, (X["x 0"] + X["x 1"] > 0).astype(int) * 4 + 3, "torch_script.pt"


FITTED_ON: dict[str, Callable[[pd.DataFrame], Any]] = {  # when that is not a frame
    "text": lambda X: X.iloc[:, 0].tolist(),
    "codes": pd.DataFrame.to_numpy,
    "onnx_zipmap": pd.DataFrame.to_numpy,
    "onnx_logits": pd.DataFrame.to_numpy,
}


def onnx_of(model: Any, example: pd.DataFrame) -> bytes:
    """What skl2onnx makes of a model; of a network, a graph that gives logits alone."""
    if not isinstance(model, MLPClassifier):
        rows = example if hasattr(model, "steps") else example.to_numpy()
        return bytes(to_onnx(model, rows).SerializeToString())
    (v, w), (a, b) = model.coefs_, model.intercepts_
    weights = {"v": v, "a": a, "w": w, "b": b}
    graph = helper.make_graph(
        [
            helper.make_node("Gemm", ["input", "v", "a"], ["hidden"]),
            helper.make_node("Relu", ["hidden"], ["positive"]),
            helper.make_node("Gemm", ["positive", "w", "b"], ["logits"]),
        ],
        "network",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", len(v)])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", len(b)])],
        [numpy_helper.from_array(x.astype(np.float32), name) for name, x in weights.items()],
    )
    opset = [helper.make_opsetid("", 17)]
    return bytes(helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString())


def save(model: Any, path: Path, example: pd.DataFrame) -> None:
    """Write a model as its owner would."""
    match path.suffix:
        case ".onnx":
            path.write_bytes(onnx_of(model, example))
        case ".pt2":
            import torch

            shapes, rows = ({0: torch.export.Dim("rows")},), (torch.tensor(example.to_numpy()),)
            program = torch.export.export(model.module, rows, dynamic_shapes=shapes)
            torch.export.save(program, path)
        case ".pt":
            import torch

            torch.jit.save(torch.jit.script(model.module), path)
        case ".joblib":
            joblib.dump(model, path, compress=3)
        case ".skops":
            skops.io.dump(model, path)
        case ".ubj":
            model.save_model(path)
        case ".txt":
            model.booster_.save_model(path)
        case _:
            path.write_bytes(pickle.dumps(model))


def make(name: str, folder: Path) -> None:
    """Train a model, and write its three files."""
    model, X, y, file = MODELS[name]()
    seen: Callable[[Any], Any] = FITTED_ON.get(name, lambda X: X)
    model.fit(seen(X[:TRAIN]), y[:TRAIN])
    save(model, folder / file, X[:2])
    new, y = X[TRAIN:], y[TRAIN:]
    new.assign(target=y).to_csv(folder / f"{name}.csv", index=False)
    answers = {"file": file, "values": model.predict(seen(new)).tolist()}
    if hasattr(model, "predict_proba"):
        answers["probabilities"] = model.predict_proba(seen(new)).tolist()
    answers["rows"] = json.loads(new.to_json(orient="records", double_precision=15))
    (folder / f"{name}.expected.json").write_text(json.dumps(answers), "utf-8")


if __name__ == "__main__":
    for chosen in sys.argv[2:] or MODELS:
        make(chosen, Path(sys.argv[1]))
