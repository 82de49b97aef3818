"""Schedules made of another schedule."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Self

from fanin.optim.schedule import Schedule
from fanin.optim.schedules import Cosine

__all__ = ["Restarts", "WarmUp"]

_HALF_WAVE = Cosine()


@dataclass(frozen=True)
class _Containing(Schedule):
    """A schedule made of another one."""

    schedule: Schedule = _HALF_WAVE

    def _check(self, name: str, allowed: Any) -> None:
        if name != "schedule":
            super()._check(name, allowed)
        elif getattr(self.schedule, "name", None) not in allowed:
            raise TypeError(f"schedule: expected one of {', '.join(allowed)}, got {self.schedule!r}")

    def times(self, factor: float) -> Self:
        """Return the schedule with all its values multiplied by a factor."""
        return replace(self, schedule=self.schedule.times(factor))

    @cached_property
    def _values(self) -> dict[str, Any]:
        return {**super()._values, "schedule": (self.schedule.name, self.schedule.values())}


@dataclass(frozen=True)
class WarmUp(_Containing):
    """A rise to the first value of a schedule, then that schedule (Goyal et al. 2017).

    ``first t / steps`` for t up to `steps`, where `first` is the first value of the schedule; then the schedule from
    its step 1. If the schedule spans the fit, it has the steps of the fit that are left.

    Examples
    --------
    >>> from fanin import optim
    >>> rate = optim.WarmUp(optim.Polynomial(0.1), steps=10)
    >>> rate(1, 110), rate(10, 110), rate(61, 110)
    (0.01, 0.1, 0.05)
    """

    name: ClassVar[str] = "warm_up"
    steps: float = 100

    @property
    def spans_fit(self) -> bool:
        """Whether the schedule inside spans the fit."""
        return self.schedule.spans_fit


@dataclass(frozen=True)
class Restarts(_Containing):
    """A schedule that starts again after each cycle (Loshchilov and Hutter 2017, SGDR).

    The first cycle has `period` steps, each later one `factor` times as many. A schedule without steps of its own
    spans a cycle.

    Parameters
    ----------
    schedule : Schedule
        Any but `WarmUp` and `Restarts`.
    period : float
        Steps of the first cycle, counted from the rule's first step.
    factor : float
        1, or at least 1.01.

    Examples
    --------
    >>> from fanin import optim
    >>> rate = optim.Restarts(optim.Cosine(0.1), period=100, factor=2)
    >>> rate(1), rate(51), rate(101), rate(201), rate(301)
    (0.1, 0.05, 0.1, 0.05, 0.1)
    """

    name: ClassVar[str] = "restarts"
    period: float = 1000
    factor: float = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        if 1 < self.factor < 1.01:
            raise ValueError(f"factor: expected 1 or at least 1.01, got {self.factor}")
        warm_up = getattr(self.schedule, "warm_up", 0)
        if self.schedule.spans_fit and warm_up >= self.period:
            raise ValueError(f"warm_up: expected fewer than the {self.period} steps, got {warm_up}")

    @property
    def spans_fit(self) -> bool:
        """Whether the schedule spans the fit: no, it spans its cycles."""
        return False
