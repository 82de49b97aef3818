"""Adam and its variants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fanin.optim.rule import Decay, Rate, Rule
from fanin.optim.schedules import Schedule

__all__ = ["AMSGrad", "AdEMAMix", "AdaMax", "Adam", "AdamW", "NAdam", "RAdam", "ScheduleFreeAdamW"]


@dataclass(frozen=True)
class Adam(Rule):
    """Adam (Kingma and Ba 2015, algorithm 1), with bias correction and epsilon outside the root.

    ``m <- beta1 m + (1 - beta1) g``

    ``v <- beta2 v + (1 - beta2) g^2``

    ``w <- w - learning_rate * m^ / (sqrt(v^) + epsilon)``, with ``m^ = m / (1 - beta1^t)`` and
    ``v^ = v / (1 - beta2^t)`` at step t = 1, 2, ...

    The same variant as PyTorch's Adam. With `epsilon_hat` (the end of section 2 of the paper; TensorFlow and
    scikit-learn), epsilon is added to sqrt(v) instead of sqrt(v^):

    ``w <- w - learning_rate * sqrt(1 - beta2^t) / (1 - beta1^t) * m / (sqrt(v) + epsilon)``

    Parameters
    ----------
    learning_rate : float, Schedule or "auto"
        At least 0; "auto": chosen by `Network.fit`, see `Rule`.
    beta1, beta2 : float
        In [0, 1): how much of the means of the gradient and of its square is kept in a step.
    epsilon : float
        At least 0.
    epsilon_hat : bool
        Whether epsilon is added to sqrt(v) instead of sqrt(v^).

    Examples
    --------
    >>> from fanin import optim
    >>> optim.Adam(3e-4)
    Adam(learning_rate=0.0003, beta1=0.9, beta2=0.999, epsilon=1e-08, epsilon_hat=False)
    """

    name: ClassVar[str] = "adam"
    middle_rate: ClassVar[float | None] = 3e-3
    not_auto_because: ClassVar[str] = ""
    learning_rate: Rate = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    epsilon_hat: bool = False


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2).

    ``w <- w - learning_rate * weight_decay * w``, then the step of `Adam`

    Weights decay, biases do not (in an `Optimizer`, arrays of fewer than two dimensions). In PyTorch both do.

    Parameters
    ----------
    learning_rate, beta1, beta2, epsilon, epsilon_hat
        As for `Adam`.
    weight_decay : float or Schedule
        At least 0.

    Examples
    --------
    >>> from fanin import optim
    >>> optim.AdamW(3e-4).weight_decay
    0.01
    """

    name: ClassVar[str] = "adamw"
    weight_decay: Decay = 0.01


@dataclass(frozen=True)
class NAdam(Adam):
    """Adam with Nesterov momentum on a schedule (Dozat 2016, algorithm 2).

    m, v as in `Adam`; ``a_t = beta1 (1 - 0.96^(t momentum_decay) / 2)``, and ``p <- p a_t``, starting at 1

    ``w <- w - learning_rate * (a_(t+1) m / (1 - p a_(t+1)) + (1 - a_t) g / (1 - p)) / (sqrt(v^) + epsilon)``

    The same variant as PyTorch's. The weights are those of the paper's algorithm, not the look-ahead weights.

    Parameters
    ----------
    learning_rate, beta1, beta2, epsilon, epsilon_hat
        As for `Adam`.
    momentum_decay : float
        At least 0: how fast the momentum a_t approaches beta1.

    Examples
    --------
    >>> from fanin import optim
    >>> optim.NAdam().momentum_decay
    0.004
    """

    name: ClassVar[str] = "nadam"
    learning_rate: Rate = 2e-3
    momentum_decay: float = 4e-3


@dataclass(frozen=True)
class RAdam(Adam):
    """Rectified Adam: careful while the second moment is uncertain (Liu et al. 2020, algorithm 2).

    m, v as in `Adam`; ``R = 2 / (1 - beta2) - 1`` and ``r = R - 2 t beta2^t / (1 - beta2^t)``

    ``w <- w - learning_rate * c m^ / (sqrt(v^) + epsilon)`` if r > 5, with
    ``c^2 = (r - 4) (r - 2) R / ((R - 4) (R - 2) r)``

    ``w <- w - learning_rate * m^`` otherwise

    The threshold is 5, as in the authors' code and PyTorch; the paper has 4. PyTorch adds epsilon to sqrt(v), as this
    rule does with `epsilon_hat`.

    Parameters
    ----------
    learning_rate, beta1, beta2, epsilon, epsilon_hat
        As for `Adam`.

    Examples
    --------
    >>> from fanin import optim
    >>> optim.RAdam().learning_rate
    0.001
    """

    name: ClassVar[str] = "radam"


@dataclass(frozen=True)
class AMSGrad(Adam):
    """Adam with the maximum of all v so far (Reddi, Kale and Kumar 2018, algorithm 2).

    m, v as in `Adam`; ``u <- max(u, v)``

    ``w <- w - learning_rate * m^ / (sqrt(u^) + epsilon)``, with ``u^ = u / (1 - beta2^t)``

    The paper has no bias correction; this rule corrects like `Adam`, and is the same variant as PyTorch's.

    Parameters
    ----------
    learning_rate, beta1, beta2, epsilon, epsilon_hat
        As for `Adam`.

    Examples
    --------
    >>> from fanin import optim
    >>> optim.AMSGrad().beta2
    0.999
    """

    name: ClassVar[str] = "amsgrad"


