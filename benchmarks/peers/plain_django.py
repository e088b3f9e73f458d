"""Plain Django, in one file: no checks, no log, and no middleware, which would do nothing."""

import json

import sample
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path

settings.configure(ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF=__name__, SECRET_KEY="-")
model = sample.load()


def predict(request: HttpRequest) -> JsonResponse:
    X = sample.matrix(json.loads(request.body)["instances"])
    return JsonResponse({"predictions": model.predict(X).tolist()})


urlpatterns = [path("predict", predict)]
app = get_wsgi_application()
