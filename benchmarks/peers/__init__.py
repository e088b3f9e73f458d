"""Who else serves the same model: one line each, and beside it the file that does so."""

from dataclasses import dataclass

from ..protocols import MLFLOW, OPEN_INFERENCE, PLAIN, Protocol
from ..shell import PYTHON

GUNICORN = "gunicorn -k gthread --threads 4 -w 2 -b 127.0.0.1:{port} "
UVICORN = "uvicorn --workers 2 --no-access-log --port {port} "
GRANIAN = "granian --interface wsgi --http 1 --no-ws --workers 2 --blocking-threads 2 "
GRANIAN += "--no-access-log --host 127.0.0.1 --port {port} "


@dataclass(frozen=True)
class Peer:
    """A server by the packages it needs, in an environment of its own, and its command.

    It runs in the folder of the model, after `prepare`.
    """

    name: str
    needs: str
    command: str
    protocol: Protocol = PLAIN
    prepare: str = ""
    settings: tuple[tuple[str, str], ...] = ()
    python: str = PYTHON


BASELINE = "plain Flask"
LIMIT = "bare WSGI callable, ONNX"
PEERS = [
    Peer(BASELINE, "flask gunicorn", GUNICORN + "plain_flask:app"),
    Peer("plain Django", "django gunicorn", GUNICORN + "plain_django:app"),
    Peer("FastAPI, async", "fastapi uvicorn[standard]", UVICORN + "fastapi_async:app"),
    Peer("django-ninja", "django django-ninja gunicorn", GUNICORN + "django_ninja:app"),
    Peer("LitServe", "litserve", "python litserve_api.py {port}"),
    Peer(
        "MLServer",
        "mlserver mlserver-sklearn uvloop<0.22",  # a newer uvloop ends its workers
        "mlserver start model",
        OPEN_INFERENCE,
        prepare="python mlserver_settings.py",
        settings=(
            ("MLSERVER_HOST", "127.0.0.1"),
            ("MLSERVER_HTTP_PORT", "{port}"),
            ("MLSERVER_GRPC_PORT", "{port1}"),
            ("MLSERVER_METRICS_PORT", "{port2}"),
        ),
    ),
    Peer("BentoML", "bentoml", "bentoml serve bento_service:Predict --port {port}"),
    Peer(
        "MLflow",
        "mlflow",
        "mlflow models serve -m mlflow_model --env-manager local --workers 2 --port {port}",
        MLFLOW,
        prepare="python mlflow_save.py",
    ),
    Peer(
        "Ray Serve",
        "ray[serve]",
        "python ray_app.py {port}",
        settings=(("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0"),),  # else it starts workers by uv, too
    ),
    Peer(LIMIT, "granian onnxruntime", GRANIAN + "bare_wsgi:app"),
]
ALONE = "model alone, ONNX"
STORED = "json.loads, ONNX, executemany"
LOOPS = {ALONE: "model_alone.py", STORED: "parse_run_store.py"}  # in one process
BATCH_ONLY = {STORED}
