"""LitServe with two workers."""

import sys
from typing import Any

import litserve
import sample


class Predict(litserve.LitAPI):
    def setup(self, device: str) -> None:
        self.model = sample.load()

    def decode_request(self, request: dict[str, Any]) -> Any:
        return sample.matrix(request["instances"])

    def predict(self, x: Any) -> Any:
        return self.model.predict(x)

    def encode_response(self, output: Any) -> dict[str, Any]:
        return {"predictions": output.tolist()}


if __name__ == "__main__":
    server = litserve.LitServer(Predict(), accelerator="cpu", workers_per_device=2)
    server.run(host="127.0.0.1", port=int(sys.argv[1]), generate_client_file=False)
