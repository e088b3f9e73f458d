"""FastAPI with an async view, as in its tutorial: its input is checked by pydantic; no log."""

import sample
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()
model = sample.load()


class Patient(BaseModel):
    age: float
    sex: float
    bmi: float
    blood_pressure: float
    total_cholesterol: float
    ldl: float
    hdl: float
    cholesterol_ratio: float
    log_triglycerides: float
    glucose: float


class Patients(BaseModel):
    instances: list[Patient]


class Answer(BaseModel):
    predictions: list[float]


@app.post("/predict")
async def predict(patients: Patients) -> Answer:
    X = sample.matrix([patient.model_dump() for patient in patients.instances])
    return Answer(predictions=model.predict(X).tolist())
