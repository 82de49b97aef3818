"""Rules that scale each step by the past gradients of its weight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fanin.optim.rule import Decay, Rate, Rule
from fanin.optim.schedules import Schedule

__all__ = ["Adadelta", "Adagrad", "Lion", "RMSprop", "SchaulVSGD"]


@dataclass(frozen=True)
class RMSprop(Rule):
    """The gradient divided by its running root mean square (Hinton's lecture 6e).

    ``MS <- decay MS + (1 - decay) g^2``

    ``d = g / (sqrt(MS) + epsilon)``

    ``w <- w - learning_rate * d``

    Rprop for mini-batches: successive ones divide by similar numbers. This reduces, but does not remove, the drift of
    Rprop (see there) under nine gradients of +0.1 and one of -0.9: 0.68 learning rates per ten steps at decay 0.9,
    0.067 at 0.99.

    With momentum ``v <- momentum v - learning_rate d``, ``w <- w + v``. With nesterov, the gradient is taken at
    ``w + momentum v``, so the correction is divided, not the jump (see `Nesterov` for how to get the true weights). If
    centered (Graves 2013), the rule also keeps the mean of g and divides by the root of the variance ``MS - mean^2``
    instead of MS: choose a larger epsilon then, because the variance of a steady gradient approaches 0.

    MS starts at 0, so the first step is 1 / sqrt(1 - decay) learning rates, 3.2 at decay 0.9; bias_correction, with
    ``MS / (1 - decay^t)``, makes it one (not together with centered). The textbook has no epsilon. PyTorch calls the
    decay alpha, 0.99 by default, does not include the rate in v, and has no Nesterov form.

    Parameters
    ----------
    learning_rate : float, Schedule or "auto"
        At least 0; "auto": chosen by `Network.fit`, see `Rule`.
    decay : float
        In [0, 1): how much of the mean square is kept in a step.
    epsilon : float
        At least 0.
    momentum : float or Schedule
        In [0, 1).
    nesterov : bool
        Whether the gradient is taken at ``w + momentum v``.
    centered : bool
        Whether the step is divided by the standard deviation of the gradient.
    bias_correction : bool
        Whether MS is divided by ``1 - decay^t``.

    Examples
    --------
    >>> from fanin import optim
    >>> optim.RMSprop(1e-3, decay=0.99).momentum
    0.0
    """

    name: ClassVar[str] = "rmsprop"
    middle_rate: ClassVar[float | None] = 1e-3
    not_auto_because: ClassVar[str] = ""
    learning_rate: Rate = 1e-3
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
                "bias_correction: expected False for a centered rule, "
                "because the variance of the first gradient alone is 0"
            )


@dataclass(frozen=True)
class Adagrad(Rule):
    """The gradient divided by the root of the sum of its squares so far (Duchi, Hazan and Singer 2011).

    ``G <- G + g^2``

    ``w <- w - learning_rate * g / (sqrt(G) + epsilon)``

    Rates never rise: for rare features and convex problems. The same variant as PyTorch's.

    Parameters
    ----------
    learning_rate : float, Schedule or "auto"
        At least 0; "auto": chosen by `Network.fit`, see `Rule`.
    epsilon : float
        At least 0.

    Examples
    --------
    >>> from fanin import optim
    >>> optim.Adagrad(0.1)
    Adagrad(learning_rate=0.1, epsilon=1e-10)
    """

    name: ClassVar[str] = "adagrad"
    middle_rate: ClassVar[float | None] = 3e-2
    not_auto_because: ClassVar[str] = ""
    learning_rate: Rate = 0.01
    epsilon: float = 1e-10


@dataclass(frozen=True)
class Adadelta(Rule):
    """Steps in the units of the weights, with no learning rate to choose (Zeiler 2012).

    ``G <- decay G + (1 - decay) g^2``

    ``d = -g sqrt(D + epsilon) / sqrt(G + epsilon)``

    ``D <- decay D + (1 - decay) d^2``

    ``w <- w + learning_rate * d``

    The paper has no learning_rate: it is 1. The same variant as PyTorch's, where decay is 0.9 by default.

    Parameters
    ----------
    learning_rate : float or Schedule
        A factor of all steps, at least 0.
    decay : float
        In [0, 1): how much of G and D is kept in a step.
    epsilon : float
        At least 0; it sets the size of the first steps.

    Examples
    --------
    >>> from fanin import optim
    >>> optim.Adadelta()
    Adadelta(learning_rate=1.0, decay=0.95, epsilon=1e-06)
    """

    name: ClassVar[str] = "adadelta"
    not_auto_because: ClassVar[str] = "it sets its own step sizes"
    learning_rate: float | Schedule = 1.0
    decay: float = 0.95
    epsilon: float = 1e-6


@dataclass(frozen=True)
class Lion(Rule):
    """The sign of a mixture of momentum and gradient (Chen et al. 2023, algorithm 2).

    ``w <- w - learning_rate * (sign(beta1 m + (1 - beta1) g) + weight_decay w)``

    ``m <- beta2 m + (1 - beta2) g``

    It keeps only m, and all steps have the same size: use rates 3 to 10 times smaller than Adam's. Weights decay,
    biases do not.

    Parameters
    ----------
    learning_rate : float or Schedule
        At least 0.
    beta1 : float
        In [0, 1): the share of m in the direction of a step.
    beta2 : float
        In [0, 1): how much of m is kept in a step.
    weight_decay : float or Schedule
        At least 0.

    Examples
    --------
    >>> from fanin import optim
    >>> optim.Lion(3e-4)
    Lion(learning_rate=0.0003, beta1=0.9, beta2=0.99, weight_decay=0.0)
    """

    name: ClassVar[str] = "lion"
    not_auto_because: ClassVar[str] = (
        "its steps have one size, so a short race favours rates too large for a whole fit"
    )
    learning_rate: float | Schedule = 1e-4
    beta1: float = 0.9
    beta2: float = 0.99
    weight_decay: Decay = 0.0


@dataclass(frozen=True)
class SchaulVSGD(Rule):
    """vSGD-fd, with no rate to tune (Schaul, Zhang and LeCun 2013, "No more pesky learning rates").

    ``h' = |G - g| / |d|``, with G the gradient of the same batch at w + d: the curvature by finite differences
    (Schaul and LeCun 2013, algorithm 2). d is the mean gradient, with its size clipped to [epsilon, 100 epsilon].

    ``tau <- tau + 1`` if g or h' is more than two standard deviations from its mean

    ``g_mean, v, h, q``: moving averages of g, g^2, h' and h'^2 by ``x <- x + (new - x) / tau``

    ``rate = (h / q) (g_mean^2 / v)``, and ``tau <- (1 - g_mean^2 / v) tau + 1``

    ``w <- w - learning_rate * rate * g``

    A weight's rate falls when noise outweighs its mean gradient, so that steps shrink by themselves, and grows again
    when the gradient is consistent. Each step needs two gradients, and is not fused with the backward pass. v is
    estimated from the mean gradient of each mini-batch: the papers' mini-batch form with one value per batch.

    For mini-batches. All weights are shifted at once, so curvatures of other weights enter h'; they average out over
    mini-batches, but not with the full batch, where steps can be far too long.

    Parameters
    ----------
    learning_rate : float
        Factor of all rates.
    warm_up : float
        Number of first steps that do not move the weights and use plain means.
    slow_start : float
        After them v and h are multiplied by this factor (q by its square), for cautious first steps.
    epsilon : float
        Minimum size of d; the papers use the mean gradient itself.

    Examples
    --------
    >>> from fanin import optim
    >>> optim.SchaulVSGD()
    SchaulVSGD(learning_rate=1.0, warm_up=10.0, slow_start=2.0, epsilon=0.0001)
    """

    name: ClassVar[str] = "schaul_vsgd"
    not_auto_because: ClassVar[str] = "it sets its own step sizes"
    learning_rate: float | Schedule = 1.0
    warm_up: float = 10.0
    slow_start: float = 2.0
    epsilon: float = 1e-4
