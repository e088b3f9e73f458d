"""What runs a graph tells nobody of it."""

import os
import subprocess
import sys
from pathlib import Path

RUN = """
import modeldesk.ml.predictor
from onnx import TensorProto, helper
from modeldesk.ml.onnx_session import onnx_session

ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy"]
graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", ends[:1], ends[1:])
opset = [helper.make_opsetid("", 17)]
onnx_session(helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString())
"""
QUIET = {"CI", "GITHUB_ACTIONS", "ORT_DISABLE_TELEMETRY", "ORT_RUNNING_UNIT_TESTS"}


def test_onnxruntime_keeps_no_telemetry(tmp_path: Path) -> None:
    """A process of its own, where none of what turns it off for other reasons is set."""
    env = {name: value for name, value in os.environ.items() if name not in QUIET}
    env |= {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    env["https_proxy"] = "http://127.0.0.1:9"  # should it fail, it reaches nobody
    command = [sys.executable, "-c", RUN]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")
    assert not list(tmp_path.rglob("*"))
