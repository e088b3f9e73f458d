"""The plain Flask view that everything is compared with: no checks, no log."""

import joblib
import pandas as pd
from flask import Flask, Response, jsonify, request

app = Flask(__name__)
model = joblib.load("model.joblib")


@app.post("/")
def predict() -> Response:
    frame = pd.DataFrame([request.get_json()])
    return jsonify(value=float(model.predict(frame)[0]))
