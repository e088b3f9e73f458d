"""Trains the model this project serves. The file is yours: put your own data and model here."""

from sklearn.compose import make_column_transformer
from sklearn.datasets import load_diabetes
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from . import Artifact, publish, with_feedback

NAMES = ["age", "sex", "bmi", "blood_pressure", "total_cholesterol", "ldl", "hdl"]
NAMES += ["cholesterol_ratio", "log_triglycerides", "glucose"]
FEATURES = {  # the source names the unit of age only; the others are what the values mean
    "age": {"unit": "years"},
    "sex": {"description": "Sex, as the source codes it"},
    "bmi": {"unit": "kg/m²", "description": "Body mass index"},
    "blood_pressure": {"unit": "mm Hg", "description": "Average blood pressure"},
    "total_cholesterol": {"unit": "mg/dL", "description": "Total serum cholesterol"},
    "ldl": {"unit": "mg/dL", "description": "Low-density lipoproteins"},
    "hdl": {"unit": "mg/dL", "description": "High-density lipoproteins"},
    "cholesterol_ratio": {"description": "Total cholesterol / HDL"},
    "log_triglycerides": {"description": "Logarithm of serum triglycerides (possibly)"},
    "glucose": {"unit": "mg/dL", "description": "Blood sugar"},
}
OUTPUT = {"name": "progression", "description": "Disease progression one year after baseline"}
LIMITS = [
    "It is an example: its patients are too few, and its errors too large, to treat anybody by.",
    "All of its 442 patients had diabetes; it says nothing about people without it.",
]


def main() -> Artifact:
    """Fit, measure on a held-out fifth of the 442 patients, and publish."""
    X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
    X = X.set_axis(NAMES, axis="columns").astype("float32")  # models are served in 32 bits
    X["sex"] = X["sex"].astype(int).astype(str)
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.2, random_state=0)
    X, y = with_feedback(X, y)  # and logged rows, in `manage train --with-feedback`
    prepare = make_column_transformer((OneHotEncoder(), ["sex"]), remainder=StandardScaler())
    model = make_pipeline(prepare, RidgeCV()).fit(X, y)
    return publish(
        model,
        X,
        y,
        name="diabetes-progression",
        test=(X_test, y_test),
        features=FEATURES,
        output=OUTPUT,
        limits=LIMITS,
    )
