"""
Starting at the base rate
=========================

Always predicting the proportion of ones is a plateau (rows 39 and 40 of :doc:`the textbook </textbook>`). The loss
there is the entropy of the targets (cross-entropy) or half their variance (squared error). With zero biases a net
first descends to that plateau, which takes longest for rare classes and for targets far from zero. With
``bias_initializer="base_rate"`` the output begins there. Every step takes the full batch.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import fanin
from common import COLOURS, GREY, main, panels, table
from fanin import optim

STARTS = {"zero biases": "zeros", "base rate": "base_rate"}
TASKS = {"One in fifty, logistic loss": "logistic", "Mean 10, squared error": "squared_error"}


def data(rows: int, loss: str) -> tuple[np.ndarray, np.ndarray, float]:
    """Return X, targets, and the loss of always predicting their mean."""
    rng = np.random.default_rng(4)
    X = rng.normal(size=(rows, 5))
    signal = X[:, 0] + X[:, 1] * X[:, 2]
    if loss == "squared_error":
        return X, 10 + signal, float(signal.var() / 2)
    y = (signal > np.quantile(signal, 0.98)).astype(float)
    p = y.mean()
    return X, y, float(-p * np.log(p) - (1 - p) * np.log(1 - p))


def run(rows: int = 2000, steps: int = 300) -> dict[tuple[str, str], dict[str, Any]]:
    """Return, by task and start, the loss before each step, the plateau and the steps until the loss is below it."""
    result = {}
    for task, loss in TASKS.items():
        X, y, plateau = data(rows, loss)
        for start, initializer in STARTS.items():
            layers = [fanin.Dense(16, "tanh"), fanin.Dense(1, bias_initializer=initializer)]
            net = fanin.Network(5, layers, loss, seed=1)
            losses = net.fit(
                X, y, rule=optim.Adam(0.01), batch_size=rows, batches="in_order", epochs=steps
            ).loss
            below = next((step for step, value in enumerate(losses) if value < plateau), None)
            result[task, start] = {"loss": losses, "plateau": plateau, "steps": below}
    return result


def show(result: dict[tuple[str, str], dict[str, Any]]) -> None:
    table(
        ["task", "start", "first loss", "plateau", "steps to below", "last loss"],
        (
            [*key, one["loss"][0], one["plateau"], one["steps"], one["loss"][-1]]
            for key, one in result.items()
        ),
    )


def draw(result: dict[tuple[str, str], dict[str, Any]]) -> Any:
    figure, axes = panels(*TASKS)
    for task, at in zip(TASKS, axes, strict=True):
        for start, colour in zip(STARTS, COLOURS, strict=False):
            one = result[task, start]
            at.plot(one["loss"], color=colour, label=start)
        at.axhline(one["plateau"], color=GREY, linestyle=":", linewidth=1, label="predicting the mean")
        at.set_yscale("log")
        at.set_xlabel("steps")
        at.legend(frameon=False, fontsize=9)
    return figure


# %%
if __name__ == "__main__":
    main(run, show, draw)

# %%
# With zero biases the net takes 46 steps to get below the plateau if one target in fifty is 1, and 66 if targets have
# the mean 10. From the base rate it takes 0 and 2, and stays ahead.
