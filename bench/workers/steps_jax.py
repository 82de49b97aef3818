"""Training steps of JAX: one compiled step a call, and a whole epoch of steps in one compiled scan."""

from __future__ import annotations

import importlib
import time
from typing import Any

import numpy as np

from bench import data
from bench.cases import BETA1, BETA2, EPSILON, LEARNING_RATE, Net
from bench.workers.batches import batches, epoch_order
from bench.workers.serve import microseconds_per_call

jax: Any = importlib.import_module("jax")
jnp: Any = importlib.import_module("jax.numpy")


def normalized(z: Any, gamma: Any, beta: Any) -> Any:
    """Batch norm (without averages for prediction)."""
    difference = z - z.mean(axis=0)
    return gamma * difference * jax.lax.rsqrt((difference**2).mean(axis=0) + 1e-5) + beta


def outputs(weights: Any, x: Any) -> Any:
    """What the last layer gives, before a soft-max."""
    a = x
    for weight, *added in weights[:-1]:
        z = a @ weight
        a = jax.nn.relu(normalized(z, *added) if len(added) == 2 else z + added[0])
    weight, bias = weights[-1]
    return a @ weight + bias


def mean_loss(weights: Any, x: Any, y: Any) -> Any:
    """Mean cross-entropy of the net's soft-max; where y is a matrix, half the squared error."""
    if y.ndim == 2:
        return jnp.sum((outputs(weights, x) - y) ** 2) / (2 * len(y))
    log_probabilities = jax.nn.log_softmax(outputs(weights, x))
    return -jnp.mean(jnp.take_along_axis(log_probabilities, y[:, None], axis=1))


def step(state: Any, x: Any, y: Any, index: Any) -> Any:
    """One step of Adam on the batch of these samples."""
    t, weights, m, v = state
    g = jax.grad(mean_loss)(weights, x[index], y[index])
    t = t + 1
    m = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, m, g)
    v = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, v, g)
    m_scale, v_scale = 1 / (1 - BETA1**t), 1 / (1 - BETA2**t)
    weights = jax.tree.map(
        lambda w, m, v: w - LEARNING_RATE * (m * m_scale) / (jnp.sqrt(v * v_scale) + EPSILON), weights, m, v
    )
    return t, weights, m, v


def epoch(state: Any, x: Any, y: Any, order: Any) -> Any:
    """A step for each row of order (steps, batch)."""
    return jax.lax.scan(lambda state, index: (step(state, x, y, index), None), state, order)[0]


def start(net: Net) -> Any:
    """The step count, the weights and the two moments."""
    weights: list[tuple[Any, ...]] = [
        (jnp.array(weight), jnp.array(bias)) for weight, bias in data.weights(net)
    ]
    if net.batch_norm:
        weights[:-1] = [(weight, jnp.ones_like(bias), jnp.zeros_like(bias)) for weight, bias in weights[:-1]]
    return (
        jnp.float32(0),
        weights,
        jax.tree.map(jnp.zeros_like, weights),
        jax.tree.map(jnp.zeros_like, weights),
    )


class Steps:
    """jit with a donated state, data already on the device."""

    version = jax.__version__

    def prepare(self, case: dict[str, Any], variants: list[str]) -> None:
        self.net = Net(**case)
        x, y = data.samples(self.net)
        self.x, self.y = jnp.array(x), jnp.array(y if y.ndim == 2 else y.astype(np.int32))
        self.states = {variant: start(self.net) for variant in variants}
        self.random = np.random.default_rng(3)
        self.batches = batches(self.net)
        self.step = jax.jit(step, donate_argnums=0)
        self.epoch = jax.jit(epoch, donate_argnums=0)

    def loss(self, variant: str) -> float:
        n = self.net.batch
        return float(mean_loss(self.states[variant][1], self.x[:n], self.y[:n]))

    def check(self, variant: str) -> list[float]:
        index = np.arange(self.net.batch, dtype=np.int32)
        before = self.loss(variant)
        if variant == "scan":
            order = np.tile(index, (self.net.check_steps, 1))
            self.states[variant] = self.epoch(self.states[variant], self.x, self.y, order)
        else:
            for _ in range(self.net.check_steps):
                self.states[variant] = self.step(self.states[variant], self.x, self.y, index)
        after = self.loss(variant)
        if variant == "scan":  # compiles for a whole epoch, which the rounds then time
            self.scan()
        return [before, after]

    def scan(self) -> float:
        order = epoch_order(self.net, self.random)
        begin = time.perf_counter()
        self.states["scan"] = self.epoch(self.states["scan"], self.x, self.y, order)
        jax.block_until_ready(self.states["scan"])
        return 1e6 * (time.perf_counter() - begin) / self.net.steps

    def round(self, variant: str, seconds: float) -> float:
        if variant == "scan":
            return self.scan()

        def one() -> None:
            self.states[variant] = self.step(self.states[variant], self.x, self.y, next(self.batches))

        return microseconds_per_call(one, seconds, lambda: jax.block_until_ready(self.states[variant]))


WORKER = Steps
