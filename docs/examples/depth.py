"""
Signals through twenty layers
=============================

How large the activations of 20 ReLU layers are, and the gradients on their way back, before any training (rows 5 to 9
and 25 to 28 of :doc:`the textbook </textbook>`). What the initial weights of a layer multiply the signal by, 20 layers
multiply it by to the 20th power. Weights from ``rand`` are positive, so that sums grow with the fan-in n; normal ones
need the standard deviation sqrt(2 / n), since half of the units are silent. The report by layer of a fit with
``diagnose=True`` measures both.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import fanin
from common import COLOURS, main, panels, table
from fanin import initializers, optim

UNITS = 64
STARTS = {
    "sqrt(2 / n) rand": "rand",
    "sqrt(1 / n) randn": initializers.LecunNormal(),
    "sqrt(2 / n) randn": initializers.HeNormal(),
    "orthogonal, then unit variance": "lsuv",
}


def network(start: Any, depth: int, X: np.ndarray) -> fanin.Network:
    given = initializers.Automatic() if isinstance(start, str) else start
    net = fanin.Network(
        UNITS, [fanin.Dense(UNITS, "relu", given) for _ in range(depth)], dtype="float64", seed=0
    )
    if start == "lsuv":
        fanin.lsuv(net, X)
    if start == "rand":
        rng, weights = np.random.default_rng(1), net.get_weights()
        net.set_weights(
            {
                name: np.sqrt(2 / UNITS) * rng.random(w.shape) if w.ndim == 2 else w
                for name, w in weights.items()
            }
        )
    return net


def run(depth: int = 20, rows: int = 500) -> dict[str, dict[str, np.ndarray]]:
    """Return the deviation of the values of each layer, relative to the inputs, and the gradient by layer."""
    X = np.random.default_rng(0).normal(size=(rows, UNITS))
    result = {}
    for name, start in STARTS.items():
        history = network(start, depth, X).fit(X, X, rule=optim.SGD(0.0), epochs=1, diagnose=True)
        watched = history.diagnosis.watched
        gradients = watched.gradient_of_layer[0, 1:]
        result[name] = {
            "signal": watched.deviation[0] / watched.deviation[0, 0],
            "gradient": gradients / gradients[-1],
        }
    return result


def show(result: dict[str, dict[str, np.ndarray]]) -> None:
    table(
        ["initial weights", "last signal", "first gradient"],
        ([name, float(one["signal"][-1]), float(one["gradient"][0])] for name, one in result.items()),
    )


def draw(result: dict[str, dict[str, np.ndarray]]) -> Any:
    figure, (signals, gradients) = panels("Signal by layer", "Gradient by layer, on the way back")
    for (name, one), colour in zip(result.items(), COLOURS, strict=False):
        signals.plot(one["signal"], ".-", color=colour, label=name)
        gradients.plot(range(1, len(one["gradient"]) + 1), one["gradient"], ".-", color=colour)
    for axes in (signals, gradients):
        axes.set(yscale="log", xticks=range(0, len(one["signal"]), 5))
        axes.set_xlabel("layer")
    signals.legend(frameon=False, fontsize=9)
    return figure


# %%
if __name__ == "__main__":
    main(run, show, draw)

# %%
# With ``rand`` the last of 20 layers has signals of 8e13, with sqrt(1 / n) of 0.0003 times the inputs, and the
# gradients that arrive at the first layer are as far off. With sqrt(2 / n) both stay near 1, as they do with
# `fanin.lsuv`, which scales orthogonal weights until the sums of each layer have variance 1.
