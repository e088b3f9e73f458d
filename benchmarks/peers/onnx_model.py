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


def predict(instances: list[dict[str, float]]) -> list[Any]:
    table = sample.matrix(instances).astype(DTYPE, copy=False)
    answers: list[Any] = session.run(None, {node.name: table})[0].ravel().tolist()
    return answers
