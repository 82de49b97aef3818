"""The slope of the training loss, which for nets with batch norm and dropout exists only in training."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

import fanin
from fanin import optim
from helpers import H

Samples = tuple[NDArray, NDArray]


def set_at_random(net: fanin.Network) -> dict[str, NDArray]:
    """Change all trained arrays; return the new weights."""
    rng = np.random.default_rng(2)
    weights = net.get_weights()
    moved = {k: w + 0.2 * rng.normal(size=w.shape) * ("running" not in k) for k, w in weights.items()}
    net.set_weights(moved)
    return net.get_weights()


def step(net: fanin.Network, samples: Samples, rule: optim.Rule) -> float:
    """Take one step over all samples in order; return the loss before it."""
    options = {"epochs": 1, "batch_size": len(samples[0]), "batches": "in_order"}
    return net.fit(*samples, rule=rule, **options).loss[0]


def assert_a_step_goes_down_the_slope(make: Callable[[], fanin.Network], samples: Samples) -> None:
    """Finite differences: a fresh network drops the same values in its first epoch, whatever its weights."""
    net = make()
    before = set_at_random(net)
    step(net, samples, optim.SGD(1.0))
    after = net.get_weights()
    for name in (n for n in before if "running" not in n):
        some = list(np.ndindex(before[name].shape))[:: max(1, before[name].size // 12)]
        for index in some:
            sides = []
            for h in (H, -H):
                nudged, other = before[name].copy(), make()
                nudged[index] += h
                other.set_weights({**before, name: nudged})
                sides.append(step(other, samples, optim.SGD(0.0)))
            slope = (sides[0] - sides[1]) / (2 * H)
            assert abs(before[name][index] - after[name][index] - slope) < 2e-8, name
