"""Units that are dead or saturated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from fanin.diagnose.detect_pace import first_ratio
from fanin.diagnose.evidence import Evidence
from fanin.diagnose.finding import Finding
from fanin.diagnose.remedies import changed_hidden, other_rate, with_batch_norm
from fanin.diagnose.remedy import Remedy

_WARN, _FAULT = 0.1, 0.5  # share of the units of a layer
_LARGE_UPDATES = 0.1  # as a share of the weights


def units(evidence: Evidence) -> Iterator[Finding]:
    """Find dead and saturated units."""
    watched = evidence.watched
    if watched is None:
        return
    shares: tuple[tuple[str, Any, str], ...] = (
        ("dead_units", watched.dead, "are inactive on at least 99 % of the rows"),
        ("saturated_units", watched.saturated, "are saturated on at least 95 % of the rows"),
    )
    for kind, table, words in shares:
        worst = list(_of_layers(evidence, kind, table, words))
        yield from sorted(worst, key=lambda finding: -finding.number)[:1]


def _of_layers(evidence: Evidence, kind: str, table: Any, words: str) -> Iterator[Finding]:
    """Yield a finding for each layer with too many such units."""
    watched = evidence.watched
    assert watched is not None
    for place, name in enumerate(watched.layers):
        seen = np.flatnonzero(np.isfinite(table[:, place]))
        if not len(seen):
            continue
        share = table[seen, place]
        number, epoch = float(share[-1]), _first(watched.epochs[seen], share >= _WARN)
        if number < _WARN:
            continue
        count = len(watched.units[name].mean)
        message = f"{name}: {round(number * count)} of {count} units {words}"
        severity: Any = "fault" if number >= _FAULT else "warning"
        remedy = _remedy(evidence, kind)
        yield Finding(kind, message, number, _FAULT, name, epoch, severity=severity, remedy=remedy)


def _remedy(evidence: Evidence, kind: str) -> Remedy | None:
    if first_ratio(evidence) > _LARGE_UPDATES:
        return other_rate(evidence)
    if kind == "saturated_units":
        return with_batch_norm(evidence)
    leaky = changed_hidden(
        evidence,
        lambda layer: replace(layer, activation="leaky_relu") if layer.activation == "relu" else layer,
    )
    return Remedy("let units leak", layers=leaky)


def _first(epochs: Any, true: Any) -> int:
    return int(epochs[np.argmax(true)])
