"""Units that are dead or saturated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from fanin.diagnose.detect_pace import starts_fast
from fanin.diagnose.evidence import Evidence
from fanin.diagnose.finding import Finding, Severity
from fanin.diagnose.remedies import changed_hidden, other_rate, with_batch_norm
from fanin.diagnose.remedy import Remedy
from fanin.layers import Dense

if TYPE_CHECKING:
    from fanin.training.watched import Figures, Watched

_WARN, _FAULT = 0.1, 0.5  # share of the units of a layer


def units(evidence: Evidence) -> Iterator[Finding]:
    """Find the layers with most dead and with most saturated units."""
    watched = evidence.watched
    if watched is None:
        return
    for kind, table, words in (
        ("dead_units", watched.dead, "are inactive on at least 99 % of the rows"),
        ("saturated_units", watched.saturated, "are saturated on at least 95 % of the rows"),
    ):
        if found := list(_of_layers(watched, kind, table, words, _remedy(evidence, kind))):
            yield max(found, key=lambda finding: finding.number)


def _of_layers(
    watched: Watched, kind: str, table: Figures, words: str, remedy: Remedy | None
) -> Iterator[Finding]:
    """Yield a finding for each layer with too many such units."""
    for place, name in enumerate(watched.layers):
        seen = np.flatnonzero(np.isfinite(table[:, place]))
        shares = table[seen, place]
        if not len(seen) or shares[-1] < _WARN:
            continue
        number, epoch = float(shares[-1]), int(watched.epochs[seen[np.argmax(shares >= _WARN)]])
        count = len(watched.units[name].mean)
        message = f"{name}: {round(number * count)} of {count} units {words}"
        severity: Severity = "fault" if number >= _FAULT else "warning"
        yield Finding(kind, message, number, _FAULT, name, epoch, severity=severity, remedy=remedy)


def _remedy(evidence: Evidence, kind: str) -> Remedy | None:
    if starts_fast(evidence):
        return other_rate(evidence)
    if kind == "saturated_units":
        return with_batch_norm(evidence)
    return Remedy("let units leak", layers=changed_hidden(evidence, _leaky))


def _leaky(layer: Dense) -> Dense:
    return replace(layer, activation="leaky_relu") if layer.activation == "relu" else layer
