"""Runs a model: rows in, predictions out, one run for the whole batch."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .answered import Answered, NotFinite, Prediction
from .artifact import Artifact, ArtifactError, ChangedAnswers, Runtime, read
from .converting.kept import Kept
from .converting.parity import Answers
from .fitted.boosters import FAMILIES, family
from .fitted.columns import fitted_names, takes_text
from .fitted.unsupervised import has_decision
from .fitted.walk import inside
from .frames import Column, as_trained
from .onnx_session import onnx_session
from .rows import Row, Rows, column
from .rules import RuleError, Rules, rules
from .signature import Feature, Signature, brief
from .single import feeder, reader
from .validation import InstanceValidator

Trained = Mapping[str, Column]  # as of Signature.trained
NOTHING: Trained = {}
INPUTS: dict[str, tuple[Any, Any]] = {  # the dtype of an ONNX input, and what is a gap in it
    "tensor(float)": (np.float32, np.nan),
    "tensor(double)": (np.float64, np.nan),
    "tensor(int64)": (np.int64, None),
    "tensor(int32)": (np.int32, None),
    "tensor(bool)": (np.bool_, None),
    "tensor(string)": (np.object_, "nan"),  # as skl2onnx writes it
}


class ForeignCode(ValueError):
    """A model needs code called `name` that is neither scikit-learn's nor the project's."""

    def __init__(self, name: str) -> None:
        super().__init__(f"it holds code that is not scikit-learn's, {name}")
        self.name = name


class OnnxEngine:
    """An ONNX model with one input a feature, or one matrix, in the signature's order."""

    def __init__(self, model: bytes, features: list[Feature]) -> None:
        self.session = onnx_session(model)
        inputs, names = self.session.get_inputs(), [feature.name for feature in features]
        groups = [names] if len(inputs) == 1 else [[name] for name in names]
        pairs = zip(inputs, groups, strict=True)
        self.inputs = [(node.name, group, *INPUTS[node.type]) for node, group in pairs]
        self._feed = feeder(self.inputs)

    def run(self, rows: Sequence[Row]) -> Answers:
        """Return labels or numbers (rows,) or (rows, targets), and probabilities if it has them."""
        return self.answers(self.table(rows))

    def run_one(self, row: Row) -> list[Any]:
        """The arrays that the model gives for one row."""
        answers: list[Any] = self.session.run(None, self._feed(row))
        return answers

    def table(self, rows: Sequence[Row]) -> dict[str, np.ndarray]:
        """What the model takes: by input, values (rows, features of the input)."""
        if isinstance(rows, Rows):
            return {
                name: np.stack([_array(rows, key, dtype, gap) for key in group], axis=1)
                for name, group, dtype, gap in self.inputs
            }
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

    def __init__(self, model: Any, features: list[Feature], trained: Trained = NOTHING) -> None:
        self.model, self.features, self.trained = model, features, trained
        self.decides = has_decision(model)

    @classmethod
    def load(
        cls, content: bytes, features: list[Feature], trained: Trained = NOTHING
    ) -> "ScikitEngine":
        """Read a skops file. Raises ForeignCode when it holds code that is not scikit-learn's."""
        from .fitted.trusted import Untrusted
        from .skops_file import loads

        try:
            model = loads(content)
        except Untrusted as found:
            raise ForeignCode(str(found)) from found
        for part in inside(model):
            if "n_jobs" in getattr(part, "__dict__", {}):
                part.n_jobs = 1  # starting others takes longer than to answer a request
        return cls(model, features, trained)

    def run(self, rows: Sequence[Row]) -> Answers:
        """Return labels or numbers (rows,) or (rows, targets), and probabilities if it has them."""
        return self.answers(self.table(rows))

    def table(self, rows: Sequence[Row]) -> Any:
        """What the model takes: a pandas frame (rows, features), of the types of its training."""
        import pandas as pd

        columns = {
            feature.name: as_trained(column(rows, feature.name), feature, was)
            for feature in self.features
            for was in [self.trained.get(feature.name)]
        }
        if family(self.model):  # which takes no objects; true is 1 to it
            flags = [f.name for f in self.features if f.type == "boolean"]
            columns |= {name: column(rows, name) for name in flags}
            return pd.DataFrame(columns).astype(dict.fromkeys(flags, "float64"))
        return pd.DataFrame(columns)

    def shuffled(self, table: Any, feature: str, order: np.ndarray) -> Any:
        """A table whose values of a feature are those of other rows, in this order."""
        return table.assign(**{feature: table[feature].take(order).set_axis(table.index)})

    def answers(self, frame: Any) -> Answers:
        """What the model says to a pandas frame (rows, features)."""
        X = frame
        if takes_text(self.model):
            X = frame.to_numpy()[:, 0]
        elif hasattr(self.model, "n_features_in_") and fitted_names(self.model) is None:
            X = frame.to_numpy()  # it was fitted on a matrix; one that knows neither may want names
        labels = _by_row(np.asarray(self.model.predict(X)), len(frame))
        if hasattr(self.model, "predict_proba"):
            return labels, _by_target(self.model.predict_proba(X), labels)
        decides = self.decides
        return labels, self.model.decision_function(X).reshape(-1, 1) if decides else None


