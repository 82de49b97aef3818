"""Inputs of unequal or shifted scales, as the watched batches show them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fanin.diagnose.evidence import Evidence
from fanin.diagnose.finding import Finding
from fanin.diagnose.scales import normalizes, unequal_scales

_ROWS = 100


def inputs(evidence: Evidence) -> Iterator[Finding]:
    """Find columns with a far larger scale than others, or a mean far from 0."""
    watched, net = evidence.watched, evidence.start
    if watched is None or normalizes(net):
        return
    seen = watched.units[watched.layers[0]]
    if seen.rows < _ROWS:
        return
    varies = (seen.deviation > 1e-6 * np.abs(seen.mean)) & (seen.deviation > 0)
    if not varies.any():
        return
    # a column that is nearly always 0 shows too small a deviation in a few rows, but none shows too large a one
    middle = np.quantile(seen.deviation[varies], 0.5, method="lower")
    numbers = np.flatnonzero(varies & (seen.deviation >= middle))
    names = evidence.columns
    column = (lambda j: repr(names[j])) if names else str
    if finding := unequal_scales(net, seen.mean, seen.deviation, numbers, column):
        yield finding
