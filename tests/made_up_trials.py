"""Trials of a made-up objective, for tests of what a search makes of them."""

from __future__ import annotations

import math

from fanin.search.trials import Outcome, Trial


def trial(number, params, score, *, round=0, epochs=1):
    outcomes = (Outcome(number, epochs, (score,), 0.0),)
    return Trial(number, round, params, outcomes)


def trials_of(points, objective, *, round=0, first=0):
    """One trial a point, trained for one epoch; an objective of None means that it fails."""
    scores = [objective(point) for point in points]
    return [
        trial(first + i, point, math.nan if score is None else score, round=round)
        for i, (point, score) in enumerate(zip(points, scores, strict=True))
    ]
