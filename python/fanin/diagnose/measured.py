"""The measurements of the core as values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from fanin import _core
from fanin.layers import Layer
from fanin.training.watched import Units, Watched

# activations whose derivative vanishes below 0, and those between two limits
_RECTIFIED = frozenset({"relu"})
_BOUNDED = frozenset({"logistic", "tanh", "symmetric_logistic", "softsign", "hard_sigmoid"})
_ROWS = 256  # of a short fit, that count without a second window


def activations_of(layers: Sequence[Layer], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the name of each layer that has an activation, "layer1" or "layer1.layer1", and that activation."""
    for number, layer in enumerate(layers, start=1):
        name = f"{prefix}layer{number}"
        if (activation := getattr(layer, "activation", None)) is not None:
            yield name, activation
        if layer.name == "residual":
            yield from activations_of(layer.inside, f"{name}.")


def watched_of(watch: _core.Watch, layers: Sequence[Layer]) -> Watched | None:
    """Return what was watched; None if no step was, as with solvers."""
    figures: dict[str, Any] = watch.figures()
    if not len(figures["epochs"]):
        return None
    names, known = figures["layers"], dict(activations_of(layers))
    rectified = np.array([known.get(name) in _RECTIFIED for name in names])
    bounded = np.array([known.get(name) in _BOUNDED for name in names])
    figures["dead"] = np.where(rectified, figures["dead"], 0.0)
    figures["saturated"] = np.where(bounded, figures["saturated"], 0.0)
    units = {}
    for place, name in enumerate(names):
        of = watch.units(place)
        flat = of.pop("flat")
        units[name] = Units(
            **of,
            dead=(flat >= _core.Watch.dead_share) & rectified[place],
            saturated=(flat >= _core.Watch.saturated_share) & bounded[place],
        )
        for name_of_share, flags in (("dead", units[name].dead), ("saturated", units[name].saturated)):
            share = figures[name_of_share][:, place]
            if not np.isfinite(share).any() and units[name].rows >= _ROWS:
                share[-1] = np.mean(flags)
    return Watched(**figures, units=units)
