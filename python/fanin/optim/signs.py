"""Rules that use only the sign of the gradient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from fanin.optim.rule import Rule
from fanin.optim.schedules import Schedule

Variant = Literal["rprop-", "rprop+", "irprop-", "irprop+"]

__all__ = ["Rprop", "SignSGD"]


@dataclass(frozen=True)
class SignSGD(Rule):
    """Steps of one size, by the sign of the gradient (Hinton's lecture 6e; named by Bernstein et al. 2018).

    ``w <- w - learning_rate * sign(g)``, with sign(0) = 0

    It leaves plateaus with tiny gradients as fast as steep slopes. For full batches: nine mini-batch gradients of +0.1
    and one of -0.9 have mean 0, yet move the weight by eight steps; `fit` warns of mini-batches.

    Parameters
    ----------
    learning_rate : float or Schedule
        The size of all steps, at least 0.

    Examples
    --------
    >>> from fanin import optim
    >>> optim.SignSGD()
    SignSGD(learning_rate=0.001)
    """

    name: ClassVar[str] = "sign_sgd"
    full_batch_because: ClassVar[str] = "steps by the sign do not average out over mini-batches"
    learning_rate: float | Schedule = 1e-3


@dataclass(frozen=True)
class Rprop(Rule):
    """The sign of the gradient with a step size for each weight (Riedmiller and Braun 1993).

    ``step <- min(step * increase, max_step)`` if g has the sign of the previous gradient,
    ``step <- max(step * decrease, min_step)`` if it has the opposite sign

    ``w <- w - sign(g) * step``

    This is Rprop-, the textbook's form. The variants of Igel and Huesken (2000) take no forward step when the sign has
    changed: "rprop+" reverts the last step, "irprop-" takes none, "irprop+" reverts the last step if the loss has
    risen; all treat the previous sign as 0 at the next step. PyTorch's variant is "irprop-".

    For full batches, on small or non-redundant data. Mini-batches break it: nine gradients of +0.1 and one of -0.9
    have mean 0, yet the weight drifts; `fit` warns. Multiplying the loss by a constant does not change the path.

    Parameters
    ----------
    learning_rate : float or Schedule
        The initial step size of all weights, at least 0. A schedule affects only the first step.
    increase : float
        At least 1: the factor of a step size while the sign stays.
    decrease : float
        Between 0 and 1: the factor when the sign changes.
    min_step, max_step : float
        Limits of the step sizes.
    variant : {"rprop-", "rprop+", "irprop-", "irprop+"}
        `Optimizer.step` needs the loss for "irprop+".

    Examples
    --------
    >>> from fanin import optim
    >>> optim.Rprop(variant="irprop-").max_step
    50.0
    """

    name: ClassVar[str] = "rprop"
    full_batch_because: ClassVar[str] = "steps by the sign do not average out over mini-batches"
    learning_rate: float | Schedule = 0.01
    increase: float = 1.2
    decrease: float = 0.5
    min_step: float = 1e-6
    max_step: float = 50.0
    variant: Variant = "rprop-"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.min_step > self.max_step:
            raise ValueError(f"min_step: expected at most max_step, {self.max_step}, got {self.min_step}")
