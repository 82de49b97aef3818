"""Prediction of JAX, compiled."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from bench import data
from bench.cases import Prediction
from bench.workers.serve import microseconds_per_call
from bench.workers.steps_jax import outputs

jax: Any = importlib.import_module("jax")
jnp: Any = importlib.import_module("jax.numpy")


class Predictions:
    """jit, the row already on the device; each call waits for its result."""

    version = jax.__version__

    def prepare(self, case: dict[str, Any], variants: list[str]) -> None:
        net = Prediction(**case).net
        self.x = jnp.array(data.samples(net)[0])
        self.weights = [(jnp.array(weight), jnp.array(bias)) for weight, bias in data.weights(net)]
        self.jitted = jax.jit(lambda weights, x: jax.nn.softmax(outputs(weights, x)))

    def predict(self) -> Any:
        return jax.block_until_ready(self.jitted(self.weights, self.x))

    def check(self, variant: str) -> list[float]:
        return [data.checksum(np.asarray(self.predict()))]

    def round(self, variant: str, seconds: float) -> float:
        return microseconds_per_call(self.predict, seconds, lambda: None)


WORKER = Predictions
