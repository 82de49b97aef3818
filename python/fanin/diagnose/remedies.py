"""Remedies that several detectors name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from fanin.diagnose.evidence import Evidence
from fanin.diagnose.remedy import Remedy
from fanin.layers import Dense, Layer, Residual
from fanin.optim import Around, Rule, Solver
from fanin.training.early_stopping import EarlyStopping

_LONGER = 5


def other_rate(evidence: Evidence, factor: float = 0.1) -> Remedy | None:
    """Return a fit with the rate that a race chooses or, if the rule or its limits do not allow it, times a factor."""
    settings, rule = evidence.settings, evidence.settings.rule
    if isinstance(rule, Solver):
        return None
    if settings.max_time is None and (raced := _raced(rule)) is not None:
        return Remedy('let a race choose the rate: "auto"', fit={"rule": raced})
    verb = "lower" if factor < 1 else "raise"
    return Remedy(f"{verb} the learning rate", fit={"rule": rule.times(factor)})


def longer(evidence: Evidence) -> Remedy:
    """Return a fit of five times as many epochs, or of five times the limits."""
    settings, epochs = evidence.settings, len(evidence.history.loss)
    changed: dict[str, Any] = {"epochs": _LONGER * epochs}
    if settings.max_steps is not None:
        changed["max_steps"] = _LONGER * int(settings.max_steps)
    if settings.max_time is not None:
        changed["max_time"] = _LONGER * settings.max_time
    return Remedy("train longer", fit=changed)


def stopped_early(evidence: Evidence) -> Remedy | None:
    """Return a fit that ends when the validation loss no longer falls, unless it does already."""
    callbacks = tuple(evidence.settings.callbacks)
    if any(isinstance(callback, EarlyStopping) for callback in callbacks):
        return None
    return Remedy(
        "stop when the validation loss no longer falls", fit={"callbacks": (*callbacks, EarlyStopping(10))}
    )


def clipped(evidence: Evidence) -> Remedy | None:
    """Return a fit whose gradients are clipped to the norm 1, unless they are clipped already."""
    rule = evidence.settings.rule
    around = rule if isinstance(rule, Around) else Around(rule)
    if around.clip_norm is not None or around.clip_value is not None:
        return None
    return Remedy("clip the gradient", fit={"rule": replace(around, clip_norm=1.0)})


def rectified(evidence: Evidence) -> Remedy:
    """Return a network with rectified hidden units and batch norm."""

    def change(layer: Dense) -> Dense:
        return replace(_normalized(layer), activation="relu")

    action = "use rectified units, and normalize batches, in the hidden layers"
    return Remedy(action, layers=changed_hidden(evidence, change))


def _raced(rule: Rule) -> Rule | None:
    """Return the rule with the rate "auto"; None if it does not support that."""
    try:
        return rule.at_rate("auto")
    except ValueError:
        return None


def with_batch_norm(evidence: Evidence) -> Remedy:
    """Return a network with batch norm in its hidden layers."""
    return Remedy("normalize batches in the hidden layers", layers=changed_hidden(evidence, _normalized))


def changed_hidden(evidence: Evidence, change: Callable[[Dense], Dense]) -> tuple[Layer, ...]:
    """Return the layers with those dense ones changed that come before the last."""
    layers = evidence.start.layers
    return (*changed(layers[:-1], change), layers[-1])


def changed(layers: Sequence[Layer], change: Callable[[Dense], Dense]) -> list[Layer]:
    """Return the layers with the dense ones changed, also inside others."""

    def one(layer: Layer) -> Layer:
        if isinstance(layer, Residual):
            return Residual(changed(layer.layers, change))
        return change(layer) if isinstance(layer, Dense) else layer

    return [one(layer) for layer in layers]


def _normalized(layer: Dense) -> Dense:
    return replace(layer, bias_initializer="zeros", batch_norm=layer.batch_norm or True)
