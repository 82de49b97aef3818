"""
The right scale for each hyper-parameter
========================================

A search draws numbers of layers and units uniformly, but a learning rate between 0.0001 and 1 on a log scale, else
nine tenths of the trials lie between 0.1 and 1 (rows 76 to 79 of :doc:`the textbook </textbook>`). A decay β of an
average reaches over about 1 / (1 - β) values, so it is 1 - β that is drawn on a log scale. The distributions of
`fanin.search` do so.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from common import COLOURS, main, panels, table
from fanin import search

RATE, UNITS = search.LogUniform(1e-4, 1.0), search.IntUniform(50, 100)
DECAY = search.OneMinusLogUniform(0.9, 0.9999)


def run(draws: int = 10_000) -> dict[str, np.ndarray]:
    """Return draws of each distribution, and of rates and decays that are drawn uniformly."""
    rng = np.random.default_rng(0)
    return {
        "units": np.array(UNITS.rvs(draws, 1)),
        "rates": np.array(RATE.rvs(draws, 2)),
        "rates, uniform": rng.uniform(1e-4, 1.0, draws),
        "reach": 1 / (1 - np.array(DECAY.rvs(draws, 3))),
        "reach, uniform": 1 / (1 - rng.uniform(0.9, 0.9999, draws)),
    }


def show(result: dict[str, np.ndarray]) -> None:
    shares = ((name, [float((result[name] < at).mean()) for at in ends]) for name, ends in (
        ("rates", (1e-3, 1e-2, 1e-1)), ("rates, uniform", (1e-3, 1e-2, 1e-1)),
        ("reach", (30, 100, 1000)), ("reach, uniform", (30, 100, 1000)),
    ))  # fmt: skip
    table(["share below", "0.001 | 30", "0.01 | 100", "0.1 | 1000"], ([name, *of] for name, of in shares))


def draw(result: dict[str, np.ndarray]) -> Any:
    titles = (
        "Units: IntUniform(50, 100)",
        "Rate: LogUniform(1e-4, 1)",
        "1 / (1 - β): OneMinusLogUniform(...)",
    )
    figure, (units, rates, reach) = panels(*titles, height=3.2)
    units.hist(result["units"], bins=np.arange(49.5, 101), color=COLOURS[0])
    units.set_xlabel("units")
    for axes, name, bins, words in (
        (rates, "rates", np.geomspace(1e-4, 1, 41), "learning rate"),
        (reach, "reach", np.geomspace(10, 10_000, 41), "values that the average reaches over"),
    ):
        axes.hist(result[name], bins=bins, color=COLOURS[0], label="as advised")
        axes.hist(result[f"{name}, uniform"], bins=bins, color=COLOURS[1], histtype="step", label="uniformly")
        axes.set(xscale="log")
        axes.set_xlabel(words)
        axes.legend(frameon=False, fontsize=8)
    return figure


# %%
if __name__ == "__main__":
    main(run, show, draw)

# %%
# On the log scale a quarter of the rates lies in each decade; drawn uniformly, 90 % lie above 0.1, and only one in a
# thousand below 0.001. Of averages drawn by their decay, 90 % reach over less than 100 values.
