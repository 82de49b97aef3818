"""A rule of whole matrices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fanin.optim.rule import Decay, Rule
from fanin.optim.schedules import Schedule

__all__ = ["Muon"]


@dataclass(frozen=True)
class Muon(Rule):
    """Momentum whose matrices are made orthogonal before each step (Jordan et al. 2024).

    For the weights (n_in, n_out) of hidden layers:

    ``m <- m + (1 - momentum) (g - m)``, ``u = g + momentum (m - g)``

    ``X = u / (|u| + 1e-7)`` with ``|u|`` the root of the sum of squares, then five times ``A = X X'``,
    ``X <- 3.4445 X + (-4.775 A + 2.0315 A A) X``; or the same from the right with ``A = X' X`` if X is tall

    ``w <- (1 - learning_rate weight_decay) w - learning_rate sqrt(max(1, n_out / n_in)) X``

    The iteration (Newton and Schulz) brings all singular values of X near 1: directions with small gradients learn at
    the pace of those with large ones. It costs products of matrices, about 4 n / batch_size times the training of a
    layer of n inputs and n units, and suits large batches.

    All other arrays, biases, beta and gamma, and with adam_output also the last weights, those of the output layer, are
    stepped by `AdamW` at the rate adam_rate with beta1, beta2 and epsilon. If the learning rate has a schedule,
    adam_rate is multiplied by its share of the schedule's largest rate.

    In an `Optimizer`, arrays of two or more dimensions are matrices (n_in, n_out), n_in being the product of all
    dimensions but the last, and the last of them counts as the output layer: pass ``adam_output=False`` if all are
    hidden.

    Parameters
    ----------
    learning_rate : float or Schedule
        At least 0; of the hidden weights.
    momentum : float or Schedule
        In [0, 1).
    weight_decay : float or Schedule
        At least 0; of all weights, not of biases.
    adam_rate : float
        At least 0: the learning rate of all other arrays.
    beta1, beta2, epsilon : float
        As for `Adam`, of all other arrays.
    adam_output : bool
        Whether the weights of the output layer are among the others.

    Examples
    --------
    >>> import numpy as np
    >>> from fanin import optim
    >>> w = np.zeros((2, 3))
    >>> opt = optim.Optimizer(optim.Muon(0.1, adam_output=False), [w])
    >>> opt.step([np.array([[1.0, 0, 0], [0, 0.01, 0]])])
    >>> np.linalg.norm(w, axis=1).round(2)
    array([0.09, 0.09])
    """

    name: ClassVar[str] = "muon"
    learning_rate: float | Schedule = 0.02
    momentum: float | Schedule = 0.95
    weight_decay: Decay = 0.0
    adam_rate: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    adam_output: bool = True
