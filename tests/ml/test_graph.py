"""Graphs that others made become ours: the same answers, or a refusal that says how to mend it."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pandas as pd
import pytest
from modeldesk.ml import ArtifactError
from modeldesk.ml.importing import torch_files
from modeldesk.ml.importing.graph import Brought, Graph, read
from modeldesk.ml.importing.graph_outputs import named
from modeldesk.ml.predictor import OnnxEngine
from modeldesk.ml.signature import Signature
from modeldesk.testing import models
from onnx import TensorProto, helper, numpy_helper
from skl2onnx import to_onnx
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.svm import LinearSVC

FLOAT, DOUBLE, INT64 = TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.INT64
RANDOM = np.random.default_rng(0)
WEIGHTS = RANDOM.normal(size=(3, 3)).astype("float32")
X = pd.DataFrame(RANDOM.normal(size=(40, 3)).astype("float32"), columns=["a", "b", "c"])
SCORES = X.to_numpy() @ WEIGHTS
KINDS = np.array(["high", "low", "mid"])
Y = pd.Series(KINDS[SCORES.argmax(axis=1)], name="kind")
NUMBER = pd.Series(SCORES[:, 0], name="number")


def softmax(scores: np.ndarray) -> np.ndarray:
    grown = np.exp(scores)
    return np.asarray(grown / grown.sum(axis=1, keepdims=True))


def value(name: str, kind: int, *shape: int | str) -> Any:
    return helper.make_tensor_value_info(name, kind, list(shape))


def model(
    nodes: list[Any], inputs: list[Any], outputs: list[Any], opset: int = 17, **constants: Any
) -> Any:
    """An ONNX model of these parts."""
    tensors = [numpy_helper.from_array(np.asarray(c), name) for name, c in constants.items()]
    graph = helper.make_graph(nodes, "graph", inputs, outputs, tensors)
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("ai.onnx.ml", 3)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def network(*last: str, columns: int = 3, rows: int | str = "n", opset: int = 17) -> Any:
    """Scores (rows, columns) by WEIGHTS, then the operators `last`."""
    nodes = [helper.make_node("MatMul", ["x", "w"], ["s0"])]
    for place, kind in enumerate(last):
        nodes.append(helper.make_node(kind, [f"s{place}"], [f"s{place + 1}"]))
    out = value(f"s{len(last)}", FLOAT, rows, columns)
    return model(nodes, [value("x", FLOAT, rows, 3)], [out], opset, w=WEIGHTS[:, :columns])


def signature(
    frame: pd.DataFrame = X, target: Any = Y, task: Any = "classification", **output: Any
) -> Signature:
    return Signature.infer(frame, target, name="test", task=task, output=output)


def rows_of(frame: pd.DataFrame = X) -> list[dict[str, Any]]:
    return [
        {str(k): v for k, v in row.items()}
        for row in frame.astype(object).where(frame.notna(), None).to_dict("records")
    ]


def answers(brought: Brought, frame: pd.DataFrame = X) -> Any:
    """What a brought model is served as answers: labels or numbers, and probabilities."""
    assert brought.parity["agrees"] is True
    return OnnxEngine(brought.content, brought.signature.features).run(rows_of(frame))


@pytest.mark.parametrize(
    ("last", "shares"),
    [
        ([], softmax(SCORES)),
        (["Softmax"], softmax(SCORES)),
        (["LogSoftmax"], softmax(SCORES)),
        (["Sigmoid"], None),  # each class by itself: they do not add up to 1
    ],
)
@pytest.mark.parametrize("opset", [11, 17])
def test_scores_become_labels_and_probabilities(last: list[str], shares: Any, opset: int) -> None:
    brought = Graph(network(*last, opset=opset)).bring(signature(), rows_of())
    assert brought.signature.output.classes == list(KINDS)
    assert brought.signature.output.probabilities is (shares is not None)
    labels, found = answers(brought)
    assert list(labels) == list(Y)
    assert found is shares is None or np.allclose(found, shares, atol=1e-5)


@pytest.mark.parametrize("last", [["Sigmoid"], []])
def test_one_score_of_two_classes(last: list[str]) -> None:
    truth = SCORES[:, 0] > 0
    for target in (truth, truth.astype(int) + 3, np.where(truth, "yes", "no")):
        brought = Graph(network(*last, columns=1)).bring(signature(target=target), rows_of())
        labels, shares = answers(brought)
        assert labels.tolist() == target.tolist()
        assert np.allclose(shares[:, 1], 1 / (1 + np.exp(-SCORES[:, 0])), atol=1e-5)


def test_the_order_of_the_classes_may_be_given() -> None:
    named = np.array(["mid", "high", "low"])
    target = named[SCORES.argmax(axis=1)]
    graph = Graph(network())
    graph.classes = list(named)
    brought = graph.bring(signature(target=target), rows_of())
    assert brought.signature.output.classes == ["high", "low", "mid"]
    labels, shares = answers(brought)
    assert list(labels) == list(target)
    assert np.allclose(shares, softmax(SCORES)[:, [1, 2, 0]], atol=1e-5)
    known = X[Y != "low"]
    graph.classes = list(KINDS)
    brought = graph.bring(signature(known, Y[Y != "low"]), rows_of(known))
    assert brought.signature.output.classes == list(KINDS)


@pytest.mark.parametrize("names", [KINDS, np.array([3, 5, 9])])
@pytest.mark.parametrize("zipmap", [True, False])
@pytest.mark.parametrize("double", [True, False])
def test_what_scikit_learn_becomes(names: Any, zipmap: bool, double: bool) -> None:
    frame = X.astype("float64") if double else X
    target = names[SCORES.argmax(axis=1)]
    trained = LogisticRegression().fit(frame.to_numpy(), target)
    made = to_onnx(trained, frame.to_numpy()[:1], options={"zipmap": zipmap}, target_opset=17)
    assert made.graph.input[0].type.tensor_type.elem_type == (DOUBLE if double else FLOAT)
    labels, shares = answers(Graph(made).bring(signature(frame, target), rows_of(frame)), frame)
    assert list(labels) == list(trained.predict(frame.to_numpy()))
    assert np.allclose(shares, trained.predict_proba(frame.to_numpy()), atol=1e-5)


def test_columns_of_every_kind() -> None:
    frame, target = models.houses()
    frame = frame[["heating", "garden", "rooms", "age"]].assign(garden=frame["garden"].astype(int))
    frame["age"] = frame["age"].fillna(3).astype("float32")
    trained = models.pipeline(LogisticRegression())
    trained.steps[0][1].transformers[0] = ("numbers", "passthrough", ["age", "rooms"])
    trained.fit(frame, target)
    made = to_onnx(trained, frame[:1].astype({"rooms": "float32", "garden": "float32"}))
    shuffled = frame[["age", "garden", "heating", "rooms"]]
    brought = Graph(made).bring(signature(shuffled, target), rows_of(shuffled))
    labels, shares = answers(brought, shuffled)
    assert list(labels) == list(trained.predict(frame))
    assert np.allclose(shares, trained.predict_proba(frame), atol=1e-4)


@pytest.mark.parametrize(
    ("kind", "dtype"),
    [(INT64, "int64"), (TensorProto.INT32, "int64"), (TensorProto.BOOL, "bool"), (DOUBLE, "float")],
)
def test_inputs_of_every_type_without_columns(kind: int, dtype: Any) -> None:
    """Inputs (rows,) in another order than the data, whose names no ONNX name may be."""
    frame = pd.DataFrame({"x y": [0, 1, 1, 0], "é?": [1, 1, 0, 0]}).astype(dtype)
    nodes = [
        helper.make_node("Cast", ["é_"], ["first"], to=FLOAT),
        helper.make_node("Cast", ["x_y"], ["second"], to=FLOAT),
        helper.make_node("Sub", ["first", "second"], ["out"]),
    ]
    inputs = [value("é_", kind, "n"), value("x_y", kind, "n")]
    made = model(nodes, inputs, [value("out", FLOAT, "n")])
    described = signature(frame, pd.Series([1.0, 0, -1, 0]), "regression")
    numbers, shares = answers(Graph(made).bring(described, rows_of(frame)), frame)
    assert (numbers.tolist(), shares) == ([1.0, 0.0, -1.0, 0.0], None)


def test_numbers_of_a_regression() -> None:
    trained = LinearRegression().fit(X.to_numpy(), NUMBER)
    made = to_onnx(trained, X.to_numpy()[:1], target_opset=17)
    numbers, shares = answers(Graph(made).bring(signature(X, NUMBER, "regression"), rows_of()))
    assert numbers == pytest.approx(NUMBER.to_numpy(), rel=1e-3, abs=1e-4)
    assert (numbers.shape, shares) == ((40,), None)


def test_numbers_of_several_targets() -> None:
    targets = pd.DataFrame(SCORES, columns=["u", "v", "w"])
    graph = Graph(network(rows=5))
    assert graph.task(targets) == "regression"
    numbers, shares = answers(graph.bring(signature(X, targets, "regression"), rows_of()))
    assert np.allclose(numbers, SCORES, atol=1e-5)
    assert shares is None


def test_classes_are_named_as_the_data_has_them() -> None:
    assert named("b, a,c", pd.Series(["a", "b"])) == ["b", "a", "c"]
    assert named("7,3,20", pd.Series([3, 7])) == [7, 3, 20]
    assert named("true,false", pd.Series([False, True])) == [True, False]
    with pytest.raises(ArtifactError, match="names b twice"):
        named("b,a,b", pd.Series(["a", "b"]))


def test_labels_alone_and_labels_that_are_codes() -> None:
    trained = LinearSVC(random_state=0).fit(X.to_numpy(), Y)
    made = to_onnx(trained, X.to_numpy()[:1], target_opset=17)
    brought = Graph(made).bring(signature(), rows_of())
    assert brought.signature.output.probabilities is False
    assert list(answers(brought)[0]) == list(trained.predict(X.to_numpy()))
    codes = np.digitize(X["a"], [-0.5, 0.5])
    forest = RandomForestClassifier(20, random_state=0).fit(X.to_numpy(), codes)
    made = to_onnx(forest, X.to_numpy()[:1], target_opset=17)
    labels, shares = answers(Graph(made).bring(signature(target=KINDS[codes]), rows_of()))
    assert shares.max() > 1  # by a bit of 32, which makes it no other kind of score
    assert list(labels) == list(KINDS[forest.predict(X.to_numpy())])
    assert np.allclose(shares, forest.predict_proba(X.to_numpy()), atol=1e-5)


@pytest.mark.parametrize("rows", [1, 7])
def test_a_fixed_number_of_rows_becomes_free(rows: int) -> None:
    labels, shares = answers(Graph(network(rows=rows)).bring(signature(), rows_of()))
    assert list(labels) == list(Y)
    assert np.allclose(shares, softmax(SCORES), atol=1e-5)


def test_weights_in_a_file_beside(tmp_path: Path) -> None:
    big = network()
    onnx.save(big, tmp_path / "m.onnx", save_as_external_data=True, location="w", size_threshold=0)
    brought = read(tmp_path / "m.onnx").bring(signature(), rows_of())
    (tmp_path / "w").unlink()
    assert list(answers(brought)[0]) == list(Y)
    with pytest.raises(ArtifactError, match="no whole ONNX file"):
        read(tmp_path / "m.onnx")
    outside = onnx.load(tmp_path / "m.onnx", load_external_data=False)
    outside.graph.initializer[0].external_data[0].value = "../w"
    (tmp_path / "in").mkdir()
    (tmp_path / "w").write_bytes(b"\0" * 36)
    onnx.save(outside, tmp_path / "in" / "m.onnx")
    with pytest.raises(ArtifactError, match="no whole ONNX file"):
        read(tmp_path / "in" / "m.onnx")


def test_a_damaged_file(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    for content in (b"not onnx", network().SerializeToString()[:60]):
        path.write_bytes(content)
        with pytest.raises(ArtifactError, match=r"no whole ONNX file .* export it anew"):
            read(path)
    path.write_bytes(b"")
    with pytest.raises(ArtifactError, match="holds no ONNX graph"):
        read(path)
    with pytest.raises(ArtifactError, match="no whole ONNX file"):
        read(tmp_path / "missing.onnx")


def fixed() -> Any:
    """A network that keeps the number of its rows for itself."""
    made = network("Identity", rows=4)
    made.graph.node[1].CopyFrom(helper.make_node("Reshape", ["s0", "shape"], ["s1"]))
    made.graph.initializer.append(numpy_helper.from_array(np.array([4, 3]), "shape"))
    return made


def mixing() -> Any:
    """Rows are compared to their mean, as by a normalisation in training."""
    made = network("Identity")
    made.graph.node[1].CopyFrom(helper.make_node("Sub", ["s0", "mean"], ["s1"]))
    mean = helper.make_node("ReduceMean", ["s0"], ["mean"], axes=[0], keepdims=1)
    made.graph.node.insert(1, mean)
    return made


def one(kind: int, *shape: int | str, name: str = "x", columns: int = 3) -> Any:
    """A graph that gives what it takes, as `columns` floats."""
    node = helper.make_node("Cast", [name], ["out"], to=FLOAT)
    return model([node], [value(name, kind, *shape)], [value("out", FLOAT, *shape)])


def unknown(domain: str) -> Any:
    made = network("Identity")
    made.graph.node[1].CopyFrom(helper.make_node("Foo", ["s0"], ["s1"], domain=domain))
    made.opset_import.append(helper.make_opsetid("mine", 1))
    return made


def several() -> Any:
    made = network("Relu")
    made.graph.output.append(value("s0", FLOAT, "n", 3))
    return made


def unrelated() -> Any:
    node = helper.make_node("Concat", ["numbers", "other"], ["out"], axis=1)
    inputs = [value("numbers", FLOAT, "n", 2), value("other", FLOAT, "n", 1)]
    return model([node], inputs, [value("out", FLOAT, "n", 3)])


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (fixed(), r"takes 4 rows at a time; export it anew with a dynamic number of rows"),
        (mixing(), r"otherwise when others are beside it; .*model.eval\(\)"),
        (unknown("mine"), r"onnxruntime cannot run the model: .*Foo.* own operators"),
        (network(opset=99), r"onnxruntime cannot run the model: .*99.* older opset"),
        (unrelated(), r"takes numbers, other, and the data has the columns a, b, c; .*one matrix"),
        (one(FLOAT, "n", 28, 28), r"shape \['n', 28, 28\]; .* rows of columns"),
        (one(FLOAT, 3), r"shape \[3\]"),
        (one(FLOAT, "n", 5), r"takes 5 columns, and the data has 3: a, b, c"),
        (one(TensorProto.FLOAT16, "n", 3), r"takes tensor\(float16\); served are tensor\(float\)"),
        (one(INT64, "n", 3), r"takes whole numbers, and column 'a' is of type number; prepare"),
        (one(TensorProto.STRING, "n", 3), r"takes text, and column 'a' is of type number"),
        (network(columns=2), r"gives 2 \(s0\) a row, and there are 3 classes: .* --classes"),
        (several(), r"Each of s1, s0 may be the scores; export only one"),
    ],
)
def test_what_cannot_be_served(made: Any, words: str) -> None:
    with pytest.raises(ArtifactError, match=words) as caught:
        Graph(made).bring(signature(), rows_of())
    assert "\n" not in str(caught.value)


def test_data_that_does_not_fit() -> None:
    regression = signature(X, NUMBER, "regression")
    with pytest.raises(ArtifactError, match=r"gives 3 \(s0\) a row, .* takes one number a row"):
        Graph(network()).bring(regression, rows_of())
    trained = LogisticRegression().fit(X.to_numpy(), Y)
    made = to_onnx(trained, X.to_numpy()[:1], target_opset=17)
    target = Y.replace("low", "tiny")
    with pytest.raises(ArtifactError, match=r"class tiny, .* model: high, low, mid"):
        Graph(made).bring(signature(target=target), rows_of())
    labels = to_onnx(LinearSVC(random_state=0).fit(X.to_numpy(), Y), X.to_numpy()[:1])
    with pytest.raises(ArtifactError, match="answers low, which the data does not have"):
        Graph(labels).bring(signature(target=target), rows_of())
    frame = pd.DataFrame({"x": pd.Series([1, 2, None, 4], dtype="Int64")})
    described = signature(frame, pd.Series([1.0, 2, 3, 4]), "regression")
    with pytest.raises(ArtifactError, match="'x' has gaps, which an input of whole numbers"):
        Graph(one(INT64, "n", 1)).bring(described, rows_of(frame))


def test_what_a_graph_is_for() -> None:
    trained = LogisticRegression().fit(X.to_numpy(), Y)
    labels = to_onnx(trained, X.to_numpy()[:1], target_opset=17)
    whole, fractions = pd.Series([0, 1, 4]), pd.Series([0.5, 1.0, 2.0])
    for made, target, task in [
        (network(), fractions, "regression"),
        (network(), Y, "classification"),
        (network(), whole, "classification"),
        (network(columns=1), Y, "classification"),
        (network(columns=1), whole, "regression"),
        (network(columns=1), whole.clip(upper=1), "classification"),
        (network(columns=1), whole > 0, "classification"),
        (network(), pd.DataFrame({"y": whole, "z": whole}), "regression"),
        (labels, whole, "classification"),
    ]:
        assert Graph(made).task(target) == task
    assert Graph(network()).n_features_in_ == 3
    assert Graph(unrelated()).feature_names_in_ == ["numbers", "other"]
    assert not hasattr(Graph(network()), "feature_names_in_")


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"m/data.pkl": ""}, "holds weights or a pickle, not a program; export it"),
        ({"m/code/a.py": "def __setstate__(self): ..."}, "than tensors and arithmetic: __setsta"),
        ({"m/code/a.py": "torch.save(x, 'f')"}, r"arithmetic: torch\.save"),
        ({"m/models/model.json": '{"target": "torch.os.system"}'}, r"torch\.os\.system"),
        ({"m/models/model.json": '{"expr_str": "open(1)"}'}, r"open\(1\)"),
        ({"m/models/model.json": '{"name": "x=1;y"}'}, "x=1;y"),
        ({"m/models/model.json": "{}", "m/data/constants/opaque_obj_0": ""}, "opaque_obj_0"),
        ({"m/models/model.json": "{}", "m/data/aotinductor/m/a.so": ""}, "aotinductor"),
    ],
)
def test_a_file_of_pytorch_that_is_more(tmp_path: Path, parts: dict[str, str], words: str) -> None:
    """It is refused before PyTorch, which may be missing, gets to see it."""
    path = tmp_path / "model.pt2"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    with pytest.raises(ArtifactError, match=words):
        torch_files.read(path, columns=3)
    path.write_bytes(b"\x80\x02pickle")
    with pytest.raises(ArtifactError, match="holds weights or a pickle"):
        torch_files.read(path, columns=3)
