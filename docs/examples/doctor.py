"""
The training doctor
===================

Two fits that go wrong (rows 5 and 37 of :doc:`the textbook </textbook>`). Too large an initial rate makes weights
large and derivatives tiny, so that units saturate and the loss stays high; and gradients vanish on their way back
through ten logistic layers. A fit with ``diagnose=True`` finds both. `Diagnosis.prove
<fanin.diagnose.Diagnosis.prove>` then trains the net as it was and with the remedy of each finding, side by side.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import fanin
from common import COLOURS, main, panels, table
from fanin import optim
from fanin.diagnose import Finding

CASES = {
    "Too large a rate": ([fanin.Dense(64, "tanh")] * 2, optim.Adam(1.0), "saturated_units"),
    "Ten logistic layers": ([fanin.Dense(32, "logistic")] * 10, optim.Adam(0.005), "vanishing_gradients"),
}


def data(rows: int) -> tuple[np.ndarray, np.ndarray]:
    X = np.random.default_rng(0).uniform(-1, 1, size=(rows, 2))
    return X, (X[:, 0] * X[:, 1] > 0).astype(int)  # which pair of opposite quadrants


def run(rows: int = 2000, epochs: int = 20) -> dict[str, dict[str, Any]]:
    """Return the proved finding of each case, and the gradients of its layers with and without the remedy."""
    result = {}
    X, y = data(int(rows) + 500)
    held = X[-500:], y[-500:]
    X, y = X[:-500], y[:-500]
    for case, (hidden, rule, kind) in CASES.items():
        net = fanin.Network(2, [*hidden, fanin.Dense(2)], "softmax_cross_entropy", seed=0)
        fit = {"rule": rule, "epochs": int(epochs), "validation_data": held, "diagnose": True}
        diagnosis = net.fit(X, y, **fit).diagnosis.prove(X, y)
        found = next(finding for finding in diagnosis.findings if finding.kind == kind)
        remedied = found.remedy.network(diagnosis.start)
        after = remedied.fit(X, y, **{**fit, **found.remedy.fit}).diagnosis
        result[case] = {"finding": found, "before": gradients(diagnosis), "after": gradients(after)}
    return result


def gradients(diagnosis: Any) -> np.ndarray:
    """Return the root mean square of the gradient of each layer that has one, where it was first measured."""
    watched = diagnosis.watched
    first = np.flatnonzero(np.isfinite(watched.gradient_of_layer[:, 1:]).all(axis=1))[0]
    return watched.gradient_of_layer[first, 1:]


def show(result: dict[str, dict[str, Any]]) -> None:
    found: list[Finding] = [one["finding"] for one in result.values()]
    table(
        ["finding", "layer", "validation", "before", "after", "difference", "proved"],
        (
            [one.kind, one.layer, p.measure, p.before.error, p.after.error, p.difference, one.proved]
            for one in found
            if (p := one.proof) is not None
        ),
    )
    print(*(f"{one.message}\n    {one.remedy.action}" for one in found if one.remedy), sep="\n")


def draw(result: dict[str, dict[str, Any]]) -> Any:
    figure, (losses, layers) = panels(
        "Too large a rate: validation loss", "Ten logistic layers: gradient by layer"
    )
    for curve, label, colour in zip(
        ("before", "after"), ("as it was", "with the remedy"), COLOURS, strict=False
    ):
        values = getattr(result["Too large a rate"]["finding"].proof, curve).val_loss
        losses.plot(range(1, len(values) + 1), values, color=colour, label=label)
        values = result["Ten logistic layers"][curve]
        layers.plot(range(1, len(values) + 1), values, "o-", color=colour, label=label)
    for axes, label in ((losses, "epochs"), (layers, "layer")):
        axes.set_yscale("log")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.set_xlabel(label)
        axes.legend(frameon=False, fontsize=9)
    return figure


# %%
if __name__ == "__main__":
    main(run, show, draw)

# %%
# The remedy of the first fit is a rate that a race chooses: half of the validation rows were classified wrong, and now
# none is. That of the second is rectified units with batch norm, through which gradients do not vanish. Both are
# proved: validation improves by more than its confidence interval.
