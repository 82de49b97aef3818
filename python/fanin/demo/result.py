"""The result of training one learner."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """
    Test error and R^2 at the best epoch; seconds of all epochs and of the median epoch.

    The speed is that of the median epoch, because other programs can slow down a few epochs many times over.
    """

    name: str
    test_error: float
    r_squared: float
    best_epoch: int
    seconds: float
    median_seconds: float
    examples_per_second: float
