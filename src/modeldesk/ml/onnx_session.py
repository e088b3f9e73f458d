"""Sessions of onnxruntime, alike wherever a graph is run."""

from typing import Any


def onnx_session(model: bytes) -> Any:
    """A session that runs a graph on one core, and tells nobody of it.

    Raises what onnxruntime raises for a graph that it cannot run.
    """
    import onnxruntime

    onnxruntime.disable_telemetry_events()  # of Windows; see modeldesk/__init__.py for the others
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4  # errors reach us as exceptions
    return onnxruntime.InferenceSession(model, options, ["CPUExecutionProvider"])
