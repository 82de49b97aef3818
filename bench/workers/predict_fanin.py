"""Prediction of fanin."""

from __future__ import annotations

from typing import Any

import fanin
from bench import data
from bench.cases import Prediction
from bench.workers.serve import microseconds_per_call
from bench.workers.steps_fanin import build


class Predictions:
    """Network.predict on a NumPy array."""

    version = fanin.__version__

    def prepare(self, case: dict[str, Any], variants: list[str]) -> None:
        net = Prediction(**case).net
        self.network = build(net)
        self.x, _ = data.samples(net)

    def check(self, variant: str) -> list[float]:
        return [data.checksum(self.network.predict(self.x))]

    def round(self, variant: str, seconds: float) -> float:
        return microseconds_per_call(lambda: self.network.predict(self.x), seconds, lambda: None)


WORKER = Predictions
