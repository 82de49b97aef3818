"""Penalties and decays under which weights fall to nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

import numpy as np

from fanin.diagnose.described import dense_weights, root_mean_square
from fanin.diagnose.evidence import Evidence
from fanin.diagnose.finding import Finding
from fanin.diagnose.remedy import Remedy
from fanin.optim import Around, Rule, Schedule, Solver

_L2 = 0.3  # with standardized inputs, weights whose gradient is below 0.3 then fall to 0
_L1 = 1.0
_HARMLESS = 30  # a penalty that many times below its limit does not shrink the weights
_SHRUNK = 0.1  # weights over those of the start


def strong_penalty(evidence: Evidence) -> Iterator[Finding]:
    """Find penalties and decays under which the weights fall to nothing."""
    rule = evidence.settings.rule
    inner = rule.rule if isinstance(rule, Around) else rule
    penalties = {
        entry.name: value
        for part in (inner, rule)
        for entry in fields(part)
        if entry.name in ("l1", "l2", "weight_decay") and (value := _size(getattr(part, entry.name))) > 0
    }
    if isinstance(rule, Around) and rule.l2_of_sum > 0:
        size = evidence.settings.batch_size or evidence.target.rows
        penalties["l2_of_sum"] = rule.l2_of_sum / min(size, evidence.target.rows)
    if not penalties:
        return
    remedy = Remedy("leave the penalty out", fit={"rule": _without_penalties(rule)})
    shown = ", ".join(f"{name} {value:.3g}" for name, value in penalties.items())
    limits = {"l1": _L1, "l2": _L2, "l2_of_sum": _L2, "weight_decay": _largest_decay(evidence, inner)}
    matters = any(value > limits[name] / _HARMLESS for name, value in penalties.items())
    shrunk = _shrunk(evidence)
    if matters and shrunk is not None and shrunk < _SHRUNK:
        message = f"{shown}: the weights have fallen to {shrunk:.1%} of those of the start"
        yield Finding("strong_penalty", message, shrunk, _SHRUNK, remedy=remedy)
        return
    for name, value in penalties.items():
        if value > limits[name]:
            message = (
                f"{name} {value:.3g} outweighs the loss: at most {limits[name]:.3g} lets the weights learn"
            )
            yield Finding("strong_penalty", message, value, limits[name], remedy=remedy)
            return


def _size(value: Any) -> float:
    return float(value.largest() if isinstance(value, Schedule) else value)


def _largest_decay(evidence: Evidence, inner: Any) -> float:
    """Return the decay that holds the weights below their size at the start.

    With rules that take steps of about the rate, whatever the gradient, a decay d holds weights within 1 / d.
    """
    if not hasattr(inner, "epsilon"):
        return _L2
    sizes = [root_mean_square(W) for W in dense_weights(evidence.start).values()]
    largest = max(sizes, default=0.0)
    return max(1.0, 1 / largest) if largest > 0 else 1.0


def _shrunk(evidence: Evidence) -> float | None:
    """Return the median over arrays of the size of weights at the end over that at the start, if it was watched."""
    if evidence.watched is None or not len(evidence.watched.weight):
        return None
    starts = {name: root_mean_square(W) for name, W in dense_weights(evidence.start).items()}
    ratios = []
    for name, sizes in zip(evidence.watched.arrays, evidence.watched.weight.T, strict=True):
        known = sizes[np.isfinite(sizes)]
        if starts.get(name, 0.0) > 0 and len(known):
            ratios.append(known[-1] / starts[name])
    return float(np.median(ratios)) if ratios else None


def _without_penalties(rule: Rule | Solver) -> Rule | Solver:
    if isinstance(rule, Around):
        inner: Any = _without_penalties(rule.rule)
        bare = replace(rule, rule=inner, l1=0.0, l2=0.0, l2_of_sum=0.0, weight_decay=0.0)
        return inner if bare == Around(inner) else bare
    changed = {name: 0.0 for name in ("l2", "weight_decay") if hasattr(rule, name)}
    return replace(rule, **changed) if changed else rule