Engine = OnnxEngine | ScikitEngine


def start(runtime: Runtime, content: bytes, signature: Signature) -> Engine:
    """The engine of a model file. Raises ImportError or whatever is wrong with the file."""
    if runtime == "onnx":
        return OnnxEngine(content, signature.features)
    return ScikitEngine.load(content, signature.features, signature.trained)


def _array(rows: Rows, name: str, dtype: Any, gap: Any) -> np.ndarray:
    """Values (rows,) as a model takes them. Raises what NumPy raises for those that do not fit."""
    values = rows.columns[name]
    if isinstance(values, np.ndarray) and np.issubdtype(dtype, np.floating):
        return values.astype(dtype)
    # Other arrays would be cut to the dtype in silence.
    return np.array([gap if value is None else value for value in rows.cells(name)], dtype)


def _by_row(labels: np.ndarray, rows: int) -> np.ndarray:
    return labels.reshape(rows if labels.size == rows else (rows, -1))


def _by_target(shares: Any, labels: np.ndarray) -> Any:
    """Probabilities (rows, classes), those of several targets beside each other."""
    if labels.ndim > 1 and not isinstance(shares, list) and shares.ndim == 2:
        shares = [np.stack([1 - column, column], axis=1) for column in shares.T]  # those of 1
    if isinstance(shares, list) or shares.ndim > 2:
        return np.concatenate(list(shares), axis=1)
    return shares.reshape(len(labels), -1)


class Predictor:
    """A model ready to answer; threads may share it."""

    def __init__(self, artifact: Artifact, engine: Engine, rules: Rules | None = None) -> None:
        self.artifact, self.engine, self.rules = artifact, engine, rules or Rules()
        self.signature, self.version = artifact.signature, artifact.version
        self.seconds = 0.0  # that the example took when it was loaded
        self._read = reader(self.signature.output) if isinstance(engine, OnnxEngine) else None
        check = self.rules.faults if self.rules.check else None
        self.validator = InstanceValidator(self.signature, check, self.rules.reference)

    @classmethod
    def load(cls, root: Path, version: str | None = None) -> "Predictor":
        """Load a version, the current one by default, and try its example, by the owner's rules.

        Its kept probes must have the recorded answers. Raises ArtifactError.
        """
        artifact, model = read(root, version)
        own = rules().checked(feature.name for feature in artifact.signature.features)
        try:
            predictor = cls(artifact, start(artifact.runtime, model, artifact.signature), own)
            example = artifact.signature.example
            predictor.seconds = own.try_out(
                lambda: predictor.predict(predictor.validator.from_json([example])[0])
            )
        except ImportError as error:
            lacks = error.name
            mend = f"add {lacks}" if lacks in FAMILIES else "sync --extra train"
            why = f"This model needs {lacks} to be served; install it with `uv {mend}`."
            raise ArtifactError(why) from error
        except RuleError:
            raise
        except Exception as error:
            why = f"The model in {artifact.path} does not answer its own example"
            raise ArtifactError(f"{why}: {brief(error)}") from error
        predictor.ask_kept()
        return predictor

    def ask_kept(self) -> None:
        """Ask the probes kept with the version, if there are any.

        Raises ChangedAnswers when an answer is another than its original gave.
        """
        if not self.artifact.kept:
            return
        try:
            fault = Kept.loads(self.artifact.kept).fault(self.engine)
        except (ValueError, TypeError, OSError) as error:
            fault = f"its probes cannot be read ({brief(error)})"
        if fault:
            why = f"The model in {self.artifact.path} does not answer as it did when it was made"
            raise ChangedAnswers(f"{why}: {fault}.")

    def predict(self, rows: Sequence[Row]) -> list[Prediction]:
        """Answer checked rows. Raises NotFinite for the first that has no answer."""
        answers = []
        for answer in self.predict_each(rows):
            if isinstance(answer, NotFinite):
                raise answer
            answers.append(answer)
        return answers

    def predict_each(self, rows: Sequence[Row]) -> Sequence[Prediction | NotFinite]:
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

    def _each(self, rows: Sequence[Row]) -> Sequence[Prediction | NotFinite]:
        if len(rows) == 1 and (answer := self._one(rows[0])):
            return [answer]
        try:
            return Answered(self.signature.output, *self.engine.run(rows)) if rows else []
        except Exception as error:
            if len(rows) == 1:
                return [NotFinite(0, f"The model fails on it: {brief(error)}")]
        return [  # one by one, to find the rows at fault
            NotFinite(index, str(answer)) if isinstance(answer, NotFinite) else answer
            for index, row in enumerate(rows)
            for answer in self._each([row])
        ]

    def _one(self, row: Row) -> Prediction | None:
        """The answer to a row by the short way, where there is one that leads to an answer."""
        if self._read is None or not isinstance(self.engine, OnnxEngine):
            return None
        try:
            found = self._read(self.engine.run_one(row))
        except Exception:  # which the other way meets, too, and names
            return None
        return Prediction(*found) if found else None
