"""Paired comparisons of trials: a lead within its confidence interval is a tie."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import NamedTuple

_LEVEL = 0.95


class Lead(NamedTuple):
    """By how much one trial is ahead of another: the mean difference of their scores, and its standard error."""

    mean: float
    error: float
    pairs: int

    @property
    def is_clear(self) -> bool:
        """Whether the 95 % confidence interval, ``mean +- t error`` by Student's t distribution, excludes 0."""
        return self.pairs > 1 and abs(self.mean) > student(self.pairs - 1) * self.error


def lead(one: Sequence[float], other: Sequence[float], ratio: float) -> Lead:
    """Return the lead of one trial over another by their paired scores.

    The standard error is ``sqrt((1 / n + ratio) s^2)``, with s^2 the variance of the n differences. For folds, `ratio`
    is that of test to training rows, since trainings share rows (Nadeau and Bengio, "Inference for the generalization
    error", 2003); for blocks of validation rows it is 0. It is infinite for one pair.
    """
    differences = [a - b for a, b in zip(one, other, strict=True)]
    n = len(differences)
    mean = math.fsum(differences) / n
    if n < 2:
        return Lead(mean, math.inf, n)
    variance = math.fsum((value - mean) ** 2 for value in differences) / (n - 1)
    return Lead(mean, math.sqrt((1 / n + ratio) * variance), n)


def student(degrees: int) -> float:
    """Return the 97.5 % quantile of Student's t distribution (Abramowitz and Stegun, 26.7.5)."""
    p = (1 + _LEVEL) / 2
    if degrees == 1:
        return math.tan(math.pi * (p - 0.5))
    if degrees == 2:
        return (2 * p - 1) * math.sqrt(2 / (1 - (2 * p - 1) ** 2))
    z = NormalDist().inv_cdf(p)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + math.fsum(term / degrees ** (k + 1) for k, term in enumerate(terms))
