"""JAX: compiled functions that are waited for, with donated state; rules are those of Optax."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from bench import data
from bench.cases import ADAM, CHECK_STEPS, Batch, Net, Updates
from bench.workers.serve import Task, microseconds, microseconds_per_call

jax: Any = importlib.import_module("jax")
jnp: Any = importlib.import_module("jax.numpy")
optax: Any = importlib.import_module("optax")
VERSION = f"{jax.__version__}, Optax {optax.__version__}"
OPTIMIZER = optax.adam(*ADAM)
wait = jax.block_until_ready


def normalized(x: Any, gamma: Any, beta: Any) -> Any:
    """Batch norm, without averages for prediction, with the epsilon that is every library's default."""
    difference = x - x.mean(axis=0)
    return gamma * difference * jax.lax.rsqrt(jnp.square(difference).mean(axis=0) + 1e-5) + beta


def batch_norm(batch: Batch) -> Iterator[Task]:
    """The formula, and its gradients by vjp in the same program."""
    x, dy, gamma, beta = map(jnp.array, data.normalized(batch))

    def with_gradients(x: Any, gamma: Any, beta: Any, dy: Any) -> Any:
        y, backward = jax.vjp(normalized, x, gamma, beta)
        return y, *backward(dy)

    forward, both = jax.jit(normalized), jax.jit(with_gradients)
    yield Task("batch norm", lambda: wait(forward(x, gamma, beta)), "JAX jit")
    yield Task("batch norm and gradients", lambda: wait(both(x, gamma, beta, dy)), "JAX jit")


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
    weights, moments = state
    changes, moments = OPTIMIZER.update(jax.grad(mean_loss)(weights, x[index], y[index]), moments)
    return optax.apply_updates(weights, changes), moments


def epoch_of_steps(state: Any, x: Any, y: Any, order: Any) -> Any:
    """A step for each row of order (steps, batch)."""
    return jax.lax.scan(lambda state, index: (step(state, x, y, index), None), state, order)[0]


def start(net: Net) -> Any:
    """The weights, and the moments with the step count."""
    weights: list[Any] = [(jnp.array(weight), jnp.array(bias)) for weight, bias in data.weights(net)]
    if net.batch_norm:
        weights[:-1] = [(weight, jnp.ones_like(bias), jnp.zeros_like(bias)) for weight, bias in weights[:-1]]
    return weights, OPTIMIZER.init(weights)


def steps(net: Net) -> Iterator[Task]:
    """One compiled step a call, and a whole epoch of steps in one compiled scan; data already on the device."""
    x, y = data.samples(net)
    x, y = jnp.array(x), jnp.array(y if y.ndim == 2 else y.astype(np.int32))
    first, batches, random = np.arange(net.batch, dtype=np.int32), data.batches(net), np.random.default_rng(3)
    states: dict[str, Any] = {}

    def task(column: str, function: Any, batch: Any, measure: Any) -> Task:
        states[column], compiled = start(net), jax.jit(function, donate_argnums=0)

        def advance(order: Any) -> None:
            states[column] = compiled(states[column], x, y, order)

        def check() -> list[float]:
            losses = []
            for count in (0, net.check_steps):
                for _ in range(count):
                    advance(batch)
                losses.append(float(mean_loss(states[column][0], x[first], y[first])))
            measure(advance, 0)  # compiles for the shapes that the rounds time
            return losses

        return Task("training", column=column, check=check, measure=partial(measure, advance))

    def of_steps(advance: Any, seconds: float) -> float:
        return microseconds_per_call(
            lambda: advance(next(batches)), seconds, lambda: wait(states["JAX step"])
        )

    def of_scan(advance: Any, _: float) -> float:
        order = data.epoch_order(net, random)

        def epoch() -> None:
            advance(order)
            wait(states["JAX scan"])

        return microseconds(epoch) / net.steps

    yield task("JAX step", step, first, of_steps)
    yield task("JAX scan", epoch_of_steps, first[None], of_scan)


def predict(net: Net) -> Iterator[Task]:
    """The rows are already on the device."""
    x = jnp.array(data.samples(net)[0])
    weights = [(jnp.array(weight), jnp.array(bias)) for weight, bias in data.weights(net)]
    jitted = jax.jit(lambda weights, x: jax.nn.softmax(outputs(weights, x)))
    yield Task("predict", lambda: wait(jitted(weights, x)))


# options that make them fanin's rules with their defaults
RULES: dict[str, Any] = {
    "sgd": optax.sgd(0.01),
    "momentum": optax.sgd(0.01, 0.9),
    "nesterov": optax.sgd(0.01, 0.9, nesterov=True),
    "sign_sgd": optax.sign_sgd(1e-3),
    "rprop": optax.rprop(0.01),
    "rmsprop": optax.rmsprop(1e-3, 0.9),
    "adagrad": optax.adagrad(0.01, initial_accumulator_value=0),
    "adadelta": optax.adadelta(1.0, 0.95),
    "adam": optax.adam(1e-3),
    "adamw": optax.adamw(1e-3, weight_decay=0.01),
    "nadam": optax.nadam(2e-3),
    "radam": optax.radam(1e-3),
    "amsgrad": optax.amsgrad(1e-3),
    "adamax": optax.adamax(2e-3),
    "lion": optax.lion(1e-4, weight_decay=0),
}


def rules(case: Updates) -> Iterator[Task]:
    """Update and apply, in one function."""
    if case.rule not in RULES:
        return
    rule = RULES[case.rule]
    w, g = ([jnp.array(array) for array in arrays] for arrays in data.weights_and_gradients(case))
    state = rule.init(w)

    def update(weights: Any, state: Any, gradients: Any) -> Any:
        changes, state = rule.update(gradients, state, weights)
        return optax.apply_updates(weights, changes), state

    jitted = jax.jit(update, donate_argnums=(0, 1))

    def one() -> None:
        nonlocal w, state
        w, state = wait(jitted(w, state, g))

    def check() -> list[float]:
        for _ in range(CHECK_STEPS):
            one()
        return data.samples_of(np.asarray(w[0]))

    yield Task("step", one, "Optax, JAX jit", check=check)
