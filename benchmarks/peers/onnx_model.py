"""The same model as ONNX, run on one thread as the service runs it."""

from typing import Any

import numpy as np
import onnxruntime
import sample

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession("model.onnx", options, ["CPUExecutionProvider"])
(node,) = session.get_inputs()
DTYPE = {"tensor(float)": np.float32, "tensor(double)": np.float64}[node.type]


def run(table: Any) -> Any:
    """The predictions (rows,) for a matrix (rows, features)."""
    return session.run(None, {node.name: table.astype(DTYPE, copy=False)})[0].ravel()


def predict(instances: list[dict[str, float]]) -> list[Any]:
    answers: list[Any] = run(sample.matrix(instances)).tolist()
    return answers
