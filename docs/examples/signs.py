"""
Signs of gradients, and mini-batches
====================================

Nine mini-batches have the gradient +0.1 and one has -0.9: the mean is 0, so the weight should stay where it is (rows
62 to 65 of :doc:`the textbook </textbook>`). Rules that use only the sign of a gradient move it nine times one way and
once the other. RMSprop divides adjacent mini-batches by similar numbers, which leaves some of that drift: the less,
the longer its average. On the other hand signs leave a plateau, where all gradients are tiny, at full speed.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from common import COLOURS, main, panels, table
from fanin import optim

RATE = 0.01
RULES = {
    "SGD": optim.SGD(RATE),
    "signs": optim.SignSGD(RATE),
    "RMSprop, decay 0.9": optim.RMSprop(RATE, 0.9, epsilon=0.0),
    "RMSprop, decay 0.99": optim.RMSprop(RATE, 0.99, epsilon=0.0),
}


def follow(rule: optim.Rule, gradients: np.ndarray) -> np.ndarray:
    """Return a weight that starts at 0, in units of the rate, after each of the gradients."""
    optimizer, path = optim.Optimizer(rule, [np.zeros(1)]), [0.0]
    for gradient in gradients:
        optimizer.step([np.array([gradient])])
        path.append(float(optimizer.weights()[0][0]))
    return np.array(path) / RATE


def run(cycles: int = 50) -> dict[str, dict[str, Any]]:
    """Return, by rule, the path over batches of mean 0, its late drift in ten batches, and the way over a plateau."""
    zero = np.tile([0.1] * 9 + [-0.9], cycles)
    slope = np.where(np.arange(300) < 100, 1.0, 1e-4)
    return {
        name: {
            "path": (path := follow(rule, zero)),
            "drift": float((path[-1] - path[-101]) / 10),
            "plateau": -follow(rule, slope),
        }
        for name, rule in RULES.items()
    }


def show(result: dict[str, dict[str, Any]]) -> None:
    table(["rule", "drift in ten batches, in rates"], ([name, one["drift"]] for name, one in result.items()))


def draw(result: dict[str, dict[str, Any]]) -> Any:
    figure, (drifts, plateau) = panels("Batches whose mean gradient is 0", "A slope that becomes a plateau")
    for (name, one), colour in zip(result.items(), COLOURS, strict=False):
        drifts.plot(one["path"], color=colour, label=name)
        plateau.plot(one["plateau"], color=colour, label=name)
    for axes, words in ((drifts, "weight, in units of the rate"), (plateau, "way, in units of the rate")):
        axes.set_xlabel("steps")
        axes.set_ylabel(words)
        axes.legend(frameon=False, fontsize=9)
    return figure


# %%
if __name__ == "__main__":
    main(run, show, draw)

# %%
# The signs lose 8 rates in every ten batches. RMSprop loses 0.68 of its rate with a decay of 0.9, and 0.07 with 0.99.
# It starts with a jump, as its mean of squares begins at 0; ``bias_correction=True`` removes that. When gradients fall
# from 1 to 0.0001, signs continue at full speed, SGD stops, and RMSprop stops until it has forgotten the large ones.
