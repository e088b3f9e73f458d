"""Runs a model: rows in, predictions out, one run for the whole batch."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .artifact import Artifact, ArtifactError, Runtime, read
from .columns import takes_text
from .project import packages
from .rules import RuleError, Rules, rules
from .signature import Feature, Target, brief
from .unsupervised import has_decision
from .validation import InstanceValidator, Row

# Labels or numbers (rows,) or (rows, targets); and the probabilities (rows, classes), of several
# targets a list of such, or a detector's decision function.
Answers = tuple[np.ndarray, Any]
INPUTS: dict[str, tuple[Any, Any]] = {  # the dtype of an ONNX input, and what is a gap in it
    "tensor(float)": (np.float32, np.nan),
    "tensor(double)": (np.float64, np.nan),
    "tensor(int64)": (np.int64, None),
    "tensor(int32)": (np.int32, None),
    "tensor(bool)": (np.bool_, None),
    "tensor(string)": (np.object_, "nan"),  # as skl2onnx writes it
}
TRUSTED = {  # what libraries keep inside their models; other code in a file is refused
    "collections.OrderedDict",
    "collections.defaultdict",
    "functools.partial",  # its function is judged by itself
    "lightgbm.basic.Booster",
    "numpy.dtype",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.metrics._dist_metrics.EuclideanDistance64",
    "sklearn.neighbors._kd_tree.KDTree",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.tree._tree.Tree",
    "sklearn.utils.validation.check_array",
    "xgboost.core.Booster",
}
TRUSTED_PARTS = ("lightgbm.sklearn.", "xgboost.sklearn.")


class NotFinite(ValueError):
    """The model has no answer to row `index`: it failed, or gave NaN or infinity."""

    def __init__(self, index: int, why: str = "The model has no finite answer to it.") -> None:
        super().__init__(why)
        self.index = index


class ForeignCode(ValueError):
    """A model needs code called `name` that is neither scikit-learn's nor the project's."""

    def __init__(self, name: str) -> None:
        super().__init__(f"it holds code that is not scikit-learn's, {name}")
        self.name = name


@dataclass(frozen=True, slots=True)
class Prediction:
    """A number or a class, or one of each target, and the probability of each class by label, or by
    target and label.

    `score` is that of a detector of outliers, which is lower the more unusual a row is.
    `model_value` is what the model said where a rule of the owner's made another `value` of it.
    """

    value: Any
    probabilities: dict[str, Any] | None
    model_value: Any = None
    score: float | None = None


class OnnxEngine:
    """An ONNX model with one input a feature, or one matrix, in the signature's order."""

    def __init__(self, model: bytes, features: list[Feature]) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4  # errors reach us as exceptions
        self.session = onnxruntime.InferenceSession(model, options, ["CPUExecutionProvider"])
        inputs, names = self.session.get_inputs(), [feature.name for feature in features]
        groups = [names] if len(inputs) == 1 else [[name] for name in names]
        pairs = zip(inputs, groups, strict=True)
        self.inputs = [(node.name, group, *INPUTS[node.type]) for node, group in pairs]

    def run(self, rows: list[Row]) -> Answers:
        """Return labels or numbers (rows,) or (rows, targets), and probabilities if it has them."""
        return self.answers(self.table(rows))

    def table(self, rows: list[Row]) -> dict[str, np.ndarray]:
        """What the model takes: by input, values (rows, features of the input)."""
        feed = {}
        for name, group, dtype, gap in self.inputs:
            cells = [[gap if (v := row[key]) is None else v for key in group] for row in rows]
            feed[name] = np.array(cells, dtype)
        return feed

    def shuffled(
        self, table: dict[str, np.ndarray], feature: str, order: np.ndarray
    ) -> dict[str, np.ndarray]:
        """A table whose values of a feature are those of other rows, in this order."""
        node, group = next((name, group) for name, group, *_ in self.inputs if feature in group)
        values, column = table[node].copy(), group.index(feature)
        values[:, column] = values[order, column]
        return table | {node: values}

    def answers(self, table: dict[str, np.ndarray]) -> Answers:
        """What the model says to a table."""
        answers = self.session.run(None, table)
        rows = len(next(iter(table.values())))
        labels = _by_row(answers[0], rows)
        return labels, _by_target(answers[1], labels) if len(answers) > 1 else None


