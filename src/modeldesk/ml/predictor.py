"""Runs a model: rows in, predictions out, one run for the whole batch."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .artifact import Artifact, ArtifactError, ChangedAnswers, Runtime, read
from .converting.kept import Kept
from .converting.parity import Answers
from .fitted.boosters import FAMILIES, family
from .fitted.columns import fitted_names, takes_text
from .fitted.unsupervised import has_decision
from .fitted.walk import inside
from .frames import Column, as_trained
from .rules import RuleError, Rules, rules
from .shares import are_shares, by_target, rounded
from .signature import Feature, Signature, Target, brief
from .single import feeder, reader
from .validation import InstanceValidator, Row

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
NO_SHARES = "The model's scores of it are no probabilities: they do not add up to 1."


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
        self._feed = feeder(self.inputs)

    def run(self, rows: list[Row]) -> Answers:
        """Return labels or numbers (rows,) or (rows, targets), and probabilities if it has them."""
        return self.answers(self.table(rows))

    def run_one(self, row: Row) -> list[Any]:
        """The arrays that the model gives for one row."""
        answers: list[Any] = self.session.run(None, self._feed(row))
        return answers

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

    def run(self, rows: list[Row]) -> Answers:
        """Return labels or numbers (rows,) or (rows, targets), and probabilities if it has them."""
        return self.answers(self.table(rows))

    def table(self, rows: list[Row]) -> Any:
        """What the model takes: a pandas frame (rows, features), of the types of its training."""
        import pandas as pd

        columns = {
            feature.name: as_trained([row[feature.name] for row in rows], feature, was)
            for feature in self.features
            for was in [self.trained.get(feature.name)]
        }
        if family(self.model):  # which takes no objects; true is 1 to it
            flags = [f.name for f in self.features if f.type == "boolean"]
            columns |= {name: [row[name] for row in rows] for name in flags}
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
        if len(rows) == 1 and (answer := self._one(rows[0])):
            return [answer]
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

    def _one(self, row: Row) -> Prediction | None:
        """The answer to a row by the short way, where there is one that leads to an answer."""
        if self._read is None or not isinstance(self.engine, OnnxEngine):
            return None
        try:
            found = self._read(self.engine.run_one(row))
        except Exception:  # which the other way meets, too, and names
            return None
        return Prediction(*found) if found else None

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
        meant: Any = np.ones(rows, bool)
        if shares is not None and output.threshold is not None:
            numbers.append(np.reshape(shares, rows).astype(float) + output.threshold)
            scores = numbers[-1].tolist()
        elif shares is not None and output.probabilities:
            numbers.append(shares)
            arrays = by_target(output, shares)
            for array in arrays:
                meant &= are_shares(array)
            told = zip(output.parts, arrays, strict=True)
            by_class = self._by_row([_by_label(part, array) for part, array in told])
        finite: Any = np.ones(rows, bool)
        for array in numbers:
            finite &= np.isfinite(array.reshape(rows, -1)).all(axis=1)
        answers = zip(values, by_class, scores, finite.tolist(), meant.tolist(), strict=True)
        for index, (value, by_label, score, has_answer, fits) in enumerate(answers):
            if not has_answer:
                yield NotFinite(index)
            elif not fits:
                yield NotFinite(index, NO_SHARES)
            else:
                yield Prediction(value, by_label, score=score)

    def _by_row(self, columns: list[list[Any]]) -> list[Any]:
        """The values of the one column, or of several targets those of a row by name."""
        if not self.signature.output.targets:
            return columns[0]
        names = [target.name for target in self.signature.output.targets]
        return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _by_label(part: Target, shares: np.ndarray) -> list[dict[str, float]]:
    labels = [label for label, _ in part.choices]
    with np.errstate(all="ignore"):
        meant = rounded(shares)
    return [dict(zip(labels, row, strict=True)) for row in meant.tolist()]
