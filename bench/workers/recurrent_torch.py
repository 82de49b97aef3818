"""PyTorch on sequences and streams: its recurrent modules, eager, with fused Adam."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import nn, optim

from bench import data
from bench.recurrent import Sequences, Stream, learned_biases, lengths, sequences, weights
from bench.workers.sequences import Training, stream_task, training_tasks
from bench.workers.serve import Task

VERSION = torch.__version__
KINDS = {"LSTM": nn.LSTM, "GRU": nn.GRU, "Recurrent": nn.RNN}


def load(case: Sequences, module: Any, suffix: str = "") -> Any:
    """Give a module the weights that every library starts from, by their names without a suffix."""
    arrays = {name.removesuffix(suffix): torch.from_numpy(array) for name, array in weights(case).items()}
    module.load_state_dict({name: arrays[name] for name in module.state_dict()})
    return module


def training(case: Sequences) -> Training:
    """Ragged sequences are padded, which takes a fifth of the time of packed ones, with outputs after their ends."""
    x, y, rows = map(torch.from_numpy, (*sequences(case), lengths(case)))
    inputs, units, outputs = case.sizes
    layer = load(case, KINDS[case.kind](inputs, units, batch_first=True))
    output = load(case, nn.Linear(units, outputs))
    learned = torch.from_numpy(learned_biases(case))
    layer.bias_hh_l0.register_hook(lambda gradient: gradient * learned)
    optimizer = optim.Adam([*layer.parameters(), *output.parameters()], fused=True)

    def step(index: Any) -> Any:
        optimizer.zero_grad()
        values, state = layer(x.index_select(0, index))
        last = (state[0] if isinstance(state, tuple) else state)[0]
        if case.ragged:
            last = values[torch.arange(len(index)), rows.index_select(0, index) - 1]
        errors = output(last) - y.index_select(0, index)
        loss = errors.square().sum() / (2 * len(index))
        loss.backward()
        optimizer.step()
        return loss

    def epoch() -> None:
        for index in torch.from_numpy(data.order(case)):
            step(index)

    return epoch, lambda: [step(index).item() for index in torch.from_numpy(data.first_batches(case))]


def stream(case: Stream) -> Task:
    """A cell, which takes a third of the time of a module for sequences."""
    inputs, units, outputs = case.sizes
    cell, output = load(case, nn.LSTMCell(inputs, units), "_l0"), load(case, nn.Linear(units, outputs))
    state = None

    def step(x: Any) -> Any:
        nonlocal state
        state = cell(x, state)
        return output(state[0])

    def reset() -> None:
        nonlocal state
        state = None

    return stream_task(case, step, reset, torch.from_numpy, torch.inference_mode)


def recurrent(case: Sequences) -> Iterator[Task]:
    if isinstance(case, Stream):
        yield stream(case)
    else:
        yield from training_tasks(case, training)