class ScikitEngine:
    """A scikit-learn model as it was trained; needs scikit-learn and pandas."""

    def __init__(self, model: Any, features: list[Feature]) -> None:
        self.model, self.features = model, features
        self.decides = has_decision(model)

    @classmethod
    def load(cls, content: bytes, features: list[Feature]) -> "ScikitEngine":
        """Read a skops file. Raises ForeignCode when it holds code that is not scikit-learn's."""
        import skops.io

        unknown = set(skops.io.get_untrusted_types(data=content))
        known = (*TRUSTED_PARTS, *(f"{package}." for package in packages()))
        foreign = {name for name in unknown - TRUSTED if not name.startswith(known)}
        foreign |= {name for name in unknown if name.endswith("<lambda>")}  # nothing to import
        if foreign:
            raise ForeignCode(min(foreign))
        return cls(skops.io.loads(content, trusted=sorted(unknown | TRUSTED)), features)

    def run(self, rows: list[Row]) -> Answers:
        """Return labels or numbers (rows,) or (rows, targets), and probabilities if it has them."""
        return self.answers(self.table(rows))

    def table(self, rows: list[Row]) -> Any:
        """What the model takes: a pandas frame (rows, features), of the types of its training."""
        import pandas as pd

        frame: dict[str, Any] = {}
        for feature in self.features:
            values = [row[feature.name] for row in rows]
            if feature.type == "category":
                known = {*(feature.categories or []), *values} - {None}
                frame[feature.name] = pd.Categorical(values, sorted(known))
            elif feature.type == "text" or (feature.type == "boolean" and feature.missing):
                frame[feature.name] = np.array([np.nan if v is None else v for v in values], object)
            elif feature.type == "date":
                frame[feature.name] = np.array([v or "NaT" for v in values], "datetime64[ns]")
            else:
                dtype = {"integer": "int64", "boolean": "bool"}.get(feature.type)
                frame[feature.name] = np.array(values, "float64" if feature.missing else dtype)
        return pd.DataFrame(frame)

    def shuffled(self, table: Any, feature: str, order: np.ndarray) -> Any:
        """A table whose values of a feature are those of other rows, in this order."""
        return table.assign(**{feature: table[feature].take(order).set_axis(table.index)})

    def answers(self, frame: Any) -> Answers:
        """What the model says to a pandas frame (rows, features)."""
        X = frame
        if takes_text(self.model):
            X = frame.to_numpy()[:, 0]
        elif hasattr(self.model, "n_features_in_") and not hasattr(self.model, "feature_names_in_"):
            X = frame.to_numpy()  # it was fitted on a matrix; one that knows neither may want names
        labels = _by_row(np.asarray(self.model.predict(X)), len(frame))
        if hasattr(self.model, "predict_proba"):
            return labels, _by_target(self.model.predict_proba(X), labels)
        return labels, self.model.decision_function(X) if self.decides else None


Engine = OnnxEngine | ScikitEngine


def start(runtime: Runtime, content: bytes, features: list[Feature]) -> Engine:
    """The engine of a model file. Raises ImportError or whatever is wrong with the file."""
    load = OnnxEngine if runtime == "onnx" else ScikitEngine.load
    return load(content, features)


def _by_row(labels: np.ndarray, rows: int) -> np.ndarray:
    return labels.reshape(rows if labels.size == rows else (rows, -1))


def _by_target(shares: Any, labels: np.ndarray) -> Any:
    """Probabilities (rows, classes), or of several targets a list of such."""
    if labels.ndim == 1 or isinstance(shares, list):
        return shares
    if shares.ndim > 2:
        return list(shares)
    return [np.stack([1 - column, column], axis=1) for column in shares.T]  # those of 1


