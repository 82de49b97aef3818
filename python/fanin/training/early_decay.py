"""The warning about a learning rate that a schedule turns down too soon."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from fanin.optim import Schedule

_WINDOW = 6  # epochs before the drop
STEADY = -3.0  # t of the slope of their losses
_FALL = 0.01  # of the loss, an epoch
_END = 0.75  # of the fit: a drop after this is the final one


class EarlyDecayWarning(UserWarning):
    """Warns that a schedule has turned the learning rate down while the loss was still falling steadily.

    A lower rate gives a quick win, because the loss fluctuates less, and slower learning from then on. `Network.fit`
    warns once, if a schedule at least halves a rate that was steady for six epochs, in the first three quarters of the
    fit, although the training loss of these epochs fell by at least 1 % an epoch, with a slope of t < -3 (its ratio to
    its standard error).

    Examples
    --------
    >>> import warnings, numpy as np, fanin
    >>> from fanin import optim
    >>> X = np.linspace(-1, 1, 64)[:, None]
    >>> net = fanin.Network(1, [fanin.Dense(1)])
    >>> rate = optim.Piecewise([0.02, 0.002], after=[10])
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     history = net.fit(X, 3 * X, rule=optim.SGD(rate), epochs=40, batch_size=64)
    >>> caught[0].category.__name__
    'EarlyDecayWarning'
    """


@dataclass(frozen=True)
class Drop:
    """A drop of the rate after an epoch, the fall of the loss per epoch before it, and the t of that slope."""

    epoch: int
    rate: float
    lower: float
    fall: float
    t: float

    def __str__(self) -> str:
        """Return a sentence with the numbers."""
        return (
            f"the schedule turned it down from {self.rate:.3g} to {self.lower:.3g} after epoch {self.epoch}, while the "
            f"loss was still falling steadily, by {self.fall:.1%} an epoch (t = {self.t:.1f} over {_WINDOW} epochs)"
        )


class DecayWatch:
    """Watches the losses of a fit whose rule starts anew, with this schedule and number of steps in an epoch."""

    def __init__(self, schedule: Schedule, steps: int, epochs: int) -> None:
        self._schedule, self._steps, self._epochs, self._warned = schedule, steps, epochs, False

    def epoch_ended(self, losses: Sequence[float], stacklevel: int) -> None:
        """Warn, once, if the rate has dropped since the start of this epoch, and too soon."""
        if not self._warned and (drop := self.drop_in(losses)):
            self._warned = True
            warnings.warn(
                f"learning_rate: {drop}: a quick win at the price of slower learning; expected a later drop",
                EarlyDecayWarning,
                stacklevel=stacklevel,
            )

    def first_drop(self, losses: Sequence[float]) -> Drop | None:
        """Return the first drop that came too soon in a fit with the losses of these epochs, if any."""
        drops = (self.drop_in(losses[:epoch]) for epoch in range(_WINDOW, len(losses) + 1))
        return next((drop for drop in drops if drop), None)

    def drop_in(self, losses: Sequence[float]) -> Drop | None:
        """Return the drop of the rate since the start of the last of these epochs, if it came too soon."""
        epoch = len(losses)
        if epoch >= _END * self._epochs:
            return None
        rate, lower = self._rate_at(epoch), self._rate_at(epoch + 1)
        dropped_within = self._value(epoch * self._steps) <= 0.5 * rate
        end = epoch - dropped_within  # the last epoch at the higher rate
        if end < _WINDOW or lower > 0.5 * rate:
            return None
        if not 0.9 * rate <= self._rate_at(end - _WINDOW + 1) <= 1.1 * rate:
            return None
        fall, t = slope_of(losses[end - _WINDOW : end])
        return Drop(end, rate, lower, fall, t) if t < STEADY and fall >= _FALL else None

    def _rate_at(self, epoch: int) -> float:
        """Return the rate of the first step of an epoch, from 1."""
        return self._value(1 + (epoch - 1) * self._steps)

    def _value(self, t: int) -> float:
        """Return the value of the schedule at a step of the fit."""
        return self._schedule(t, self._steps * self._epochs if self._schedule.spans_fit else None)


def slope_of(losses: Sequence[float]) -> tuple[float, float]:
    """Return the fall per epoch as a share of the mean, and t, the slope divided by its standard error."""
    largest = math.ldexp(1.0, math.frexp(max(map(abs, losses)))[1] - 1)  # a power of 2, so division is exact
    losses = [loss / largest for loss in losses] if largest > 1 else losses  # their squares may overflow
    n, mean = len(losses), math.fsum(losses) / len(losses)
    centre = (n - 1) / 2
    spread = sum((k - centre) ** 2 for k in range(n))
    slope = math.fsum((k - centre) * loss for k, loss in enumerate(losses)) / spread
    squares = math.fsum((loss - mean - slope * (k - centre)) ** 2 for k, loss in enumerate(losses))
    error = math.sqrt(squares / (n - 2) / spread)
    t = slope / error if error > 0 else math.copysign(math.inf, slope)
    return (-slope / abs(mean) if mean else 0.0), t
