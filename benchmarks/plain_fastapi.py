"""The plain FastAPI view: a pydantic model, an async function as in its tutorial; no log."""

import joblib
import pandas as pd
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()
model = joblib.load("model.joblib")


class Patient(BaseModel):
    age: float
    sex: str
    bmi: float
    blood_pressure: float
    total_cholesterol: float
    ldl: float
    hdl: float
    cholesterol_ratio: float
    log_triglycerides: float
    glucose: float


class Answer(BaseModel):
    value: float


@app.post("/")
async def predict(patient: Patient) -> Answer:
    frame = pd.DataFrame([patient.model_dump()])
    return Answer(value=model.predict(frame)[0])
