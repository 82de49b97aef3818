"""
The batch size
==============

The same net is trained on redundant data, whose halves say the same, in batches from a single sample to all of them,
each at the best of several rates (rows 15 to 19 of :doc:`the textbook </textbook>`). Small batches make more updates
in a pass, so the loss falls faster by pass. But an update by one sample takes more than its share of time, because
products of matrices are fast: the best size by time lies between.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import fanin
from common import COLOURS, main, panels, table
from fanin import optim

RATES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)


def data(rows: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    X = rng.normal(size=(rows, 16))
    return X, (np.sin(X[:, 0] * 2) + X[:, 1] * X[:, 2] + 0.1 * rng.normal(size=rows) > 0).astype(int)


def fit(X: np.ndarray, y: np.ndarray, size: int, rate: float, passes: int) -> fanin.History | None:
    net = fanin.Network(16, [fanin.Dense(64, "tanh"), fanin.Dense(2)], "softmax_cross_entropy", seed=1)
    try:
        return net.fit(X, y, rule=optim.SGD(rate), batch_size=size, epochs=passes)
    except fanin.DivergedError:
        return None


def run(
    rows: int = 8192, sizes: tuple[int, ...] = (1, 8, 64, 512, 8192), passes: int = 30, goal: float = 0.2
) -> dict[int, dict[str, Any]]:
    """Return, for each batch size at its best rate, the loss by pass, and passes and seconds to the goal."""
    X, y = data(rows)
    result = {}
    for size in sizes:
        with fanin.num_threads(1):
            histories = {rate: fit(X, y, size, rate, passes) for rate in RATES}
        finished = {rate: history for rate, history in histories.items() if history is not None}
        rate = min(finished, key=lambda rate: finished[rate].loss[-1])
        loss = finished[rate].loss
        of_pass = np.median(finished[rate].seconds)  # whatever interrupts some of them
        seconds = of_pass * np.arange(1, passes + 1)
        reached = next((i for i, value in enumerate(loss) if value <= goal), None)
        result[size] = {
            "rate": rate,
            "loss": loss,
            "seconds": seconds,
            "passes": None if reached is None else reached + 1,
            "seconds to the goal": None if reached is None else float(seconds[reached]),
        }
    return result


def show(result: dict[int, dict[str, Any]]) -> None:
    table(
        ["batch size", "best rate", "passes to goal", "seconds to goal", "last loss"],
        (
            [size, one["rate"], one["passes"] or "-", one["seconds to the goal"] or "-", one["loss"][-1]]
            for size, one in result.items()
        ),
    )


def draw(result: dict[int, dict[str, Any]]) -> Any:
    figure, axes = panels("Loss by pass", "Loss by time", sharey=True)
    for (size, one), colour in zip(result.items(), COLOURS, strict=False):
        label = f"{size:,} sample{'s' if size > 1 else ''}, rate {one['rate']:g}"
        axes[0].plot(range(1, len(one["loss"]) + 1), one["loss"], color=colour, label=label)
        axes[1].plot(one["seconds"], one["loss"], color=colour)
    axes[0].set_xlabel("passes over the data")
    axes[1].set_xlabel("seconds")
    axes[1].set_xscale("log")
    axes[0].set_ylabel("training loss")
    axes[0].legend(title="a batch of", frameon=False, fontsize=8, title_fontsize=8)
    return figure


# %%
if __name__ == "__main__":
    main(run, show, draw)

# %%
# Batches of 1 and 8 reach a loss of 0.2 in 7 passes, 64 in 8, and 512 in 17; the whole set is far from it after 30. By
# time 64 wins: single samples take twenty times as long, and batches of 512 twice as long, on one thread.
