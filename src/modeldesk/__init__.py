"""Serves a trained model over HTTP, from the web framework that a project chose."""

import os

# Read by onnxruntime when it is imported, which no part of the library does before this line.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
