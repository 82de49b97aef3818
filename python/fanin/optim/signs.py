"""Rules that look at the sign of the gradient only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from fanin.optim.rule import Rule
from fanin.optim.schedules import Schedule

Variant = Literal["rprop-", "rprop+", "irprop-", "irprop+"]


@dataclass(frozen=True)
class SignSGD(Rule):
    """Steps of one size by the sign of the gradient (Hinton's lecture 6e; Bernstein et al. 2018 name it).

    ``w <- w - learning_rate * sign(g)``, with sign(0) = 0

    It leaves plateaus of tiny gradients as fast as slopes. For the whole batch: nine gradients of +0.1 and one of
    -0.9 have the mean 0, and yet move the weight by eight steps; `fit` warns of mini-batches.

    Examples
    --------
    >>> from fanin import optim
    >>> optim.SignSGD()
    SignSGD(learning_rate=0.001)
    """

    name: ClassVar[str] = "sign_sgd"
    full_batch_because: ClassVar[str] = "steps by the sign do not average over batches"
    learning_rate: float | Schedule = 1e-3


@dataclass(frozen=True)
class Rprop(Rule):
    """The sign of the gradient, and a step size for each weight (Riedmiller and Braun 1993).

    ``step <- min(step * increase, max_step)`` where g has the sign of the gradient before,
    ``step <- max(step * decrease, min_step)`` where it has the opposite one

    ``w <- w - sign(g) * step``

    This is Rprop-, the textbook's form. Where the sign has turned, the variants of Igel and Huesken (2000) do not
    step forward: "rprop+" takes the last step back, "irprop-" takes none, "irprop+" takes the last step back where
    the loss has risen and else none; and they count the sign as 0 at the next step. PyTorch's is "irprop-".

    For the whole batch, on data that are small or not redundant. Mini-batches break it: nine gradients of +0.1 and
    one of -0.9 have the mean 0, and yet the weight drifts; `fit` warns. The path does not change when the loss is
    multiplied by a constant.

    Parameters
    ----------
    learning_rate : float
        The first step, of all weights. A schedule would act on that one only.
    increase, decrease, min_step, max_step : float
    variant : {"rprop-", "rprop+", "irprop-", "irprop+"}
        `Optimizer.step` wants the loss for "irprop+".

    Examples
    --------
    >>> from fanin import optim
    >>> optim.Rprop(variant="irprop-").max_step
    50.0
    """

    name: ClassVar[str] = "rprop"
    full_batch_because: ClassVar[str] = "steps by the sign do not average over batches"
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
