"""Schedules along half a cosine wave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fanin.optim.schedule import Schedule
from fanin.values import check_number

__all__ = ["Cosine", "OneCycle"]


@dataclass(frozen=True)
class Cosine(Schedule):
    """Half a cosine wave from `first` to `last` (Loshchilov and Hutter 2017, without restarts).

    ``last + (first - last) (1 + cos(pi u)) / 2``, with ``u = (t - 1 - warm_up) / (steps - warm_up)``, at most 1

    During the first `warm_up` steps the value rises to `first`: ``first t / warm_up`` (Goyal et al. 2017). The default
    ``steps=None`` spans the whole fit, where t and `steps` are those of the fit.

    Parameters
    ----------
    first, last : float
        At least 0.
    steps : float, optional
        At least 1; None: those of the fit.
    warm_up : float
        Steps of the rise, fewer than `steps`; 0: none.

    Examples
    --------
    >>> from fanin import optim
    >>> optim.Cosine(0.1)(51, steps=100)
    0.05
    >>> rate = optim.Cosine(0.1, steps=100, warm_up=10)
    >>> rate(1), rate(11), rate(101)
    (0.01, 0.1, 0.0)
    """

    name: ClassVar[str] = "cosine"
    first: float = 0.01
    last: float = 0.0
    steps: float | None = None
    warm_up: float = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.steps is not None and self.warm_up >= self.steps:
            raise ValueError(f"warm_up: expected fewer than the {self.steps} steps, got {self.warm_up}")


@dataclass(frozen=True)
class OneCycle(Schedule):
    """Up to `peak` and far down again, each by half a wave (Smith and Topin 2019).

    ``first = peak / start``, ``last = first / end``, and with ``r = warm steps``:

    - ``peak + (first - peak) (1 + cos(pi u)) / 2``, ``u = (t - 1) / (r - 1)`` while t < r
    - ``peak + (last - peak) (1 - cos(pi u)) / 2``, ``u = (t - r) / (steps - r)`` from there, and `last` after all steps

    These are the steps of PyTorch's OneCycleLR in its two phases, with the same defaults.

    Parameters
    ----------
    peak : float
        The value at step ``warm steps``.
    steps : float, optional
        Those of the whole cycle; None: those of the fit.
    warm : float in [0, 1)
        The share of the steps before the peak.
    start, end : float
        Divisors: of the peak for the first value, and of the first value for the last one. Below 1, the ends are
        above the `peak`.

    Examples
    --------
    >>> from fanin import optim
    >>> rate = optim.OneCycle(0.1, steps=100)
    >>> [round(rate(t), 9) for t in (1, 30, 100)]
    [0.004, 0.1, 4e-07]

    `for_momentum` gives the momentum that falls while the rate rises:

    >>> rule = optim.Momentum(rate, momentum=optim.OneCycle.for_momentum(steps=100))
    >>> rule.momentum(1), rule.momentum(30), rule.momentum(100)
    (0.95, 0.85, 0.95)
    """

    name: ClassVar[str] = "one_cycle"
    peak: float = 0.01
    steps: float | None = None
    warm: float = 0.3
    start: float = 25
    end: float = 1e4

    @classmethod
    def for_momentum(
        cls, low: float = 0.85, high: float = 0.95, *, steps: float | None = None, warm: float = 0.3
    ) -> OneCycle:
        """Return the cycle from `high` down to `low` and back, which goes with that of a rate.

        Parameters
        ----------
        low, high : float
            Above 0; `high` must be less than 1 for a momentum.
        steps : float, optional
            Those of the whole cycle; None: those of the fit.
        warm : float in [0, 1)
            The share of the steps before the lowest value.

        Returns
        -------
        OneCycle

        Examples
        --------
        >>> from fanin import optim
        >>> optim.OneCycle.for_momentum(0.5, 1.0, steps=100)
        OneCycle(peak=0.5, steps=100, warm=0.3, start=0.5, end=1.0)
        """
        check_number("low", low, above=0)
        check_number("high", high, above=0)
        return cls(low, steps, warm, start=low / high, end=1.0)
