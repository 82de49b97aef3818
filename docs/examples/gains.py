"""
A gain for each weight
======================

Each weight has a gain, which multiplies its gradient: it grows by 0.05 while the gradient keeps its sign, and shrinks
by 5 % when that changes (rows 54 to 61 of :doc:`the textbook </textbook>`). On a bowl along the axes the gain of the
gentle direction grows to its limit of 10. Gains deal only with effects along the axes: on the same bowl, rotated, both
weights see the steep direction, and their gains stay small.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from common import COLOURS, GREY, main, panels, table
from fanin import optim, plot

RULES = {"gradient descent": optim.SGD(0.015), "gains": optim.AdaptiveGain(0.015)}
ANGLES = {"Along the axes": 0.0, "Rotated by 45°": 45.0}


def bowl(angle: float) -> plot.Bowl:
    turn = np.radians(angle)
    start = -4 * np.cos(turn) - np.sin(turn), -4 * np.sin(turn) + np.cos(turn)
    return plot.Bowl(curvatures=(1.0, 100.0), angle=angle, start=tuple(map(float, start)))


def run(steps: int = 200) -> dict[tuple[str, str], dict[str, Any]]:
    """Return, by bowl and rule, the path, and the error by step."""
    result = {}
    for case, angle in ANGLES.items():
        for name, rule in RULES.items():
            path = bowl(angle).path(rule, steps)
            result[case, name] = {"path": path, "errors": bowl(angle).error(path)}
    return result


def show(result: dict[tuple[str, str], dict[str, Any]]) -> None:
    table(
        ["bowl", "rule", "error at the start", "at the end"],
        ([*key, float(one["errors"][0]), float(one["errors"][-1])] for key, one in result.items()),
    )


def draw(result: dict[tuple[str, str], dict[str, Any]]) -> Any:
    figure, (*bowls, errors) = panels(*ANGLES, "Error by step")
    for (case, angle), at, dashes in zip(ANGLES.items(), bowls, ("-", "--"), strict=True):
        x, y = np.meshgrid(*[np.linspace(-4.5, 2, 200)] * 2)
        values = bowl(angle).error(np.stack([x, y], axis=-1))
        at.contour(x, y, values, levels=50 * np.geomspace(0.003, 20, 9), colors=GREY, linewidths=0.4)
        for name, colour in zip(RULES, COLOURS, strict=False):
            one = result[case, name]
            at.plot(*one["path"].T, ".-", color=colour, markersize=3, linewidth=0.8)
            errors.plot(one["errors"], dashes, color=colour, label=f"{name}, {case.lower()}")
        at.plot(0, 0, "*", color="black", markersize=9)
        at.set(aspect="equal")
    errors.set(yscale="log")
    errors.set_xlabel("steps")
    errors.legend(frameon=False, fontsize=8)
    return figure


# %%
if __name__ == "__main__":
    main(run, show, draw)

# %%
# Along the axes gains take the error from 58 to 3e-16 in 200 steps, where gradient descent at the same rate reaches
# 0.02. On the rotated bowl they reach 0.002: whenever they have grown, the steep direction oscillates, and they shrink
# again.