@dataclass(frozen=True)
class AdaMax(Rule):
    """Adam with a decaying maximum of ``|g|`` instead of the root mean square (Kingma and Ba 2015, algorithm 2).

    ``m <- beta1 m + (1 - beta1) g``

    ``u <- max(beta2 u, |g|)``

    ``w <- w - learning_rate * m^ / u``, with ``m^ = m / (1 - beta1^t)``, and no step if u is 0

    As in the paper, there is no epsilon; PyTorch adds one to ``|g|``.

    Parameters
    ----------
    learning_rate : float, Schedule or "auto"
        At least 0; "auto": chosen by `Network.fit`, see `Rule`.
    beta1, beta2 : float
        In [0, 1): how much of the mean of the gradient and of its maximum is kept in a step.

    Examples
    --------
    >>> from fanin import optim
    >>> optim.AdaMax()
    AdaMax(learning_rate=0.002, beta1=0.9, beta2=0.999)
    """

    name: ClassVar[str] = "adamax"
    middle_rate: ClassVar[float | None] = 3e-3
    not_auto_because: ClassVar[str] = ""
    learning_rate: Rate = 2e-3
    beta1: float = 0.9
    beta2: float = 0.999


@dataclass(frozen=True)
class AdEMAMix(Adam):
    """Adam with a second, much slower mean of the gradients (Pagliardini, Ablin and Grangier 2024, algorithm 1).

    ``m1 <- beta1 m1 + (1 - beta1) g``, ``m2 <- b m2 + (1 - b) g`` and v as in `Adam`

    ``w <- w - learning_rate * ((m1^ + a m2) / (sqrt(v^) + epsilon) + weight_decay * w)``

    m1^ and v^ are corrected as in `Adam`; m2 is not. With ``u = min(t / warm_up, 1)``, or 1 without a warm-up, ``a =
    u alpha`` and ``1 / ln b = (1 - u) / ln beta1 + u / ln beta3``, b at most beta3: the half-life of m2 grows
    linearly from that of m1. The paper recommends a warm-up over all steps of training, since a slow mean of early
    gradients can diverge. Weights decay, biases do not.

    Parameters
    ----------
    learning_rate, beta1, beta2, epsilon, epsilon_hat
        As for `Adam`.
    beta3 : float
        In [0, 1): the decay of the slow mean.
    alpha : float
        At least 0: the weight of the slow mean.
    warm_up : float
        Steps over which alpha and the half-life of the slow mean rise; 0: none.
    weight_decay : float or Schedule
        At least 0.

    Examples
    --------
    >>> from fanin import optim
    >>> optim.AdEMAMix(warm_up=10_000).alpha
    5.0
    """

    name: ClassVar[str] = "ademamix"
    beta3: float = 0.9999
    alpha: float = 5.0
    warm_up: float = 0
    weight_decay: Decay = 0.0


@dataclass(frozen=True)
class ScheduleFreeAdamW(Rule):
    """AdamW that averages its weights in place of a schedule (Defazio et al. 2024, algorithm 1).

    ``v <- beta2 v + (1 - beta2) g^2``, with g at y, and ``v^`` corrected as in `Adam`

    ``d = g / (sqrt(v^) + epsilon) + weight_decay * y``

    ``z <- z - r d``, with ``r = learning_rate * min(1, t / warm_up)`` at step t

    ``x <- (1 - c) x + c z``, with ``c = r^2 / S`` and ``S <- S + r^2``

    ``y = (1 - beta1) z + beta1 x``

    It needs no end of training to be known, which suits streams: x is a mean of all z so far, at every step what a
    schedule would have ended at. The state is ``lead = z - y`` and v, with the number S. The bias correction is that of
    the authors' code. Weights decay, biases do not.

    A `Network` trains y, and shows x: `get_weights`, `predict`, `evaluate` and validation use x; only the training loss
    is measured at y. The arrays of an `Optimizer` hold y, where gradients must be computed, and `Optimizer.weights`
    returns x. The running statistics of batch norm are those at y: use ``BatchNorm(exact_statistics=True)``, which
    takes them at x at the end of a fit.

    Parameters
    ----------
    learning_rate : float or Schedule
        At least 0.
    beta1 : float
        In (0, 1): the share of x in y, where gradients are taken.
    beta2 : float
        In [0, 1): how much of the mean square of the gradient is kept in a step.
    epsilon : float
        At least 0.
    warm_up : float
        Steps over which the rate rises from 0; 0: none.
    weight_decay : float or Schedule
        At least 0.

    Examples
    --------
    >>> import numpy as np
    >>> from fanin import optim
    >>> y = np.zeros(1)
    >>> opt = optim.Optimizer(optim.ScheduleFreeAdamW(0.1), [y])
    >>> for _ in range(1000):
    ...     opt.step([2 * (y - 3)])
    >>> opt.weights()[0].round(2)
    array([3.])
    """

    name: ClassVar[str] = "schedule_free_adamw"
    learning_rate: float | Schedule = 2.5e-3
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    warm_up: float = 200
    weight_decay: Decay = 0.0
