"""Update rules, as values: the equation of each, its hyper-parameters and their defaults.

`Optimizer` applies one to arrays of your own; `Network.fit` takes one as its `rule`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fanin.optimizer import Optimizer
from fanin.rule import Rule

__all__ = ["SGD", "Adam", "Momentum", "Optimizer", "Rule"]


@dataclass(frozen=True)
class SGD(Rule):
    """Stochastic gradient descent (Robbins and Monro 1951).

    ``w <- w - learning_rate * g``

    Examples
    --------
    >>> from fanin import optim
    >>> optim.SGD(0.1)
    SGD(learning_rate=0.1)
    """

    name: ClassVar[str] = "sgd"
    learning_rate: float = 0.01


@dataclass(frozen=True)
class Momentum(Rule):
    """Classical momentum (Polyak 1964), as the textbook writes it.

    ``v <- momentum * v - learning_rate * g``

    ``w <- w + v``

    The rate is inside v, so that a change of rate acts on new gradients only. PyTorch keeps it outside of its buffer:
    the same path at a constant rate, another one when the rate changes.

    Examples
    --------
    >>> from fanin import optim
    >>> optim.Momentum(0.1, momentum=0.5)
    Momentum(learning_rate=0.1, momentum=0.5)
    """

    name: ClassVar[str] = "momentum"
    learning_rate: float = 0.01
    momentum: float = 0.9


@dataclass(frozen=True)
class Adam(Rule):
    """Adam (Kingma and Ba 2015, algorithm 1), with bias correction and epsilon outside the root.

    ``m <- beta1 m + (1 - beta1) g``

    ``v <- beta2 v + (1 - beta2) g^2``

    ``w <- w - learning_rate * m^ / (sqrt(v^) + epsilon)``, with ``m^ = m / (1 - beta1^t)`` and
    ``v^ = v / (1 - beta2^t)`` at step t = 1, 2, ...

    The same variant as PyTorch's Adam.

    Examples
    --------
    >>> from fanin import optim
    >>> optim.Adam(3e-4)
    Adam(learning_rate=0.0003, beta1=0.9, beta2=0.999, epsilon=1e-08)
    """

    name: ClassVar[str] = "adam"
    learning_rate: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
