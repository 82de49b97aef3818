"""
Six rules on one bowl
=====================

Each rule starts at the same point of an elongated bowl and takes 60 exact gradients, at a rate that suits it (rows 41
to 65 of :doc:`the textbook </textbook>`). Momentum builds up speed along the valley. `fanin.optim.RMSprop` and
`fanin.optim.Adam` divide each weight's gradient by its recent size, and `fanin.optim.Rprop` uses its sign alone, so
that the two directions look alike to them. `fanin.plot.trajectories` draws the picture.
"""

from __future__ import annotations

from typing import Any

from common import main, table
from fanin import optim, plot

RULES = {
    "SGD": optim.SGD(0.09),
    "Momentum": optim.Momentum(0.03),
    "Nesterov": optim.Nesterov(0.03),
    "RMSprop": optim.RMSprop(0.15),
    "Adam": optim.Adam(0.3),
    "Rprop": optim.Rprop(0.1),
}


def run(steps: int = 60) -> dict[str, dict[str, Any]]:
    """Return the error by step of each rule, and how far its first step is along both weights."""
    bowl, result = plot.Bowl(), {}
    for name, rule in RULES.items():
        path = bowl.path(rule, steps)
        result[name] = {"errors": bowl.error(path), "first step": abs(path[1] - path[0])}
    return result


def show(result: dict[str, dict[str, Any]]) -> None:
    table(
        ["rule", "first step, weight 1", "weight 2", "error at the end"],
        ([name, *map(float, one["first step"]), float(one["errors"][-1])] for name, one in result.items()),
    )


def draw(result: dict[str, dict[str, Any]]) -> Any:
    return plot.trajectories(RULES, steps=len(result["SGD"]["errors"]) - 1)


# %%
if __name__ == "__main__":
    main(run, show, draw)

# %%
# The first step of SGD and momentum is five times as long along the steep weight as along the other, that of RMSprop,
# Adam and Rprop the same along both. Rprop, whose steps grow and shrink, is far ahead: exact gradients are what it is
# for. RMSprop gets close, and then keeps taking steps of the size of its rate.
