"""Saves the model as MLflow has it, for `mlflow models serve`; it is asked with a matrix."""

import shutil

import mlflow.sklearn
import sample

shutil.rmtree("mlflow_model", ignore_errors=True)
mlflow.sklearn.save_model(sample.load(), "mlflow_model", pip_requirements=[])
