"""Ranges of numbers to draw hyper-parameters from, each on the scale that suits its parameter."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from fanin.checks import check_flag, check_integer
from fanin.search.distribution import Interval

if TYPE_CHECKING:
    from typing import Self


@dataclass(frozen=True, repr=False)
class Uniform(Interval):
    """Numbers that are uniform between two ends: ``low + u (high - low)``, u uniform in [0, 1).

    For a parameter whose effect depends on its difference, such as a rate of dropout. A parameter whose effect depends
    on its ratio, such as a learning rate, calls for `LogUniform`.

    Parameters
    ----------
    low, high : float
        Its ends, low < high.

    Examples
    --------
    >>> from fanin import search
    >>> dropout = search.Uniform(0.0, 0.5)
    >>> dropout.at(0.5)
    0.25
    >>> all(0 <= value <= 0.5 for value in dropout.rvs(100, random_state=0))
    True
    """


@dataclass(frozen=True, repr=False)
class LogUniform(Interval):
    """Numbers that are uniform on a log scale: ``10^r``, r uniform in [log10(low), log10(high)).

    For learning rates and penalties, whose effect depends on their ratio. Between 0.0001 and 0.1, each of the three
    powers of ten gets a third of the draws; a uniform distribution spends 90 % of them above 0.01.

    Parameters
    ----------
    low, high : float
        Its ends, 0 < low < high.

    References
    ----------
    A. Ng, *Improving Deep Neural Networks*, "Using an appropriate scale to pick hyperparameters" (docs/textbook.md,
    row 77).

    Examples
    --------
    >>> from fanin import search
    >>> rate = search.LogUniform(1e-4, 1e-1)
    >>> f"{rate.at(1 / 3):.5f} {rate.at(2 / 3):.5f}"
    '0.00100 0.01000'
    >>> round(sum(value < 0.01 for value in rate.rvs(1000, random_state=0)) / 1000, 2)
    0.64
    """

    _limits: ClassVar[Mapping[str, Any]] = {"above": 0}

    def _scaled(self, value: float) -> float:
        return math.log10(value)

    def _unscaled(self, coordinate: float) -> float:
        return math.pow(10, coordinate)


@dataclass(frozen=True, repr=False)
class OneMinusLogUniform(Interval):
    """Numbers whose distance from 1 is uniform on a log scale: ``1 - beta = 10^r``.

    r is uniform in [log10(1 - high), log10(1 - low)). For momentum and for Adam's betas: an average with weight beta
    reaches back over about 1 / (1 - beta) values, and it is the ratio of these numbers that counts. Between 0.9 and
    0.9005 they change from 10 to 10.05, which makes no difference; between 0.999 and 0.9995, with the same change of
    beta, from 1,000 to 2,000. Uniform draws of beta would nearly all lie where nothing changes.

    The textbook says that averages reach over 10 to 1000 values for beta from 0.9 to 0.9999. It is 10 for 0.9, 1,000
    for 0.999 and 10,000 for 0.9999 (docs/textbook.md, row 78).

    Parameters
    ----------
    low, high : float
        Its ends, 0 <= low < high < 1.

    References
    ----------
    A. Ng, *Improving Deep Neural Networks*, "Using an appropriate scale to pick hyperparameters" (docs/textbook.md,
    row 79, where the notes have 1 - beta = 1 - 10^r).

    Examples
    --------
    >>> from fanin import search
    >>> beta = search.OneMinusLogUniform(0.9, 0.9999)
    >>> [round(1 / (1 - beta.at(u))) for u in (0, 1 / 3, 2 / 3, 1)]
    [10, 100, 1000, 10000]
    """

    _limits: ClassVar[Mapping[str, Any]] = {"at_least": 0, "below": 1}

    def _scaled(self, value: float) -> float:
        return -math.log10(1 - value)

    def _unscaled(self, coordinate: float) -> float:
        return 1 - math.pow(10, -coordinate)


@dataclass(frozen=True, repr=False)
class IntUniform(Interval):
    """Integers from low to high, both included: each as probable as the others, or with log=True, about as 1 / value.

    For numbers of layers and units (docs/textbook.md, row 76).

    Parameters
    ----------
    low, high : int
        Its ends, low < high.
    log : bool
        Whether it is uniform on a log scale, for numbers that span powers of ten; low must then be at least 1. Integer
        k stands for the numbers from k - 1/2 to k + 1/2.

    Examples
    --------
    >>> from fanin import search
    >>> layers = search.IntUniform(1, 3)
    >>> sorted(set(layers.rvs(100, random_state=0)))
    [1, 2, 3]
    >>> search.IntUniform(1, 1000, log=True).at(0.5)
    22
    """

    low: int
    high: int
    log: bool = False

    def _check(self) -> None:
        check_flag("IntUniform.log", self.log)
        for name in ("low", "high"):
            value = getattr(self, name)
            check_integer(f"IntUniform.{name}", value, 1 if self.log else -(2**53), 53)
            object.__setattr__(self, name, int(value))

    def __repr__(self) -> str:
        return f"IntUniform({self.low}, {self.high}{', log=True' if self.log else ''})"

    def _scaled(self, value: float) -> float:
        return math.log(value) if self.log else value

    def _unscaled(self, coordinate: float) -> float:
        return round(math.exp(coordinate) if self.log else coordinate)

    def _edges(self) -> tuple[float, float]:
        return self._scaled(self.low - 0.5), self._scaled(self.high + 0.5)

    @property
    def count(self) -> int:
        """The number of different values."""
        return self.high - self.low + 1

    def between(self, first: float, last: float) -> Self:
        """Return the integers between two quantiles; two of them at least. A boundary between two includes both."""
        low = min(self.at(first - 1e-9), self.high - 1)
        return replace(self, low=low, high=max(self.at(last + 1e-9), low + 1))

    def values(self, points: int | None = None) -> Iterator[int]:
        """Iterate over every integer, or over at most `points` of them, ends included."""
        if points is None or points >= self.count:
            yield from range(self.low, self.high + 1)
        else:
            yield from dict.fromkeys(super().values(points))
