"""Schedules made of another schedule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Self

from fanin.checks import check_sequence
from fanin.optim.cosine_schedules import Cosine
from fanin.optim.schedule import Schedule
from fanin.optim.schedules import Constant

__all__ = ["Chain", "Restarts", "WarmUp"]

_HALF_WAVE = Cosine()


def _check_schedule(name: str, value: object, allowed: Sequence[str]) -> None:
    """Raise TypeError unless this is one of the schedules allowed."""
    if getattr(value, "name", None) not in allowed:
        raise TypeError(f"{name}: expected one of {', '.join(allowed)}, got {value!r}")


def _check_within(steps: float, schedule: Schedule) -> None:
    """Raise ValueError unless a schedule fits into the steps that it spans."""
    if not schedule.spans_fit:
        return
    if isinstance(schedule, WarmUp):
        if schedule.steps >= steps:
            raise ValueError(f"steps: expected fewer than the {steps} steps, got {schedule.steps}")
        _check_within(steps - schedule.steps, schedule.schedule)
    elif getattr(schedule, "warm_up", 0) >= steps:
        raise ValueError(f"warm_up: expected fewer than the {steps} steps, got {vars(schedule)['warm_up']}")


@dataclass(frozen=True)
class _Containing(Schedule):
    """A schedule made of another one."""

    schedule: Schedule = _HALF_WAVE

    def _check(self, name: str, allowed: Any) -> None:
        if name == "schedule":
            _check_schedule(name, self.schedule, allowed)
        else:
            super()._check(name, allowed)

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

    Parameters
    ----------
    schedule : Schedule
        Any but `WarmUp`, `Restarts` and `Chain`.
    steps : float
        Of the rise, at least 1.

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
        Any but `WarmUp`, `Restarts` and `Chain`.
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
        _check_within(self.period, self.schedule)

    @property
    def spans_fit(self) -> bool:
        """Whether the schedule spans the fit: no, it spans its cycles."""
        return False


@dataclass(frozen=True)
class Chain(Schedule):
    """Schedules one after the other: each for its number of steps, the last one for the rest.

    ``schedules[k](t - steps[0] - ... - steps[k - 1])``, with k the number of parts that are over

    A schedule without steps of its own spans its part. If it is the last one, the chain spans the fit.

    Parameters
    ----------
    schedules : sequence of Schedule
        2 to 4 of any kind but `Chain`. `Constant` keeps a value.
    steps : sequence of float
        The steps of each schedule but the last: one number fewer than schedules.

    Raises
    ------
    TypeError, ValueError
        For anything else, or a part of fewer steps than its warm-up.

    Examples
    --------
    A rise over 10 steps, a constant rate for 80, then a fall over the rest of a fit of 100 steps:

    >>> from fanin import optim
    >>> rise, fall = optim.Polynomial(0.0, 0.1), optim.Cosine(0.1)
    >>> rate = optim.Chain([rise, optim.Constant(0.1), fall], steps=[10, 80])
    >>> rate(1, 100), rate(6, 100), rate(90, 100), rate(96, 100)
    (0.0, 0.05, 0.1, 0.05)
    """

    name: ClassVar[str] = "chain"
    schedules: tuple[Schedule, ...] = (Constant(), _HALF_WAVE)
    steps: tuple[float, ...] = (100,)

    def __post_init__(self) -> None:
        for name, kind in (("schedules", "schedules"), ("steps", "numbers")):
            object.__setattr__(self, name, check_sequence(name, getattr(self, name), f"a list of {kind}"))
        super().__post_init__()
        if len(self.steps) != len(self.schedules) - 1:
            raise ValueError(
                f"steps: expected one number fewer than schedules, got {len(self.steps)}"
                f" for {len(self.schedules)} schedules"
            )
        for steps, schedule in zip(self.steps, self.schedules, strict=False):
            _check_within(steps, schedule)

    def _check(self, name: str, allowed: Any) -> None:
        if name != "schedules":
            super()._check(name, allowed)
            return
        if not 2 <= len(self.schedules) <= allowed["most"]:
            raise ValueError(
                f"schedules: expected 2 to {allowed['most']} schedules, got {len(self.schedules)}"
            )
        for number, schedule in enumerate(self.schedules, start=1):
            _check_schedule(f"schedules: schedule {number}", schedule, allowed["each"])

    @property
    def spans_fit(self) -> bool:
        """Whether the last schedule spans the fit."""
        return self.schedules[-1].spans_fit

    def times(self, factor: float) -> Self:
        """Return the schedule with all its values multiplied by a factor."""
        return replace(self, schedules=tuple(schedule.times(factor) for schedule in self.schedules))

    @cached_property
    def _values(self) -> dict[str, Any]:
        return {**super()._values, "schedules": tuple((s.name, s.values()) for s in self.schedules)}
