"""Saves the model as MLflow has it, for `mlflow models serve`; it is asked with a matrix."""

import shutil

import mlflow.sklearn
import sample

shutil.rmtree("mlflow_model", ignore_errors=True)
# A pickle, as its other format, skops, refuses forests; the model was fitted here.
options = {"pip_requirements": [], "serialization_format": "cloudpickle"}
mlflow.sklearn.save_model(sample.load(), "mlflow_model", **options)
