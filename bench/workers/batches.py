"""Shuffled mini-batches without end, for the libraries whose training loop is the user's own."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from bench.cases import Net


def epoch_order(net: Net, random: np.random.Generator) -> NDArray[np.int32]:
    """A fresh permutation of the samples as (steps, batch)."""
    order = random.permutation(net.samples).astype(np.int32)
    return order[: net.steps * net.batch].reshape(net.steps, net.batch)


def batches(net: Net) -> Iterator[NDArray[np.int32]]:
    """Indices of one mini-batch after the other, shuffled anew each epoch."""
    random = np.random.default_rng(3)
    while True:
        yield from epoch_order(net, random)
