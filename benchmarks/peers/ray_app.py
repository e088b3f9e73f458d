"""Ray Serve with two replicas behind its proxy."""

import signal
import sys
from typing import Any

import sample
from ray import serve
from starlette.requests import Request


@serve.deployment(num_replicas=2, ray_actor_options={"num_cpus": 0.5})
class Predict:
    def __init__(self) -> None:
        self.model = sample.load()

    async def __call__(self, request: Request) -> dict[str, Any]:
        X = sample.matrix((await request.json())["instances"])
        return {"predictions": self.model.predict(X).tolist()}


if __name__ == "__main__":
    serve.start(http_options={"host": "127.0.0.1", "port": int(sys.argv[1])})
    serve.run(Predict.bind(), route_prefix="/predict")
    signal.sigwait({signal.SIGTERM})
    serve.shutdown()
