"""
Inputs far from zero, or of unequal scale
=========================================

Hinton's two cases of a linear neuron with the targets 2 and 0 (rows 1 to 4, 29 and 30 of :doc:`the textbook
</textbook>`): inputs (101, 101) and (101, 99), which are far from zero, and (0.1, 10) and (0.1, -10), of unequal
scale. Both make an elongated bowl, which gradient descent crosses slowly. How many steps it takes, here at the rate 1
/ largest curvature, depends on the condition number of the bowl's Hessian X'X / m, where the bias counts as an input
of 1. `fanin.Standardize` turns both ellipses into a circle, whose centre is one step away.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import fanin
from common import COLOURS, curvatures, main, mapped, panels, steps_to, table, with_bias
from fanin import optim

CASES = {
    "(101, 101) and (101, 99)": np.array([[101.0, 101.0], [101.0, 99.0]]),
    "(0.1, 10) and (0.1, -10)": np.array([[0.1, 10.0], [0.1, -10.0]]),
}
TARGETS = np.array([2.0, 0.0])
INPUTS: dict[str, list[Any]] = {"raw": [], "standardized": [fanin.Standardize()]}


def steps(X: np.ndarray, inputs: list[Any], rate: float, goal: float, most: int) -> int | None:
    net = fanin.Network(2, [*inputs, fanin.Dense(1, initializer="zeros")], dtype="float64")
    options = {"rule": optim.SGD(rate), "batch_size": len(X), "batches": "in_order"}
    return steps_to(
        goal, most, lambda stop, epochs: net.fit(X, TARGETS, epochs=epochs, callbacks=[stop], **options)
    )


def run(goal: float = 1e-3, most: int = 200_000) -> dict[tuple[str, str], dict[str, Any]]:
    """Return, for each case and its inputs, the condition number and the steps from zero weights to the goal."""
    result = {}
    for case, X in CASES.items():
        for name, inputs in INPUTS.items():
            rows = with_bias(mapped(X, inputs))
            curvature = curvatures(rows)
            count = steps(X, inputs, 1 / curvature[-1], goal, most)
            result[case, name] = {
                "rows": rows,
                "condition": float(curvature[-1] / curvature[0]),
                "steps": count,
            }
    return result


def show(result: dict[tuple[str, str], dict[str, Any]]) -> None:
    table(
        ["rows", "inputs", "condition", "steps"],
        ((*key, one["condition"], one["steps"]) for key, one in result.items()),
    )


def draw(result: dict[tuple[str, str], dict[str, Any]]) -> Any:
    """Draw the loss along the constant column (with the bias) and along the other one, and 60 steps from zero."""
    titles = [f"{case}\n{name}" for case, name in result]
    figure, axes = panels(*titles, height=3.3)
    for one, at in zip(result.values(), axes, strict=True):
        constant = np.hypot(one["rows"][0, 0], 1.0)
        rows = np.column_stack([np.full(2, constant), one["rows"][:, 1]])
        H = rows.T @ rows / 2
        centre = np.linalg.solve(rows, TARGETS)
        start, reach = -centre, 1.25 * np.linalg.norm(centre)
        x, y = np.meshgrid(*[np.linspace(-reach, reach, 201)] * 2)
        loss = 0.5 * np.einsum("...i,ij,...j", np.stack([x, y], -1), H, np.stack([x, y], -1))
        levels = 0.5 * start @ H @ start * np.array([0.05, 0.3, 1.0, 3.0, 10.0, 100.0, 1000.0])
        at.contour(x, y, loss, levels=levels, colors=COLOURS[0], linewidths=0.7, alpha=0.6)
        path = [start]
        for _ in range(60):
            path.append(path[-1] - H @ path[-1] / np.linalg.eigvalsh(H)[-1])
        at.plot(*np.array(path).T, "o-", color=COLOURS[1], markersize=3, linewidth=1.2)
        at.plot(0, 0, "*", color="black", markersize=10)
        at.set(aspect="equal", xticks=[], yticks=[])
        count = f"{one['steps']:,} step{'s' if one['steps'] != 1 else ''}"
        at.set_xlabel(f"condition number {one['condition']:,.0f}\n{count}", fontsize=9)
    return figure


# %%
if __name__ == "__main__":
    main(run, show, draw)

# %%
# The raw rows make bowls with condition numbers of 40,006 and 99, which take 124,111 and 307 steps to a thousandth of
# the loss. After standardization one step suffices. The first 60 steps are drawn, over the two principal directions.
