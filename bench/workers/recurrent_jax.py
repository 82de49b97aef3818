"""JAX on sequences and streams: compiled functions with donated state, with Optax's Adam."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from bench import data
from bench.recurrent import Sequences, Stream, learned_biases, lengths, sequences, weights
from bench.workers.jax import ADAM, VERSION, updated, wait
from bench.workers.sequences import Training, stream_task, training_tasks
from bench.workers.serve import Task

__all__ = ["VERSION", "recurrent"]
State = tuple[Any, ...]  # h, and c of an LSTM


def following(kind: str, weights: Any, state: State, x: Any) -> State:
    """The state after rows x (batch, inputs), with gates in PyTorch's order."""
    of_inputs = x @ weights["weight_ih_l0"] + weights["bias_ih_l0"]
    of_state = state[0] @ weights["weight_hh_l0"]
    if kind == "Recurrent":
        return (jnp.tanh(of_inputs + of_state),)
    if kind == "GRU":
        of_state += weights["bias_hh_l0"]
        (r, z, n), (r_h, z_h, n_h) = (jnp.split(of, 3, axis=1) for of in (of_inputs, of_state))
        update = jax.nn.sigmoid(z + z_h)
        candidate = jnp.tanh(n + jax.nn.sigmoid(r + r_h) * n_h)
        return ((1 - update) * candidate + update * state[0],)
    i, f, g, o = jnp.split(of_inputs + of_state, 4, axis=1)
    c = jax.nn.sigmoid(f) * state[1] + jax.nn.sigmoid(i) * jnp.tanh(g)
    return jax.nn.sigmoid(o) * jnp.tanh(c), c


def zeros(case: Sequences, rows: int) -> State:
    return tuple(jnp.zeros((rows, case.sizes[1])) for _ in range(1 + (case.kind == "LSTM")))


def start(case: Sequences) -> dict[str, Any]:
    """Weights (inputs, units)."""
    return {name: jnp.array(array.T) for name, array in weights(case).items()}


def mean_loss(case: Sequences, weights: Any, x: Any, y: Any, lengths: Any) -> Any:
    """Scan over padded rows, of which those beyond the end of a sequence leave its state alone.

    The product with the inputs inside the scan is faster than one before it, and unrolling does not help.
    """

    def row(state: State, of: Any) -> Any:
        index, x = of
        new = following(case.kind, weights, state, x)
        if case.ragged:
            new = tuple(jnp.where(index < lengths[:, None], *pair) for pair in zip(new, state, strict=True))
        return new, None

    (h, *_), _ = jax.lax.scan(row, zeros(case, len(x)), (jnp.arange(case.time), x.swapaxes(0, 1)))
    return jnp.square(h @ weights["weight"] + weights["bias"] - y).sum() / (2 * len(y))


def training(case: Sequences) -> Training:
    x, y, rows = map(jnp.array, (*sequences(case), lengths(case)))
    learned = jnp.array(learned_biases(case))
    weights = start(case)
    state = weights, ADAM.init(weights)

    def step(state: Any, x: Any, y: Any, rows: Any, index: Any) -> Any:
        of_batch = x[index], y[index], rows[index]
        loss, gradients = jax.value_and_grad(partial(mean_loss, case))(state[0], *of_batch)
        gradients["bias_hh_l0"] *= learned
        return updated(ADAM, *state, gradients), loss

    compiled = jax.jit(step, donate_argnums=0)

    def call(index: Any) -> Any:
        nonlocal state
        state, loss = compiled(state, x, y, rows, index)
        return loss

    def epoch() -> None:
        for index in data.order(case):
            call(index)
        wait(state)

    return epoch, lambda: [call(index).item() for index in data.first_batches(case)]


def stream(case: Stream) -> Task:
    """A row comes from NumPy."""
    weights, state = start(case), zeros(case, 1)

    @partial(jax.jit, donate_argnums=1)
    def compiled(weights: Any, state: State, x: Any) -> tuple[Any, State]:
        new = following(case.kind, weights, state, x)
        return new[0] @ weights["weight"] + weights["bias"], new

    def step(x: Any) -> Any:
        nonlocal state
        y, state = compiled(weights, state, x)
        return wait(y)

    def reset() -> None:
        nonlocal state
        state = zeros(case, 1)

    return stream_task(case, step, reset, lambda row: row)


def recurrent(case: Sequences) -> Iterator[Task]:
    if isinstance(case, Stream):
        yield stream(case)
    else:
        yield from training_tasks(case, training, "JAX scan")
