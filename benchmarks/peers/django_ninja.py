"""Django with django-ninja: its input is checked by pydantic; no log."""

import sample
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest
from django.urls import path

settings.configure(ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF=__name__, SECRET_KEY="-")
app = get_wsgi_application()

from ninja import NinjaAPI, Schema  # noqa: E402  # it wants Django to be set up

model = sample.load()
api = NinjaAPI()


class Patient(Schema):
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


class Patients(Schema):
    instances: list[Patient]


class Answer(Schema):
    predictions: list[float]


@api.post("/predict", response=Answer)
def predict(request: HttpRequest, patients: Patients) -> Answer:
    X = sample.matrix([patient.model_dump() for patient in patients.instances])
    return Answer(predictions=model.predict(X).tolist())


urlpatterns = [path("", api.urls)]
