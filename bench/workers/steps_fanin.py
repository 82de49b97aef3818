"""Training steps of fanin: one call of fit an epoch, everything it does included."""

from __future__ import annotations

import time
from typing import Any

import fanin
from bench import data
from bench.cases import BETA1, BETA2, EPSILON, LEARNING_RATE, Net
from fanin import optim

RULE = optim.Adam(LEARNING_RATE, BETA1, BETA2, EPSILON)


def build(net: Net) -> fanin.Network:
    """The net with the weights that every library starts from."""
    norm = net.batch_norm
    hidden = [fanin.Dense(units, activation="relu", batch_norm=norm) for units in net.sizes[1:-1]]
    network = fanin.Network(net.sizes[0], [*hidden, fanin.Dense(net.sizes[-1])], loss=net.loss)
    start = network.get_weights()
    for layer, (weight, bias) in enumerate(data.weights(net), 1):
        start[f"layer{layer}.weight"] = weight
        if f"layer{layer}.bias" in start:
            start[f"layer{layer}.bias"] = bias
    network.set_weights(start)
    return network


class Steps:
    """fit with Adam on shuffled mini-batches."""

    version = fanin.__version__

    def prepare(self, case: dict[str, Any], variants: list[str]) -> None:
        self.net = Net(**case)
        self.x, self.y = data.samples(self.net)
        self.network = build(self.net)

    def check(self, variant: str) -> list[float]:
        n = self.net.batch
        x, y = self.x[:n], self.y[:n]
        # losses as met in passing, for which a batch is normalized by its own statistics
        history = self.network.fit(x, y, rule=RULE, epochs=self.net.check_steps + 1, batch_size=n)
        return [history.loss[0], history.loss[-1]]

    def round(self, variant: str, seconds: float) -> float:
        start = time.perf_counter()
        self.network.fit(self.x, self.y, rule=RULE, epochs=1, batch_size=self.net.batch)
        return 1e6 * (time.perf_counter() - start) / self.net.steps


WORKER = Steps
