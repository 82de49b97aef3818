"""Losses, as values: each with its equation for one sample, its hyper-parameters and their defaults.

The loss of a batch is the mean over its samples, weighted by the sample weights if there are any. A is the network's
output, a_j its j-th column; y is the target.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fanin import _core
from fanin.aliases import LOSSES
from fanin.checks import check_choice, check_sequence
from fanin.values import Value

__all__ = [
    "AbsoluteError",
    "Gamma",
    "Huber",
    "Logistic",
    "Loss",
    "Poisson",
    "Quantile",
    "SoftmaxCrossEntropy",
    "SquaredError",
]


def __dir__() -> list[str]:
    return __all__


@dataclass(frozen=True)
class Loss(Value):
    """The base class of all losses.

    Examples
    --------
    >>> from fanin import losses
    >>> isinstance(losses.Huber(delta=2.0), losses.Loss)
    True
    """

    _allowed: ClassVar[Mapping[str, Mapping[str, Any]]] = _core.loss_ranges()
    # what `predict` applies to the outputs: "identity", "exp", "logistic" or "softmax"; and what each result is called
    _link: ClassVar[str] = "identity"
    _prediction: ClassVar[str] = "output"


@dataclass(frozen=True)
class SquaredError(Loss):
    """``E = 1/2 sum_j (a_j - y_j)^2``; metric "rmse", the root of the mean of (a_j - y_j)^2.

    With the factor 1/2, the Hessian of a linear neuron is X'X / m.

    Examples
    --------
    >>> from fanin import losses
    >>> losses.SquaredError()
    SquaredError()
    """

    name: ClassVar[str] = "squared_error"


@dataclass(frozen=True)
class AbsoluteError(Loss):
    """``E = sum_j |a_j - y_j|``; metric "mae", the mean of ``|a_j - y_j|``.

    The gradient is the sign of a_j - y_j, which is 0 if they are equal.

    Examples
    --------
    >>> from fanin import losses
    >>> losses.AbsoluteError()
    AbsoluteError()
    """

    name: ClassVar[str] = "absolute_error"


@dataclass(frozen=True)
class Huber(Loss):
    """With d = a_j - y_j: ``d^2 / 2`` if ``|d| <= delta``, else ``delta (|d| - delta / 2)`` (Huber 1964).

    Summed over outputs; metric "mae". The gradient is d clipped to [-delta, delta].

    Parameters
    ----------
    delta : float
        Above 0, in units of the target.

    Examples
    --------
    >>> from fanin import losses
    >>> losses.Huber(delta=2.0)
    Huber(delta=2.0)
    """

    name: ClassVar[str] = "huber"
    delta: float = 1.0


@dataclass(frozen=True)
class Quantile(Loss):
    """With d = y - a_j: ``q_j d`` if d > 0, else ``(q_j - 1) d`` (Koenker and Bassett 1978).

    Output j learns the q_j-quantile of the single target y. Summed over outputs; metric "pinball", the mean over them.

    Parameters
    ----------
    levels : float or sequence of float
        q_j, one per output of the network, each between 0 and 1; at most 32.

    Examples
    --------
    >>> from fanin import losses
    >>> losses.Quantile([0.1, 0.5, 0.9])
    Quantile(levels=(0.1, 0.5, 0.9))
    """

    name: ClassVar[str] = "quantile"
    _prediction: ClassVar[str] = "quantile"
    levels: float | Sequence[float] = (0.5,)

    def __post_init__(self) -> None:
        given: Any = self.levels
        several = isinstance(given, Iterable) and not isinstance(given, str)
        levels = check_sequence("levels", given, "a list of numbers") if several else (given,)
        object.__setattr__(self, "levels", levels)
        super().__post_init__()
        if not 1 <= len(levels) <= 32:
            raise ValueError(f"levels: expected 1 to 32 numbers, got {len(levels)}")
        object.__setattr__(self, "levels", tuple(float(level) for level in levels))


@dataclass(frozen=True)
class Poisson(Loss):
    """For counts: ``E = sum_j e^a_j - y_j a_j``, with a_j the logarithm of the mean.

    The negative log-likelihood without the term log y!. Targets are at least 0; ``predict`` returns e^a_j. Metric
    "deviance", the mean of 2 (y log(y / e^a) - y + e^a).

    Examples
    --------
    >>> from fanin import losses
    >>> losses.Poisson()
    Poisson()
    """

    name: ClassVar[str] = "poisson"
    _link: ClassVar[str] = "exp"
    _prediction: ClassVar[str] = "mean"


@dataclass(frozen=True)
class Gamma(Loss):
    """For positive amounts whose spread grows with their mean: ``E = sum_j y_j e^-a_j + a_j``, e^a_j being the mean.

    The negative log-likelihood of a gamma distribution, divided by its shape, without the terms of y alone (McCullagh
    and Nelder 1989, chapter 8). Targets are above 0; ``predict`` returns e^a_j. Metric "deviance", the mean of
    2 (y / e^a - 1 - log(y / e^a)).

    Examples
    --------
    >>> from fanin import losses
    >>> losses.Gamma()
    Gamma()
    """

    name: ClassVar[str] = "gamma"
    _link: ClassVar[str] = "exp"
    _prediction: ClassVar[str] = "mean"


@dataclass(frozen=True)
class Logistic(Loss):
    """For independent binary outputs: ``E = -sum_j y_j log p_j + (1 - y_j) log(1 - p_j)``, p_j = 1 / (1 + e^-a_j).

    Computed as ``max(a, 0) - y a + log(1 + e^-|a|)``, which is stable for any a. Targets are in [0, 1]; ``predict``
    returns p_j. Metric "accuracy", the fraction of outputs for which p_j and y_j are on the same side of 1/2.

    Parameters
    ----------
    clip : float
        In [0, 0.5]. E is computed from p_j clipped to [clip, 1 - clip], as scikit-learn does; the gradient stays
        ``p_j - y_j``.

    Examples
    --------
    >>> from fanin import losses
    >>> losses.Logistic()
    Logistic(clip=0.0)
    """

    name: ClassVar[str] = "logistic"
    _link: ClassVar[str] = "logistic"
    _prediction: ClassVar[str] = "probability"
    clip: float = 0.0


@dataclass(frozen=True)
class SoftmaxCrossEntropy(Loss):
    """For classes: ``E = -sum_j t_j log p_j``, p_j = e^a_j / sum_k e^a_k.

    A network has one output per class, at least two; use `Logistic` for a single binary output.

    The target t is 1 for the label and 0 elsewhere, or a row of class probabilities; label smoothing s makes it
    (1 - s) t + s / k (Szegedy et al. 2016). The largest output is subtracted first, so outputs of +-1e4 are safe.
    ``predict`` returns p_j. Metric "accuracy".

    Parameters
    ----------
    label_smoothing : float
        s, in [0, 1).
    clip : float
        In [0, 0.5]. If above 0, the loss of a row is at most -log(clip), as if the probability of its label were at
        least `clip`; the gradient stays as it is.

    Examples
    --------
    >>> from fanin import losses
    >>> losses.SoftmaxCrossEntropy(label_smoothing=0.1)
    SoftmaxCrossEntropy(label_smoothing=0.1, clip=0.0)
    """

    name: ClassVar[str] = "softmax_cross_entropy"
    _link: ClassVar[str] = "softmax"
    _prediction: ClassVar[str] = "class probability"
    label_smoothing: float = 0.0
    clip: float = 0.0


BY_NAME: dict[str, type[Loss]] = {
    loss.name: loss
    for loss in (SquaredError, AbsoluteError, Huber, Quantile, Poisson, Gamma, Logistic, SoftmaxCrossEntropy)
}


def as_loss(loss: object) -> Loss:
    """Return the loss given as a value or a name."""
    if isinstance(loss, str):
        check_choice("loss", loss, tuple(BY_NAME), LOSSES)
        return BY_NAME[loss]()
    if not isinstance(loss, Loss) or getattr(loss, "name", None) not in BY_NAME:
        raise TypeError(f"loss: expected a name or a loss of fanin.losses, got {loss!r}")
    return loss
