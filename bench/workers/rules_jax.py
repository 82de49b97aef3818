"""The rules of Optax, compiled by JAX with donated weights and state."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from bench import data
from bench.cases import CHECK_STEPS, Updates
from bench.workers.serve import microseconds_per_call

jax: Any = importlib.import_module("jax")
optax: Any = importlib.import_module("optax")

RULES: dict[str, Any] = {
    "sgd": lambda: optax.sgd(0.01),
    "momentum": lambda: optax.sgd(0.01, 0.9),
    "nesterov": lambda: optax.sgd(0.01, 0.9, nesterov=True),
    "sign_sgd": lambda: optax.sign_sgd(1e-3),
    "rprop": lambda: optax.rprop(0.01),
    "rmsprop": lambda: optax.rmsprop(1e-3, 0.9),
    "adagrad": lambda: optax.adagrad(0.01, initial_accumulator_value=0),
    "adadelta": lambda: optax.adadelta(1.0, 0.95),
    "adam": lambda: optax.adam(1e-3),
    "adamw": lambda: optax.adamw(1e-3, weight_decay=0.01),
    "nadam": lambda: optax.nadam(2e-3),
    "radam": lambda: optax.radam(1e-3),
    "amsgrad": lambda: optax.amsgrad(1e-3),
    "adamax": lambda: optax.adamax(2e-3),
    "lion": lambda: optax.lion(1e-4, weight_decay=0),
}


class Rules:
    """One jitted function: update and apply."""

    version = f"{optax.__version__} on JAX {jax.__version__}"

    def prepare(self, case: dict[str, Any], variants: list[str]) -> None:
        self.case = Updates(**case)
        if self.case.rule not in RULES:
            return
        rule = RULES[self.case.rule]()
        w, g = data.weights_and_gradients(self.case)
        self.w, self.g = [jax.numpy.array(a) for a in w], [jax.numpy.array(a) for a in g]
        self.state = rule.init(self.w)

        def step(weights: Any, state: Any, gradients: Any) -> Any:
            changes, state = rule.update(gradients, state, weights)
            return optax.apply_updates(weights, changes), state

        self.jitted = jax.jit(step, donate_argnums=(0, 1))

    def step(self) -> None:
        self.w, self.state = jax.block_until_ready(self.jitted(self.w, self.state, self.g))

    def check(self, variant: str) -> list[float]:
        if self.case.rule not in RULES:
            return []
        for _ in range(CHECK_STEPS):
            self.step()
        return data.samples_of(np.asarray(self.w[0]))

    def round(self, variant: str, seconds: float) -> float:
        return microseconds_per_call(self.step, seconds, lambda: None)


WORKER = Rules
