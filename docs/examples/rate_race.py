"""
A race of learning rates
========================

With the learning rate "auto" a fit begins with a race (rows 21 to 23 of :doc:`the textbook </textbook>`): five rates
train a copy of the network each, from the same weights and in the same order of samples, for a few per cent of the
steps; then each rate falls to 0, and the validation loss decides. Without the fall a low rate would look better only
because it fluctuates less. `fanin.find_rate` runs the race alone, and `fanin.plot.rates` draws it. To check the
choice, every rate then trains for all epochs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.datasets import load_digits

import fanin
from common import main, table
from fanin import optim, plot


def network() -> fanin.Network:
    return fanin.Network(
        64, [fanin.Dense(64, "relu")] * 3 + [fanin.Dense(10)], "softmax_cross_entropy", seed=0
    )


def run(epochs: int = 30) -> dict[str, Any]:
    """Return the curve of the race, and the validation loss of a whole fit at each of its rates."""
    X, y = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(y))
    train, held = order[:1300], order[1300:]
    given = {"batch_size": 32, "validation_data": (X[held] / 16, y[held])}
    curve = fanin.find_rate(
        network(), X[train] / 16, y[train], rule=optim.Adam("auto"), epochs=epochs, **given
    )
    fits = {}
    for leg in curve.legs:
        try:
            rule = optim.Adam(optim.Cosine(leg.rate))
            fits[leg.rate] = (
                network().fit(X[train] / 16, y[train], rule=rule, epochs=epochs, **given).val_loss[-1]
            )
        except fanin.DivergedError:
            fits[leg.rate] = np.inf
    return {"curve": curve, "fits": fits}


def show(result: dict[str, Any]) -> None:
    curve = result["curve"]
    table(
        ["rate", "loss in the race", "after a fit", "reason"],
        ([f"{leg.rate:g}", leg.score, result["fits"][leg.rate], f"  {leg.reason}"] for leg in curve.legs),
    )


def draw(result: dict[str, Any]) -> Any:
    return plot.rates(result["curve"])


# %%
if __name__ == "__main__":
    main(run, show, draw)

# %%
# The race takes 0.01, after a few per cent of the steps: less and more are worse. Over the whole fit 0.003 would be a
# little better (0.045 instead of 0.050), and the two ends are 1.6 and 3 times as bad. "auto" is a good start; a search
# decides the rest.
