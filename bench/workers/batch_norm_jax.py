"""Batch norm written out in JAX and compiled, and its gradients by vjp in the same program."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from bench import data
from bench.cases import Batch
from bench.workers.serve import microseconds_per_call

jax: Any = importlib.import_module("jax")
jnp: Any = importlib.import_module("jax.numpy")


def batch_norm(x: Any, gamma: Any, beta: Any) -> Any:
    """The formula, with the epsilon that is every library's default."""
    mean = x.mean(axis=0)
    variance = jnp.square(x - mean).mean(axis=0)
    return gamma * (x - mean) / jnp.sqrt(variance + 1e-5) + beta


def with_gradients(x: Any, gamma: Any, beta: Any, dy: Any) -> Any:
    y, backward = jax.vjp(batch_norm, x, gamma, beta)
    return y, *backward(dy)


class BatchNorms:
    """Jitted functions, waited for."""

    version = jax.__version__

    def prepare(self, case: dict[str, Any], variants: list[str]) -> None:
        x, dy, gamma, beta = (jnp.array(array) for array in data.normalized(Batch(**case)))
        self.arguments = {"batch norm": (x, gamma, beta), "batch norm and gradients": (x, gamma, beta, dy)}
        self.functions = {
            "batch norm": jax.jit(batch_norm),
            "batch norm and gradients": jax.jit(with_gradients),
        }

    def compute(self, variant: str) -> Any:
        return jax.block_until_ready(self.functions[variant](*self.arguments[variant]))

    def check(self, variant: str) -> list[float]:
        results = self.compute(variant)
        listed = results if isinstance(results, tuple) else [results]
        return [data.checksum(np.atleast_2d(np.asarray(result))) for result in listed]

    def round(self, variant: str, seconds: float) -> float:
        return microseconds_per_call(lambda: self.compute(variant), seconds, lambda: None)


WORKER = BatchNorms
