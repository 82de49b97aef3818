"""Modules of PyTorch for the tests of tests/export, and their training on the batches that fanin takes."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

import fanin
from fanin.export.torch.links import links_to, network_arrays, numpy_of, tensors_of
from fanin.export.torch.module import picked
from fanin.export.torch.reading import Reading

RNG = np.random.default_rng(5)
ROWS, SIZE = 24, 8
X, Y = RNG.normal(size=(ROWS, 4)), RNG.normal(size=(ROWS, 3))
SERIES = RNG.normal(size=(ROWS, 6, 4))


def dense_module() -> Any:
    """Dense layers with batch norm; every seed gives other weights."""
    head = nn.Sequential(nn.Linear(6, 5), nn.SiLU(), nn.Linear(5, 3))
    return nn.Sequential(nn.Linear(4, 6, bias=False), nn.BatchNorm1d(6), nn.Tanh(), head).double()


def recurrent_module(kind: str, *, every_step: bool = False) -> Any:
    layer = getattr(nn, kind)(4, 5, batch_first=True)
    return nn.Sequential(layer, picked(every_step), nn.Linear(5, 3)).double()


def train(module: Any, optimizer: Any, inputs: NDArray[Any], epochs: int) -> None:
    """Train on squared errors, batch by batch, in the order of the rows."""
    module.train()
    for start in list(range(0, ROWS, SIZE)) * epochs:
        part = slice(start, start + SIZE)
        optimizer.zero_grad()
        outputs = module(torch.tensor(inputs[part]))
        (0.5 * ((outputs - torch.tensor(Y[part])) ** 2).sum(1).mean()).backward()
        optimizer.step()
    module.eval()


def fit(net: fanin.Network, inputs: NDArray[Any], epochs: int, rule: Any = None) -> None:
    """Train a network on the same batches."""
    net.fit(inputs, Y, rule=rule or net.rule, epochs=epochs, batch_size=SIZE, batches="in_order")


def outputs(module: Any, inputs: NDArray[Any]) -> NDArray[Any]:
    with torch.no_grad():
        return numpy_of(module(torch.tensor(inputs)))


def distance(module: Any, net: fanin.Network) -> float:
    """The largest difference between the weights and running statistics of both, as both train them."""
    links = links_to(net, Reading(module, return_sequences=False).links)
    theirs = network_arrays(links, {name: numpy_of(tensor) for name, tensor in tensors_of(module).items()})
    ours = net.get_weights(averaged=False)
    return max(float(np.abs(theirs[name] - ours[name]).max()) for name in theirs)