class Predictor:
    """A model ready to answer; threads may share it."""

    def __init__(self, artifact: Artifact, engine: Engine, rules: Rules | None = None) -> None:
        self.artifact, self.engine, self.rules = artifact, engine, rules or Rules()
        self.signature, self.version = artifact.signature, artifact.version
        self.seconds = 0.0  # that the example took when it was loaded
        check = self.rules.faults if self.rules.check else None
        self.validator = InstanceValidator(self.signature, check, self.rules.reference)

    @classmethod
    def load(cls, root: Path, version: str | None = None) -> "Predictor":
        """Load a version, the current one by default, and try its example, by the owner's rules.

        Raises ArtifactError.
        """
        artifact, model = read(root, version)
        own = rules().checked(feature.name for feature in artifact.signature.features)
        try:
            predictor = cls(
                artifact, start(artifact.runtime, model, artifact.signature.features), own
            )
            example = artifact.signature.example
            predictor.seconds = own.try_out(
                lambda: predictor.predict(predictor.validator.from_json([example])[0])
            )
        except ImportError as error:
            lacks = error.name
            mend = f"add {lacks}" if lacks in ("lightgbm", "xgboost") else "sync --extra train"
            why = f"This model needs {lacks} to be served; install it with `uv {mend}`."
            raise ArtifactError(why) from error
        except RuleError:
            raise
        except Exception as error:
            why = f"The model in {artifact.path} does not answer its own example"
            raise ArtifactError(f"{why}: {brief(error)}") from error
        return predictor

    def predict(self, rows: list[Row]) -> list[Prediction]:
        """Answer checked rows. Raises NotFinite for the first that has no answer."""
        answers = []
        for answer in self.predict_each(rows):
            if isinstance(answer, NotFinite):
                raise answer
            answers.append(answer)
        return answers

    def predict_each(self, rows: list[Row]) -> list[Prediction | NotFinite]:
        """Answer checked rows, in their order; a row without an answer has the reason.

        Raises RuleError when a rule of the owner's fails.
        """
        answers = self._each(rows)
        if self.rules.decide is None:
            return answers
        output, decided = self.signature.output, self.rules.decided
        return [
            answer if isinstance(answer, NotFinite) else decided(row, answer, output)
            for row, answer in zip(rows, answers, strict=True)
        ]

    def _each(self, rows: list[Row]) -> list[Prediction | NotFinite]:
        try:
            return list(self._shaped(*self.engine.run(rows))) if rows else []
        except Exception as error:
            if len(rows) == 1:
                return [NotFinite(0, f"The model fails on it: {brief(error)}")]
        return [  # one by one, to find the rows at fault
            NotFinite(index, str(answer)) if isinstance(answer, NotFinite) else answer
            for index, row in enumerate(rows)
            for answer in self._each([row])
        ]

    def _shaped(self, labels: np.ndarray, shares: Any) -> Iterator[Prediction | NotFinite]:
        output, rows = self.signature.output, len(labels)
        columns = [*labels.T] if output.targets else [labels]
        # 1 finds True, and 1.0 finds 1.
        known = [{value: value for value in part.classes or []} for part in output.parts]
        pairs = list(zip(columns, known, strict=True))
        numbers = [column for column, classes in pairs if not classes]
        values = self._by_row(
            [[classes[v] for v in c.tolist()] if classes else c.tolist() for c, classes in pairs]
        )
        by_class: list[Any] = [None] * rows
        scores: list[Any] = [None] * rows
        if shares is not None and output.threshold is not None:
            numbers.append(np.reshape(shares, rows).astype(float) + output.threshold)
            scores = numbers[-1].tolist()
        elif shares is not None and output.probabilities:
            arrays = shares if output.targets else [shares]
            numbers += arrays
            told = zip(output.parts, arrays, strict=True)
            by_class = self._by_row([_by_label(part, array) for part, array in told])
        finite: Any = np.ones(rows, bool)
        for array in numbers:
            finite &= np.isfinite(array.reshape(rows, -1)).all(axis=1)
        answers = zip(values, by_class, scores, finite.tolist(), strict=True)
        for index, (value, by_label, score, has_answer) in enumerate(answers):
            yield Prediction(value, by_label, score=score) if has_answer else NotFinite(index)

    def _by_row(self, columns: list[list[Any]]) -> list[Any]:
        """The values of the one column, or of several targets those of a row by name."""
        if not self.signature.output.targets:
            return columns[0]
        names = [target.name for target in self.signature.output.targets]
        return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _by_label(part: Target, shares: np.ndarray) -> list[dict[str, float]]:
    labels = [label for label, _ in part.choices]
    return [dict(zip(labels, row, strict=True)) for row in shares.tolist()]
