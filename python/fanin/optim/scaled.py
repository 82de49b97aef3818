"""Rules that divide by the size the gradient of each weight has had."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fanin.optim.rule import Rule
from fanin.optim.schedules import Schedule


@dataclass(frozen=True)
class RMSprop(Rule):
    """The gradient divided by a running root mean square of its weight (Hinton's lecture 6e).

    ``MS <- decay MS + (1 - decay) g^2``

    ``d = g / (sqrt(MS) + epsilon)``

    ``w <- w - learning_rate * d``

    Rprop for mini-batches: adjacent ones divide by similar numbers. That reduces the drift of Rprop's nine gradients
    of +0.1 and one of -0.9; it is not gone: 0.68 learning rates for each ten at decay 0.9, 0.067 at 0.99.

    With momentum ``v <- momentum v - learning_rate d``, ``w <- w + v``; with nesterov the gradient is taken at
    ``w + momentum v``, so that it is the correction that is divided, not the jump (see `Nesterov` for what shows the
    true weights). Centered (Graves 2013), a mean of g is kept too, and ``MS - mean^2``, the variance, takes the place
    of MS: give epsilon a size then, as the variance of a steady gradient goes to 0.

    MS starts at 0, so that the first step is 1 / sqrt(1 - decay) learning rates, 3.2 at decay 0.9; with
    bias_correction, by ``MS / (1 - decay^t)``, it is one (not together with centered). The notes have no epsilon.
    PyTorch calls the decay alpha, 0.99 by default, keeps the rate outside of v and has no Nesterov form.

    Examples
    --------
    >>> from fanin import optim
    >>> optim.RMSprop(1e-3, decay=0.99).momentum
    0.0
    """

    name: ClassVar[str] = "rmsprop"
    learning_rate: float | Schedule = 1e-3
    decay: float = 0.9
    epsilon: float = 1e-8
    momentum: float | Schedule = 0.0
    nesterov: bool = False
    centered: bool = False
    bias_correction: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.centered and self.bias_correction:
            raise ValueError(
                "bias_correction: expected no correction where the rule is centered, "
                "as the variance of the first gradient alone is 0"
            )


@dataclass(frozen=True)
class Adagrad(Rule):
    """The gradient divided by the root of the sum of all its squares (Duchi, Hazan and Singer 2011).

    ``G <- G + g^2``

    ``w <- w - learning_rate * g / (sqrt(G) + epsilon)``

    Rates only fall: for rare features and convex problems. The same variant as PyTorch's.

    Examples
    --------
    >>> from fanin import optim
    >>> optim.Adagrad(0.1)
    Adagrad(learning_rate=0.1, epsilon=1e-10)
    """

    name: ClassVar[str] = "adagrad"
    learning_rate: float | Schedule = 0.01
    epsilon: float = 1e-10


@dataclass(frozen=True)
class Adadelta(Rule):
    """Steps in the units of the weights, without a rate to choose (Zeiler 2012).

    ``G <- decay G + (1 - decay) g^2``

    ``d = -g sqrt(D + epsilon) / sqrt(G + epsilon)``

    ``D <- decay D + (1 - decay) d^2``

    ``w <- w + learning_rate * d``

    The paper has no learning_rate, which is 1. The same variant as PyTorch's, whose decay is 0.9 by default.

    Examples
    --------
    >>> from fanin import optim
    >>> optim.Adadelta()
    Adadelta(learning_rate=1.0, decay=0.95, epsilon=1e-06)
    """

    name: ClassVar[str] = "adadelta"
    learning_rate: float | Schedule = 1.0
    decay: float = 0.95
    epsilon: float = 1e-6


@dataclass(frozen=True)
class Lion(Rule):
    """The sign of a mixture of momentum and gradient (Chen et al. 2023, algorithm 2).

    ``w <- w - learning_rate * (sign(beta1 m + (1 - beta1) g) + weight_decay w)``

    ``m <- beta2 m + (1 - beta2) g``

    One state array a weight, and steps of one size: rates are 3 to 10 times smaller than Adam's. Weights decay, biases
    do not.

    Examples
    --------
    >>> from fanin import optim
    >>> optim.Lion(3e-4)
    Lion(learning_rate=0.0003, beta1=0.9, beta2=0.99, weight_decay=0.0)
    """

    name: ClassVar[str] = "lion"
    learning_rate: float | Schedule = 1e-4
    beta1: float = 0.9
    beta2: float = 0.99
    weight_decay: float = 0.0


@dataclass(frozen=True)
class SchaulVSGD(Rule):
    """No rate to tune (Schaul, Zhang and LeCun 2013, "No more pesky learning rates"): vSGD-fd.

    ``h' = |G - g| / |d|``, with G the gradient of the same batch at w + d: the curvature by finite differences
    (Schaul and LeCun 2013, algorithm 2). d is the mean gradient, limited in size to [epsilon, 100 epsilon].

    ``tau <- tau + 1`` where g or h' is further than two deviations from its mean

    ``g_mean, v, h, q``: means of g, g^2, h' and h'^2 that forget: ``x <- x + (new - x) / tau``

    ``rate = (h / q) (g_mean^2 / v)``, and ``tau <- (1 - g_mean^2 / v) tau + 1``

    ``w <- w - learning_rate * rate * g``

    A weight's rate falls where noise outweighs its mean gradient, so that steps settle by themselves, and grows again
    where the gradient is consistent. Each step costs two gradients, and runs unfused. v is of the mini-batch's mean
    gradient, which is the papers' mini-batch form from one value a batch.

    For mini-batches. All weights are shifted at once, so that curvatures of other weights enter h'; over mini-batches
    they average out, on the whole batch they stay, and steps can be far too long.

    Parameters
    ----------
    learning_rate : float
        A factor on the rates found.
    warm_up : float
        First steps, in which weights stay and the means are plain.
    slow_start : float
        After them v and h are made so many times too large (q: its square times), for careful first steps.
    epsilon : float
        Least size of d; the papers take the mean gradient as it is.

    Examples
    --------
    >>> from fanin import optim
    >>> optim.SchaulVSGD()
    SchaulVSGD(learning_rate=1.0, warm_up=10.0, slow_start=2.0, epsilon=0.0001)
    """

    name: ClassVar[str] = "schaul_vsgd"
    learning_rate: float | Schedule = 1.0
    warm_up: float = 10.0
    slow_start: float = 2.0
    epsilon: float = 1e-4
