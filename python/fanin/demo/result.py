"""What a learner is judged by."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """
    How one learner did: test error and R^2 at the best epoch; seconds of all epochs and of the median one.

    Speeds come from the median epoch: busy neighbours can make a few epochs many times as long.
    """

    name: str
    test_error: float
    r_squared: float
    best_epoch: int
    seconds: float
    median_seconds: float
    examples_per_second: float
