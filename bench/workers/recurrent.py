"""fanin on sequences and streams, called from Python."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

import fanin
from bench.recurrent import Sequences, Stream, lengths, sequences, weights
from bench.workers.fanin import VERSION, fit
from bench.workers.sequences import Training, stream_task, training_tasks
from bench.workers.serve import Task

__all__ = ["VERSION", "build", "recurrent"]


def build(case: Sequences) -> fanin.Network:
    """The net with the weights that every library starts from."""
    inputs, units, outputs = case.sizes
    layer = getattr(fanin, case.kind)(units)
    network = fanin.Network(inputs, [layer, fanin.Dense(outputs)], case.loss, seed=0)
    start = weights(case)
    output = {"layer2.weight": start["weight"].T.copy(), "layer2.bias": start["bias"]}
    network.set_weights(fanin.weights_from_torch(start, "layer1") | output)
    return network


def training(case: Sequences) -> Training:
    """Ragged sequences are a list."""
    network, n, (x, y) = build(case), case.batch, sequences(case)
    inputs: Any = [rows[:length] for rows, length in zip(x, lengths(case), strict=True)] if case.ragged else x

    def check() -> list[float]:
        return list(fit(network, case, inputs[:n], y[:n], epochs=case.check_steps + 1).loss)

    return partial(fit, network, case, inputs, y), check


def stream(case: Stream) -> Task:
    network = build(case)
    state = network.new_state()
    return stream_task(case, partial(network.step, state=state), state.reset, np.ravel)


def recurrent(case: Sequences) -> Iterator[Task]:
    if isinstance(case, Stream):
        yield stream(case)
    else:
        yield from training_tasks(case, training)
