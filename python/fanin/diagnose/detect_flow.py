"""Gradients that vanish or explode from layer to layer, and the size of updates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from fanin.diagnose.evidence import Evidence
from fanin.diagnose.finding import Finding
from fanin.diagnose.remedies import rectified, with_batch_norm
from fanin.diagnose.remedy import Remedy

_VANISHING, _EXPLODING = 1e-3, 70.0  # rms dZ of the first layer as a share of that of the last
_RECORDS = 3


def flow(evidence: Evidence) -> Iterator[Finding]:
    """Find gradients that vanish or explode on their way back."""
    watched = evidence.watched
    if watched is None or evidence.error:
        return
    seen = [
        place
        for place, name in enumerate(watched.layers)
        if name != "inputs"
        and (watched.gradient_of_layer[:, place] > 0).any()  # not so in frozen or dead layers
    ]
    if len(seen) < 2:
        return
    first, last = seen[0], seen[-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = watched.gradient_of_layer[:, first] / watched.gradient_of_layer[:, last]
    usable = np.isfinite(ratios)
    if not usable.any():
        return
    ratio = float(np.median(ratios[usable][:_RECORDS]))
    epoch = int(watched.epochs[np.argmax(usable)])
    share = f"{ratio:.2g} times those of {watched.layers[last]}" if ratio > 0 else "0"
    names = f"of {watched.layers[first]} are {share}"
    place: dict[str, Any] = {"layer": watched.layers[first], "epoch": epoch}
    if ratio < _VANISHING:
        message = f"gradients vanish: those {names}"
        yield Finding("vanishing_gradients", message, ratio, _VANISHING, **place, remedy=rectified(evidence))
    elif ratio > _EXPLODING:
        message = f"gradients explode: those {names}"
        remedy: Remedy = with_batch_norm(evidence)
        yield Finding("exploding_gradients", message, ratio, _EXPLODING, **place, remedy=remedy)
