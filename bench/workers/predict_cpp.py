"""Prediction of fanin from C++: the program fanin_bench_predict, with a model saved from Python."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import fanin
from bench import data
from bench.cases import Prediction
from bench.programs import PREDICT_VARIABLE
from bench.workers.program import Program
from bench.workers.steps_fanin import build


class Predictions:
    """Network::predict of a loaded model."""

    version = "this checkout"

    def __init__(self) -> None:
        self.program = Program(PREDICT_VARIABLE)

    def close(self) -> None:
        """End the program."""
        self.program.close()

    def prepare(self, case: dict[str, Any], variants: list[str]) -> None:
        prediction = Prediction(**case)
        x, _ = data.samples(prediction.net)
        with tempfile.TemporaryDirectory() as directory:
            model, samples = Path(directory, "model.safetensors"), Path(directory, "samples")
            network: fanin.Network = build(prediction.net)
            network.save(model)
            x.tofile(samples)
            self.program.ask("prepare", prediction.rows, model, samples)

    def check(self, variant: str) -> list[float]:
        return [float(self.program.ask("check"))]

    def round(self, variant: str, seconds: float) -> float:
        return float(self.program.ask("round", seconds))

    def start(self, seconds: float) -> float:
        """Microseconds of loading the model and a first prediction."""
        return float(self.program.ask("start", seconds))


WORKER = Predictions
