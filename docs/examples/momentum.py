"""
Momentum on an elongated bowl
=============================

The weights roll like a ball: gradients change its velocity, not its position (rows 41 and 45 to 52 of :doc:`the
textbook </textbook>`). Along the steep direction, where gradients change sign from step to step, momentum damps the
oscillation; along the gentle one it builds up speed, to ε g / (1 - α). Nesterov's momentum jumps first and corrects
then. All three first take the rate 1 / λ, with λ the largest curvature, and then one of 2.2 / λ, which is above the
limit of gradient descent, 2 / λ.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from common import COLOURS, GREY, main, panels, table
from fanin import optim, plot

BOWL = plot.Bowl(curvatures=(1.0, 100.0), start=(-4.0, 0.6))
MOMENTUM = 0.9


def rules(rate: float) -> dict[str, optim.Rule]:
    return {
        "gradient descent": optim.SGD(rate),
        "momentum": optim.Momentum(rate, MOMENTUM),
        "Nesterov": optim.Nesterov(rate, MOMENTUM),
    }


def run(steps: int = 100) -> dict[str, dict[str, Any]]:
    """Return the path of each rule, its errors by step at both rates, and how often it crosses the valley."""
    result = {}
    for (name, rule), fast in zip(rules(0.01).items(), rules(0.022).values(), strict=True):
        path = BOWL.path(rule, steps)
        result[name] = {
            "path": path,
            "errors": BOWL.error(path),
            "errors at the larger rate": BOWL.error(BOWL.path(fast, steps)),
            "crossings": int((np.diff(np.sign(path[:, 1])) != 0).sum()),
        }
    return result


def show(result: dict[str, dict[str, Any]]) -> None:
    table(
        ["error after all steps", "at 1 / λ", "at 2.2 / λ", "crossings"],
        (
            [name, float(one["errors"][-1]), float(one["errors at the larger rate"][-1]), one["crossings"]]
            for name, one in result.items()
        ),
    )


def draw(result: dict[str, dict[str, Any]]) -> Any:
    figure, (paths, slow, fast) = panels("Paths at the rate 1 / λ", "Error at 1 / λ", "Error at 2.2 / λ")
    x, y = np.meshgrid(np.linspace(-4.5, 2.5, 200), np.linspace(-0.7, 0.8, 200))
    values = BOWL.error(np.stack([x, y], axis=-1))
    paths.contour(
        x, y, values, levels=BOWL.error(BOWL.start) * np.geomspace(0.003, 2, 8), colors=GREY, linewidths=0.4
    )
    for (name, one), colour in zip(result.items(), COLOURS, strict=False):
        paths.plot(*one["path"].T, ".-", color=colour, markersize=4, linewidth=1, label=name)
        slow.plot(one["errors"], color=colour, label=name)
        fast.plot(one["errors at the larger rate"], color=colour, label=name)
    paths.plot(0, 0, "*", color="black", markersize=10)
    paths.set(xlim=(-4.5, 2.5), ylim=(-0.7, 0.8))
    paths.set_xlabel("gentle direction")
    paths.set_ylabel("steep direction")
    for axes in (slow, fast):
        axes.set(yscale="log", ylim=(1e-7, 1e5))
        axes.set_xlabel("steps")
    slow.legend(frameon=False, fontsize=9)
    return figure


# %%
if __name__ == "__main__":
    main(run, show, draw)

# %%
# Gradient descent reaches the floor of the valley in one step and then creeps: after 100 steps its error is 1.1.
# Momentum is at 0.00009, although it crosses the valley 35 times; Nesterov's crosses it 15 times, and is at 0.000002.
# At 2.2 / λ momentum alone converges. Its limit is 2 (1 + α) / λ, here 3.8 / λ; that of Nesterov's is 2 (1 + α) / (λ
# (1 + 2 α)), 1.36 / λ.
