"""Schedules, as values: a hyper-parameter as a function of the step t = 1, 2, ..., bit-identical on every machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from fanin import _core
from fanin.checks import check_integer, check_sequence
from fanin.values import Value


@dataclass(frozen=True)
class Schedule(Value):
    """A learning rate or momentum that changes from step to step; pass it to a rule instead of a number.

    A step is an update, not an epoch; steps are counted from the rule's first one on a network or optimizer. Calling a
    schedule with t returns its value at step t.

    Examples
    --------
    >>> from fanin import optim
    >>> isinstance(optim.Cosine(0.1), optim.Schedule)
    True
    """

    name: ClassVar[str]
    _allowed: ClassVar[Mapping[str, Mapping[str, Any]]] = _core.schedule_ranges()

    def __call__(self, t: int) -> float:
        """Return the value at step t = 1, 2, ..."""
        check_integer("t", t, 1, 63)
        return _core.schedule_at(self.name, self.values(), int(t))

    def largest(self) -> float:
        """Return an upper bound of the values."""
        raise NotImplementedError

    def described(self) -> dict[str, Any]:
        """Return name and hyper-parameters, as the C++ core expects them."""
        return {"name": self.name, **self.values()}


@dataclass(frozen=True)
class Piecewise(Schedule):
    """``levels[0]`` at first, then ``levels[k]`` after step ``after[k - 1]``.

    The textbook's schedule for momentum: 0.5 at first, then 0.9 or 0.99 once the large gradients are gone.

    Parameters
    ----------
    levels : sequence of float
        At most 32.
    after : sequence of int
        Steps in ascending order, one fewer than levels.

    Examples
    --------
    >>> from fanin import optim
    >>> rule = optim.Momentum(0.01, momentum=optim.Piecewise([0.5, 0.9], after=[500]))
    >>> rule.momentum(500), rule.momentum(501)
    (0.5, 0.9)
    """

    name: ClassVar[str] = "piecewise"
    levels: tuple[float, ...] = (0.5, 0.9)
    after: tuple[float, ...] = (500,)

    def __post_init__(self) -> None:
        for name in ("levels", "after"):
            given = check_sequence(name, getattr(self, name), "a list of numbers")
            object.__setattr__(self, name, given)
        super().__post_init__()
        if not 1 <= len(self.after) == len(self.levels) - 1 <= 31:
            raise ValueError(
                f"after: expected one step fewer than levels, at least 1 and at most 31, got {len(self.after)}"
                f" for {len(self.levels)} levels"
            )
        if list(self.after) != sorted(set(self.after)):
            raise ValueError(f"after: expected ascending steps, got {self.after}")

    def largest(self) -> float:
        """Return the largest level."""
        return max(self.levels)


@dataclass(frozen=True)
class SutskeverMomentum(Schedule):
    """``min(1 - 2^(-1 - log2(floor(t / period) + 1)), highest)`` (Sutskever et al. 2013, section 3).

    That is 0.5 at first, 0.75 after one period, and 1 - 1 / (2 k + 2) after k periods.

    Examples
    --------
    >>> from fanin import optim
    >>> momentum = optim.SutskeverMomentum(highest=0.9)
    >>> momentum(1), momentum(250), momentum(10_000)
    (0.5, 0.75, 0.9)
    """

    name: ClassVar[str] = "sutskever_momentum"
    highest: float = 0.99
    period: float = 250

    def largest(self) -> float:
        """Return `highest`."""
        return self.highest


@dataclass(frozen=True)
class Exponential(Schedule):
    """``first decay^((t - 1) / steps)``: multiplied by `decay` every `steps` steps.

    Examples
    --------
    >>> from fanin import optim
    >>> round(optim.Exponential(0.1, decay=0.5, steps=100)(201), 6)
    0.025
    """

    name: ClassVar[str] = "exponential"
    first: float = 0.01
    decay: float = 0.5
    steps: float = 1000

    def largest(self) -> float:
        """Return `first`."""
        return self.first


@dataclass(frozen=True)
class Cosine(Schedule):
    """Half a cosine wave from `first` to `last` (Loshchilov and Hutter 2017, without restarts).

    ``last + (first - last) (1 + cos(pi u)) / 2``, with ``u = (t - 1 - warm_up) / (steps - warm_up)``, at most 1

    During the first `warm_up` steps the value rises to `first`: ``first t / warm_up`` (Goyal et al. 2017).

    Examples
    --------
    >>> from fanin import optim
    >>> rate = optim.Cosine(0.1, steps=100, warm_up=10)
    >>> rate(1), rate(11), rate(101)
    (0.01, 0.1, 0.0)
    """

    name: ClassVar[str] = "cosine"
    first: float = 0.01
    last: float = 0.0
    steps: float = 10_000
    warm_up: float = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.warm_up >= self.steps:
            raise ValueError(f"warm_up: expected fewer than the {self.steps} steps, got {self.warm_up}")

    def largest(self) -> float:
        """Return the larger of `first` and `last`."""
        return max(self.first, self.last)


@dataclass(frozen=True)
class InverseTime(Schedule):
    """``first / (1 + (t - 1) / steps)^power``; powers in (1/2, 1] satisfy Robbins and Monro's conditions.

    Examples
    --------
    >>> from fanin import optim
    >>> round(optim.InverseTime(0.1, steps=100)(101), 6)
    0.05
    """

    name: ClassVar[str] = "inverse_time"
    first: float = 0.01
    steps: float = 1000
    power: float = 1.0

    def largest(self) -> float:
        """Return `first`."""
        return self.first
