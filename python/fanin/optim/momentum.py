"""Rules that follow the gradient: plain, and with momentum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fanin.optim.rule import Rule
from fanin.optim.schedules import Schedule


@dataclass(frozen=True)
class SGD(Rule):
    """Stochastic gradient descent (Robbins and Monro 1951).

    ``w <- w - learning_rate * g``

    On a quadratic bowl it converges below the rate 2 / lambda_max. For large redundant data as mini-batches, with a
    rate that is turned down at the end.

    Examples
    --------
    >>> from fanin import optim
    >>> optim.SGD(0.1)
    SGD(learning_rate=0.1)
    """

    name: ClassVar[str] = "sgd"
    learning_rate: float | Schedule = 0.01


@dataclass(frozen=True)
class Momentum(Rule):
    """Classical momentum (Polyak 1964), as the textbook writes it.

    ``v <- momentum * v - learning_rate * g``

    ``w <- w + v``

    It damps oscillation across a ravine and builds up speed along it, to learning_rate g / (1 - momentum). On a
    quadratic bowl it converges below the rate 2 (1 + momentum) / lambda_max. Begin with momentum 0.5, and go on with
    0.9 or 0.99 once the large gradients are gone: `Piecewise`, `SutskeverMomentum`.

    The rate is inside v, so that a change of rate acts on new gradients only. PyTorch keeps it outside of its buffer:
    the same path at a constant rate, another one when the rate changes.

    Examples
    --------
    >>> from fanin import optim
    >>> optim.Momentum(0.1, momentum=0.5)
    Momentum(learning_rate=0.1, momentum=0.5)
    """

    name: ClassVar[str] = "momentum"
    learning_rate: float | Schedule = 0.01
    momentum: float | Schedule = 0.9


@dataclass(frozen=True)
class Nesterov(Rule):
    """Nesterov's momentum: jump first, then correct (Sutskever et al. 2013, equations 3 and 4).

    ``v <- momentum * v - learning_rate * g(w + momentum * v)``

    ``w <- w + v``

    On a quadratic bowl it converges below the rate 2 (1 + momentum) / (lambda_max (1 + 2 momentum)), which is less
    than classical momentum allows.

    A `Network` trains ``y = w + momentum * v``, where gradients are taken, and shows w: `get_weights`, `predict`,
    `evaluate` and validation are at the true weights; only the loss of an epoch is met in passing, where gradients
    are taken. The arrays of an `Optimizer` are y, as gradients must be taken
    there, and `Optimizer.weights` gives w. PyTorch's weights are y too; its rate is outside of v.

    Examples
    --------
    >>> from fanin import optim
    >>> optim.Nesterov(0.1)
    Nesterov(learning_rate=0.1, momentum=0.9)
    """

    name: ClassVar[str] = "nesterov"
    learning_rate: float | Schedule = 0.01
    momentum: float | Schedule = 0.9


@dataclass(frozen=True)
class AdaptiveGain(Rule):
    """A gain for each weight by the consistency of its gradient (Jacobs 1988; Hinton's lecture 6c).

    ``gain <- gain + delta`` where -g and v agree in sign, ``gain <- gain * (1 - delta)`` where they disagree

    ``gain <- gain`` limited to [min_gain, max_gain]

    ``v <- momentum * v - learning_rate * gain * g``

    ``w <- w + v``

    Gains start at 1 and stay where g or v is 0, as at the first step. Without momentum v is the last step, so that
    successive gradients are compared (the textbook's first form); with it -g is compared with the velocity (Jacobs).
    The decrease of big gains outweighs their increase, so that they decay quickly under oscillation; below 1 it does
    not, and random signs leave gains about 1.

    For the whole batch or very big ones: noise of mini-batches turns signs at random, which says nothing about
    the weight; `fit` warns. Gains cure only what lies along the axes of the weights.

    Examples
    --------
    >>> from fanin import optim
    >>> optim.AdaptiveGain(0.1, momentum=0.9)
    AdaptiveGain(learning_rate=0.1, momentum=0.9, delta=0.05, min_gain=0.1, max_gain=10.0)
    """

    name: ClassVar[str] = "adaptive_gain"
    full_batch_because: ClassVar[str] = "gains follow signs of gradients, which noise turns at random"
    learning_rate: float | Schedule = 0.01
    momentum: float | Schedule = 0.0
    delta: float = 0.05
    min_gain: float = 0.1
    max_gain: float = 10.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.min_gain <= 1 <= self.max_gain:
            raise ValueError(
                "min_gain, max_gain: expected limits around 1, where gains start, "
                f"got {self.min_gain} and {self.max_gain}"
            )
