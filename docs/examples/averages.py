"""
Averaged weights
================

Turning the rate down at the end removes the fluctuation of mini-batches (row 23 of :doc:`the textbook </textbook>`),
but the end must be known. An average of the weights over the last steps (``optim.Around(..., average_decay=...)``,
Polyak and Juditsky 1992) removes most of it at any time, while training continues at the full rate. The first two fits
take the same steps, bit for bit; only what the network shows differs.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import fanin
from common import COLOURS, GREY, main, panels, table
from fanin import optim

RULES = {
    "weights of the last step": optim.SGD(0.1),
    "averaged weights": optim.Around(optim.SGD(0.1), average_decay=0.999),
    "rate turned down, cosine": optim.SGD(optim.Cosine(0.1)),
}


def data(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, 10))
    return X, np.sin(2 * X[:, 0]) + X[:, 1] * X[:, 2] + rng.normal(size=rows)


def run(rows: int = 20_000, epochs: int = 20) -> dict[str, list[float]]:
    """Return the validation loss after each epoch; the noise of the targets alone makes it 0.5."""
    X, y = data(rows, 1)
    result = {}
    for name, rule in RULES.items():
        net = fanin.Network(10, [fanin.Dense(32, "tanh"), fanin.Dense(1)], seed=2)
        history = net.fit(X, y, rule=rule, batch_size=16, epochs=epochs, validation_data=data(10_000, 2))
        result[name] = history.val_loss
    return result


def show(result: dict[str, list[float]]) -> None:
    table(
        ["validation loss", "last epoch", "spread"],
        ([name, losses[-1], float(np.std(losses[len(losses) // 2 :]))] for name, losses in result.items()),
    )


def draw(result: dict[str, list[float]]) -> Any:
    figure, (axes,) = panels("Validation loss by epoch")
    for (name, losses), colour in zip(result.items(), COLOURS, strict=False):
        axes.plot(range(1, len(losses) + 1), losses, color=colour, label=name)
    axes.axhline(0.5, color=GREY, linestyle=":", linewidth=1, label="noise of the targets")
    axes.set_xticks(range(0, len(losses) + 1, 5))
    axes.set_xlabel("epoch")
    axes.legend(frameon=False, fontsize=9)
    return figure


# %%
if __name__ == "__main__":
    main(run, show, draw)

# %%
# The loss of the last weights fluctuates, that of their average over about 1000 steps hardly does, at any time and
# from the same steps. A falling rate ends lower still, but only at its end.
