"""BentoML with two workers."""

from typing import Any

import bentoml
import sample


@bentoml.service(workers=2)
class Predict:
    def __init__(self) -> None:
        self.model = sample.load()

    @bentoml.api
    def predict(self, instances: list[dict[str, float]]) -> dict[str, Any]:
        return {"predictions": self.model.predict(sample.matrix(instances)).tolist()}
