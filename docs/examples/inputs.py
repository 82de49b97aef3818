"""
Raw, standardized and whitened inputs
=====================================

Eight correlated inputs of different means and scales (rows 29 to 36 of :doc:`the textbook </textbook>`): raw,
standardized, and whitened, which means principal components divided by their standard deviations. For a linear neuron
whitening makes the error a circular bowl: one step at the rate 1 / curvature reaches its bottom. A net of 16 tanh
units gains too, at its best rate. Every step takes the full batch.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import fanin
from common import COLOURS, curvatures, main, mapped, panels, steps_to, table, with_bias
from fanin import optim

INPUTS: dict[str, list[Any]] = {
    "raw": [],
    "standardized": [fanin.Standardize()],
    "whitened": [fanin.Whiten()],
}


def data(rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return X, targets that are linear in it, and targets that are not."""
    rng = np.random.default_rng(3)
    sources = rng.normal(size=(rows, 8))
    mixed = sources @ (np.eye(8) + rng.normal(size=(8, 8)))
    X = rng.uniform(-3, 3, 8) + mixed * np.geomspace(0.3, 3, 8)
    return X, sources @ rng.normal(size=8), np.sin(sources[:, 0] + sources[:, 1]) + 0.5 * sources[:, 2]


def steps(
    X: np.ndarray, y: np.ndarray, layers: list[Any], rule: optim.Rule, goal: float, most: int
) -> int | None:
    net = fanin.Network(X.shape[1], layers, dtype="float64", seed=3)
    options: dict[str, Any] = {"rule": rule, "batch_size": len(X), "batches": "in_order"}
    try:
        return steps_to(
            goal, most, lambda stop, epochs: net.fit(X, y, epochs=epochs, callbacks=[stop], **options)
        )
    except fanin.DivergedError:
        return None


def neuron(X: np.ndarray, y: np.ndarray, inputs: list[Any], most: int) -> int | None:
    """Return the steps to a loss of 1/1000 of the variance, at the rate 1 / largest curvature."""
    rate = 1 / curvatures(with_bias(mapped(X, inputs)))[-1]
    layers = [*inputs, fanin.Dense(1, initializer="zeros")]
    return steps(X, y, layers, optim.SGD(rate), 1e-3 * y.var() / 2, most)


def net(X: np.ndarray, y: np.ndarray, inputs: list[Any], most: int) -> int | None:
    """Return the steps to a loss of 1/20 of the variance, at the best of eight rates."""
    layers = [*inputs, fanin.Dense(16, "tanh"), fanin.Dense(1)]
    found = []
    for rate in 0.002 * 2.0 ** np.arange(8):
        count = steps(X, y, layers, optim.Momentum(rate), 0.05 * y.var() / 2, min([most, *found]))
        found += [] if count is None else [count]
    return min(found, default=None)


def run(rows: int = 400, most: int = 100_000) -> dict[str, dict[str, int | None]]:
    """Return the steps of the neuron and of the net by the inputs they get."""
    X, linear, curved = data(rows)
    return {
        "Linear neuron": {name: neuron(X, linear, inputs, most) for name, inputs in INPUTS.items()},
        "Net of 16 tanh units": {name: net(X, curved, inputs, most // 10) for name, inputs in INPUTS.items()},
    }


def show(result: dict[str, dict[str, int | None]]) -> None:
    table(["steps to the goal", *INPUTS], ([name, *steps.values()] for name, steps in result.items()))


def draw(result: dict[str, dict[str, int | None]]) -> Any:
    figure, axes = panels(*result, height=2.2)
    for at, counts in zip(axes, result.values(), strict=True):
        bars = at.barh(list(counts), list(counts.values()), color=COLOURS, height=0.6)
        at.bar_label(bars, labels=[f"{count:,}" for count in counts.values()], padding=4, fontsize=9)
        at.set_xscale("log")
        at.set_xlim(0.7, 4 * max(counts.values()))
        at.invert_yaxis()
        at.set_xlabel("steps to the goal")
    return figure


# %%
if __name__ == "__main__":
    main(run, show, draw)

# %%
# The linear neuron needs 44,365 steps with raw inputs, 275 with standardized and 1 with whitened ones, to a loss of a
# thousandth of the variance. The net, with momentum, needs 960, 109 and 38 to a twentieth.
