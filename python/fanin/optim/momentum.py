"""Rules that follow the gradient, with and without momentum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fanin.optim.rule import Rate, Rule
from fanin.optim.schedules import Schedule

__all__ = ["SGD", "AdaptiveGain", "Momentum", "Nesterov"]


@dataclass(frozen=True)
class SGD(Rule):
    """Stochastic gradient descent (Robbins and Monro 1951).

    ``w <- w - learning_rate * g``

    On a quadratic bowl it converges for rates below 2 / lambda_max. For large redundant data in mini-batches, with a
    rate that is reduced towards the end.

    Parameters
    ----------
    learning_rate : float, Schedule or "auto"
        At least 0; "auto": chosen by `Network.fit`, see `Rule`.

    Examples
    --------
    >>> from fanin import optim
    >>> optim.SGD(0.1)
    SGD(learning_rate=0.1)
    """

    name: ClassVar[str] = "sgd"
    not_auto_because: ClassVar[str] = ""
    learning_rate: Rate = 0.01


@dataclass(frozen=True)
class Momentum(Rule):
    """Classical momentum (Polyak 1964), in the textbook's form.

    ``v <- momentum * v - learning_rate * g``

    ``w <- w + v``

    It damps oscillation across a ravine and builds up speed along it, to learning_rate g / (1 - momentum). On a
    quadratic bowl it converges for rates below 2 (1 + momentum) / lambda_max. Start with momentum 0.5, and increase it
    to 0.9 or 0.99 once the large gradients are gone: `Piecewise`, `SutskeverMomentum`.

    v includes the rate, so a change of rate affects new gradients only. In PyTorch, v does not include it: the path is
    the same at a constant rate, but differs when the rate changes.

    Parameters
    ----------
    learning_rate : float, Schedule or "auto"
        At least 0; "auto": chosen by `Network.fit`, see `Rule`.
    momentum : float or Schedule
        In [0, 1).

    Examples
    --------
    >>> from fanin import optim
    >>> optim.Momentum(0.1, momentum=0.5)
    Momentum(learning_rate=0.1, momentum=0.5)
    """

    name: ClassVar[str] = "momentum"
    not_auto_because: ClassVar[str] = ""
    learning_rate: Rate = 0.01
    momentum: float | Schedule = 0.9


@dataclass(frozen=True)
class Nesterov(Rule):
    """Nesterov momentum: jump first, then correct (Sutskever et al. 2013, equations 3 and 4).

    ``v <- momentum * v - learning_rate * g(w + momentum * v)``

    ``w <- w + v``

    On a quadratic bowl it converges for rates below 2 (1 + momentum) / (lambda_max (1 + 2 momentum)), a stricter limit
    than that of classical momentum.

    A `Network` trains ``y = w + momentum * v``, the point at which gradients are computed, and shows w: `get_weights`,
    `predict`, `evaluate` and validation use the true weights; only the training loss is measured at y. The arrays of an
    `Optimizer` hold y, because that is where gradients must be computed, and `Optimizer.weights` returns w. With
    `show_look_ahead`, y is shown instead of w, as in PyTorch and scikit-learn. (PyTorch's v does not include the
    rate.)

    Parameters
    ----------
    learning_rate : float, Schedule or "auto"
        At least 0; "auto": chosen by `Network.fit`, see `Rule`.
    momentum : float or Schedule
        In [0, 1).
    show_look_ahead : bool
        Whether y is shown instead of w.

    Examples
    --------
    >>> from fanin import optim
    >>> optim.Nesterov(0.1)
    Nesterov(learning_rate=0.1, momentum=0.9, show_look_ahead=False)
    """

    name: ClassVar[str] = "nesterov"
    not_auto_because: ClassVar[str] = ""
    learning_rate: Rate = 0.01
    momentum: float | Schedule = 0.9
    show_look_ahead: bool = False


@dataclass(frozen=True)
class AdaptiveGain(Rule):
    """A gain for each weight that depends on the consistency of its gradient (Jacobs 1988; Hinton's lecture 6c).

    ``gain <- gain + delta`` if -g and v agree in sign, ``gain <- gain * (1 - delta)`` if they disagree

    ``gain <- gain`` clipped to [min_gain, max_gain]

    ``v <- momentum * v - learning_rate * gain * g``

    ``w <- w + v``

    Gains start at 1 and do not change if g or v is 0, as at the first step. Without momentum, v is the last step, so
    successive gradients are compared (the textbook's first form); with momentum, -g is compared with v (Jacobs). Large
    gains fall faster than they rise, so they decay quickly under oscillation; gains below 1 rise faster than they
    fall, and random signs keep gains near 1.

    For full batches or very large mini-batches: the noise of small ones flips signs at random, and `fit` warns. Gains
    help only with differences in curvature along the axes of the weights.

    Parameters
    ----------
    learning_rate : float or Schedule
        At least 0.
    momentum : float or Schedule
        In [0, 1).
    delta : float
        In [0, 1): the rise of a gain, and the share by which it falls.
    min_gain, max_gain : float
        Limits of the gains, above 0, with 1 between them.

    Examples
    --------
    >>> from fanin import optim
    >>> optim.AdaptiveGain(0.1, momentum=0.9)
    AdaptiveGain(learning_rate=0.1, momentum=0.9, delta=0.05, min_gain=0.1, max_gain=10.0)
    """

    name: ClassVar[str] = "adaptive_gain"
    full_batch_because: ClassVar[str] = "the noise of mini-batches flips the signs that its gains depend on"
    learning_rate: float | Schedule = 0.01
    momentum: float | Schedule = 0.0
    delta: float = 0.05
    min_gain: float = 0.1
    max_gain: float = 10.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.min_gain <= 1 <= self.max_gain:
            raise ValueError(
                "min_gain, max_gain: expected limits that include 1, the initial gain, "
                f"got {self.min_gain} and {self.max_gain}"
            )
