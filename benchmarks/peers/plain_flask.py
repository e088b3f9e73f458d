"""Plain Flask: no checks, no log. It is what everything is compared with."""

import sample
from flask import Flask, Response, jsonify, request

app = Flask(__name__)
model = sample.load()


@app.post("/predict")
def predict() -> Response:
    X = sample.matrix(request.get_json()["instances"])
    return jsonify(predictions=model.predict(X).tolist())
