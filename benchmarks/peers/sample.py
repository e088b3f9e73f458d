"""The model of all views, and how they make a NumPy matrix of what callers send."""

from typing import Any

import joblib
import numpy as np

NAMES = ["age", "sex", "bmi", "blood_pressure", "total_cholesterol", "ldl", "hdl"]
NAMES += ["cholesterol_ratio", "log_triglycerides", "glucose"]


def load() -> Any:
    """The fitted pipeline, from the folder that the server is started in."""
    return joblib.load("model.joblib")


def matrix(instances: list[dict[str, float]]) -> Any:
    return np.array([[row[name] for name in NAMES] for row in instances])
