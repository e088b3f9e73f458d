"""Serves a trained model over HTTP, from the web framework that a project chose."""

import gc
import os

# Read by onnxruntime when it is imported, which no part of the library does before this line.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

# What is imported stays; to look through all of it as often as usual takes a tenth of most starts.
_YOUNG, *_OLDER = gc.get_threshold()
if 0 < _YOUNG < 10_000:  # 0: somebody wants no garbage to be looked for
    gc.set_threshold(10_000, *_OLDER)
