"""Prediction of PyTorch."""

from __future__ import annotations

import importlib
from typing import Any

from bench import data
from bench.cases import Prediction
from bench.workers.serve import microseconds_per_call
from bench.workers.steps_torch import sequential

torch: Any = importlib.import_module("torch")


class Predictions:
    """A Sequential of Linear and ReLU in inference mode, and a soft-max."""

    version = torch.__version__

    def prepare(self, case: dict[str, Any], variants: list[str]) -> None:
        net = Prediction(**case).net
        self.model = torch.nn.Sequential(sequential(net), torch.nn.Softmax(dim=1)).eval()
        self.x = torch.from_numpy(data.samples(net)[0])

    def check(self, variant: str) -> list[float]:
        with torch.inference_mode():
            return [data.checksum(self.model(self.x).numpy())]

    def round(self, variant: str, seconds: float) -> float:
        with torch.inference_mode():
            return microseconds_per_call(lambda: self.model(self.x), seconds, lambda: None)


WORKER = Predictions
