"""Schedules, as values: a hyper-parameter as a function of the step t = 1, 2, ..., bit-identical on every machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fanin.checks import check_sequence
from fanin.optim.schedule import Schedule

__all__ = [
    "Constant",
    "Exponential",
    "InverseTime",
    "Piecewise",
    "Polynomial",
    "Schedule",
    "SutskeverMomentum",
]


@dataclass(frozen=True)
class Constant(Schedule):
    """The same `value` at each step, as a part of `Chain` or inside `WarmUp`; elsewhere, pass the number itself.

    Parameters
    ----------
    value : float
        At least 0.

    Examples
    --------
    >>> from fanin import optim
    >>> rate = optim.WarmUp(optim.Constant(0.1), steps=10)
    >>> rate(5), rate(10), rate(1000)
    (0.05, 0.1, 0.1)
    """

    name: ClassVar[str] = "constant"
    value: float = 0.01


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


@dataclass(frozen=True)
class SutskeverMomentum(Schedule):
    """``min(1 - 2^(-1 - log2(floor(t / period) + 1)), highest)`` (Sutskever et al. 2013, section 3).

    That is 0.5 at first, 0.75 after one period, and 1 - 1 / (2 k + 2) after k periods.

    Parameters
    ----------
    highest : float
        In [0, 1): an upper limit.
    period : float
        Steps, at least 1.

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


@dataclass(frozen=True)
class Exponential(Schedule):
    """``first decay^((t - 1) / steps)``: multiplied by `decay` every `steps` steps.

    On a `staircase` the exponent is rounded down, so that the value falls at once after every `steps` steps (the step
    decay of many papers; `Piecewise` has steps at chosen times).

    Parameters
    ----------
    first : float
        The value at step 1, at least 0.
    decay : float
        Between 0 and 1.
    steps : float
        At least 1.
    staircase : bool
        Whether the exponent is rounded down.

    Examples
    --------
    >>> from fanin import optim
    >>> round(optim.Exponential(0.1, decay=0.5, steps=100)(201), 6)
    0.025
    >>> rate = optim.Exponential(1.0, decay=0.5, steps=100, staircase=True)
    >>> [round(rate(t), 9) for t in (1, 100, 101, 201)]
    [1.0, 1.0, 0.5, 0.25]
    """

    name: ClassVar[str] = "exponential"
    first: float = 0.01
    decay: float = 0.5
    steps: float = 1000
    staircase: bool = False


@dataclass(frozen=True)
class InverseTime(Schedule):
    """``first / (1 + (t - 1) / steps)^power``; powers in (1/2, 1] satisfy Robbins and Monro's conditions.

    Parameters
    ----------
    first : float
        The value at step 1, at least 0.
    steps : float
        At least 1: with power 1, the value has halved after this many.
    power : float
        In [0, 1].

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


@dataclass(frozen=True)
class Polynomial(Schedule):
    """From `first` to `last` along a power: linear by default.

    ``last + (first - last) (1 - u)^power``, with ``u = (t - 1) / steps``, at most 1

    Parameters
    ----------
    first, last : float
        At least 0.
    steps : float, optional
        At least 1; None: those of the fit.
    power : float
        Above 0.

    Examples
    --------
    >>> from fanin import optim
    >>> optim.Polynomial(0.1)(51, steps=100), optim.Polynomial(0.1, steps=100, power=2)(51)
    (0.05, 0.025)
    """

    name: ClassVar[str] = "polynomial"
    first: float = 0.01
    last: float = 0.0
    steps: float | None = None
    power: float = 1.0
