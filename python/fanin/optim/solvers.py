"""Solvers: they minimize the loss over all samples at once, and choose their own steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NoReturn

from fanin import _core
from fanin.values import Value

__all__ = ["LBFGS", "ConjugateGradient", "Solver"]


@dataclass(frozen=True)
class Solver(Value):
    """A solver for `Network.fit`, in the place of an update rule: an epoch is one iteration over all samples.

    It minimizes ``E(w) + l2/2 |W|^2``, the mean loss and a penalty on weights (not biases), by steps along directions
    that it learns from successive gradients. Each step has the length that a line search finds, so there is no rate to
    tune. For smooth losses on data that are small or not redundant; on large redundant data, mini-batches with a rule
    such as `AdamW` get further in the same time. Batch norm and dropout are refused, since they change the function
    from one evaluation to the next. So are arguments about mini-batches.

    What a solver has learned, such as the pairs of `LBFGS`, stays with the network and is saved with it, as the state
    of a rule is: another fit resumes exactly, so ten iterations and ten more are twenty, bit for bit. Tolerances may
    change, and so may the data: the descent then starts from the loss on the new data, with directions learned on the
    old, which is useful if they are alike. With another solver, other hyper-parameters or another l2, a fit begins
    without knowledge, as it does after a fit by a rule and once weights have been set (`set_weights`, or
    `EarlyStopping` that restores an earlier epoch). A solver that has ended by itself tries again in another fit.

    The line search is that of Hager and Zhang (2006): a step is accepted if it meets the Wolfe conditions, or near a
    minimum, where rounding hides differences of the loss, their approximate form by slopes. So float32 networks do not
    stall. A step to where the loss is not finite is shortened.

    Examples
    --------
    >>> from fanin import optim
    >>> isinstance(optim.LBFGS(), optim.Solver)
    True
    """

    _allowed: ClassVar[Mapping[str, Mapping[str, Any]]] = _core.solver_ranges()
    rate: ClassVar[None] = None  # there is none

    @property
    def kind(self) -> str:
        """The name of the class."""
        return type(self).__name__

    def at_rate(self, rate: object) -> NoReturn:
        """Raise ValueError, because there is no rate."""
        raise ValueError(f"rule: expected a rule with a learning rate, got {self.kind}, a solver")


@dataclass(frozen=True)
class LBFGS(Solver):
    """Limited-memory BFGS (Liu and Nocedal 1989).

    ``w <- w - a H g``, with the inverse Hessian H that the last `memory` pairs ``s = change of w``, ``y = change of g``
    imply, by the two-loop recursion from ``H0 = (s'y / y'y) I``. Pairs with ``s'y <= 2.2e-16 y'y`` are skipped.

    The step is tried at a = 1 first, in the first iteration at ``1 / |g|``. The rate is superlinear only with as much
    memory as there are weights; with less it is linear.

    Parameters
    ----------
    memory : int
        Pairs; each takes two vectors of all weights.
    l2 : float
        Penalty on the weights.
    gradient_tolerance : float
        Ends at ``max |g| <= gradient_tolerance``.
    loss_tolerance : float
        Ends if an iteration lowers the loss by at most this share of ``max(|loss|, 1)``.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> X = np.linspace(-1, 1, 64)[:, None]
    >>> net = fanin.Network(1, [fanin.Dense(8, "tanh"), fanin.Dense(1)])
    >>> history = net.fit(X, X**2, rule=fanin.optim.LBFGS())
    >>> history.ended, bool(net.evaluate(X, X**2)["loss"] < 1e-4)
    ('small_gradient', True)
    """

    name: ClassVar[str] = "lbfgs"
    memory: int = 10
    l2: float = 0.0
    gradient_tolerance: float = 1e-5
    loss_tolerance: float = 2.2e-9


@dataclass(frozen=True)
class ConjugateGradient(Solver):
    """Nonlinear conjugate gradient.

    ``w <- w + a d``, ``d <- -g + beta d``; with y the change of g,

    "hager_zhang" (2005, 2013): ``beta = max((y - 2 d y'y / d'y)'g / d'y, eta d'g_before / d'd)``

    "polak_ribiere" (1969), not below 0: ``beta = max(y'g / g_before'g_before, 0)``

    A d that does not descend is replaced by -g. The step is tried at the minimum of a parabola first (QuadStep), so a
    quadratic bowl of n weights takes n iterations, up to rounding. It remembers one vector of all weights.

    Parameters
    ----------
    beta : {"hager_zhang", "polak_ribiere"}
    eta : float
    l2, gradient_tolerance, loss_tolerance : float
        As for `LBFGS`.

    Examples
    --------
    >>> from fanin import optim
    >>> optim.ConjugateGradient(l2=1e-4).beta
    'hager_zhang'
    """

    name: ClassVar[str] = "conjugate_gradient"
    beta: Literal["hager_zhang", "polak_ribiere"] = "hager_zhang"
    eta: float = 0.4
    l2: float = 0.0
    gradient_tolerance: float = 1e-5
    loss_tolerance: float = 2.2e-9
