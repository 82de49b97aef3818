"""
Random search and a grid
========================

The learning rate decides how well this net learns, and the penalty hardly matters; but which of them matters is not
known before (row 74 of :doc:`the textbook </textbook>`; Bergstra and Bengio 2012). A grid then wastes four fifths of
its trials. Both searches train 25 nets for the same epochs; random search is repeated with several seeds.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import fanin
from common import COLOURS, GREY, main, panels, table
from fanin import optim, search

SPACE = {"rate": search.LogUniform(1e-4, 1e0), "l2": search.LogUniform(1e-8, 1e-4)}


def data(rows: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(6)
    X = rng.uniform(-1, 1, size=(rows, 4))
    return X, (np.sin(4 * X[:, 0]) * X[:, 1] + X[:, 2] ** 2)[:, None]


def make_net(rate: float, l2: float) -> tuple[fanin.Network, dict[str, Any]]:
    net = fanin.Network(4, [fanin.Dense(32, "tanh"), fanin.Dense(1)], seed=1)
    return net, {"rule": optim.Around(optim.Nesterov(rate, 0.9), l2=l2)}


def run(rows: int = 2000, epochs: int = 20, seeds: int = 20) -> dict[str, Any]:
    """Return, by search, the trials' parameters and losses, the rates tried and the best losses of all repetitions."""
    X, y = data(int(rows))
    spaces = {"grid": search.Grid(SPACE, points=5), "random": SPACE}
    result = {}
    for name, space in spaces.items():
        found = [
            search.run(
                make_net, space, X, y, n_iter=25, min_epochs=int(epochs), max_epochs=int(epochs), seed=seed
            )
            for seed in range(int(seeds) if name == "random" else 1)
        ]
        trials = found[0].trials
        result[name] = {
            "rate": [trial.params["rate"] for trial in trials],
            "l2": [trial.params["l2"] for trial in trials],
            "loss": [-trial.score for trial in trials],
            "rates": len({trial.params["rate"] for trial in trials}),
            "best": [-one.best_score for one in found],
        }
    return result


def show(result: dict[str, Any]) -> None:
    table(
        ["search", "trials", "rates tried", "best loss", "median of best"],
        (
            [name, len(one["rate"]), one["rates"], one["best"][0], float(np.median(one["best"]))]
            for name, one in result.items()
        ),
    )


def draw(result: dict[str, Any]) -> Any:
    titles = [f"{name}: {len(one['rate'])} trials, {one['rates']} rates" for name, one in result.items()]
    figure, axes = panels(*titles, height=4.0, sharey=True)
    for at, one in zip(axes, result.values(), strict=True):
        at.set_xscale("log")
        at.set_yscale("log")
        losses = np.nan_to_num(np.array(one["loss"]), nan=1.0)
        at.plot(one["rate"], losses, "o", color=COLOURS[0], alpha=0.7, markersize=6)
        best = int(np.argmin(losses))
        at.plot(one["rate"][best], losses[best], "o", color=COLOURS[1], markersize=9, label="the best")
        at.plot(one["rate"], np.full(len(losses), 0.02), "|", transform=at.get_xaxis_transform(), color=GREY)
        at.set_xlabel("learning rate")
        at.legend(frameon=False, fontsize=9)
    axes[0].set_ylabel("validation loss")
    return figure


# %%
if __name__ == "__main__":
    main(run, show, draw)

# %%
# The grid tries 5 rates, each 5 times, and ends at a loss of 0.0058. Random trials try 25 rates, and the best of them
# has 0.0030, the median of 20 seeds. Ticks at the bottom are the rates tried.
