"""
Learning rates: too small, too large, falling
=============================================

On a bowl whose largest curvature is λ, gradient descent creeps at a small rate, oscillates above 1 / λ and diverges
above 2 / λ (row 13 of :doc:`the textbook </textbook>`). With mini-batches a rate that is small enough still leaves a
floor of noise, which is proportional to the rate (rows 21 to 24): turned down too soon, learning is slow; turned down
at the end, or by `fanin.ReduceOnPlateau` when the loss stops falling, it removes the noise.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import fanin
from common import COLOURS, main, panels, table, with_bias
from fanin import optim, plot

BOWL = plot.Bowl(curvatures=(1.0, 20.0), start=(-4.0, 1.0))
FACTORS = (0.1, 1.0, 1.9, 2.1)  # of 1 / λ
RATES = {
    "0.05": (optim.SGD(0.05), []),
    "0.005": (optim.SGD(0.005), []),
    "0.05, turned down too soon": (optim.SGD(optim.Piecewise((0.05, 0.00002), (40,))), []),
    "0.05, falling to 0": (optim.SGD(optim.Cosine(0.05)), []),
    "0.05, reduced on plateaus": (optim.SGD(0.05), [fanin.ReduceOnPlateau(0.3, patience=3, monitor="loss")]),
}


def data(rows: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Return X, noisy targets, and the lowest loss that a linear neuron can have on them."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(rows, 20))
    y = X @ np.linspace(-1, 1, 20) + rng.normal(size=rows)
    return X, y, float(np.linalg.lstsq(with_bias(X), y)[1][0]) / rows / 2


def run(rows: int = 20_000, epochs: int = 40) -> dict[str, dict[str, Any]]:
    """Return the error by step at each rate on a bowl, and the loss above the best by epoch with mini-batches."""
    bowl = {f"{factor:g} / λ": BOWL.error(BOWL.path(optim.SGD(factor / 20), 60)) for factor in FACTORS}
    (X, y, best), noisy = data(rows), {}
    for name, (rule, callbacks) in RATES.items():
        net = fanin.Network(20, [fanin.Dense(1, initializer="zeros")], dtype="float64", seed=0)
        losses = [net.evaluate(X, y)["loss"]]
        callbacks = [lambda net, *_, losses=losses: losses.append(net.evaluate(X, y)["loss"]), *callbacks]
        net.fit(X, y, rule=rule, batch_size=8, epochs=epochs, callbacks=callbacks)
        noisy[name] = np.array(losses) - best
    return {"bowl": bowl, "noisy": noisy}


def show(result: dict[str, dict[str, Any]]) -> None:
    table(["rate on the bowl", "after 60 steps"], ([k, float(v[-1])] for k, v in result["bowl"].items()))
    table(
        ["rate with mini-batches", "last half", "last epoch"],
        ([k, float(v[len(v) // 2 :].mean()), float(v[-1])] for k, v in result["noisy"].items()),
    )


def draw(result: dict[str, dict[str, Any]]) -> Any:
    figure, axes = panels("Full batches on a bowl: error", "Mini-batches: loss above the best")
    for at, curves, words in zip(axes, result.values(), ("steps", "epochs"), strict=True):
        for (name, values), colour in zip(curves.items(), COLOURS, strict=False):
            at.plot(values, color=colour, label=name)
        at.set(yscale="log")
        at.set_xlabel(words)
        at.legend(title="rate", frameon=False, fontsize=8, title_fontsize=8)
    return figure


# %%
if __name__ == "__main__":
    main(run, show, draw)

# %%
# On the bowl a tenth of 1 / λ creeps, 1.9 / λ is fastest here, and 2.1 / λ diverges. With mini-batches a tenth of the
# rate leaves a fourteenth of the noise, on average over the last half. Turned down after 40 steps, the loss is still
# falling at the end; a rate that falls to 0, or is reduced on plateaus, ends hundreds of times below the noise.
