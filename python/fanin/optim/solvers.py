"""Solvers: they minimize the loss over all samples at once, and choose their own steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal, NoReturn

from fanin import _core
from fanin.checks import check_choice
from fanin.values import Value

__all__ = ["LBFGS", "ConjugateGradient", "HessianFree", "LevenbergMarquardt", "Solver"]


@dataclass(frozen=True)
class Solver(Value):
    """A solver for `Network.fit`, instead of an update rule: an epoch is one iteration over all samples.

    It minimizes ``E(w) + l2/2 |W|^2``, the mean loss and a penalty on weights (not biases), by steps whose direction
    and length follow from gradients and curvature, so there is no rate to tune. For smooth losses on data that are
    small or not redundant; on large redundant data, mini-batches with a rule such as `AdamW` get further in the same
    time. Batch norm and dropout are refused, since they change the function from one evaluation to the next. So are
    arguments about mini-batches.

    What a solver has learned, such as the pairs of `LBFGS`, stays with the network and is saved with it, as the state
    of a rule is: another fit resumes exactly, so ten iterations and ten more are twenty, bit for bit. Tolerances may
    change, and so may the data: the descent then starts from the loss on the new data, with directions learned on the
    old, which is useful if they are alike. With another solver, other hyper-parameters or another l2, a fit begins
    without knowledge, as it does after a fit by a rule and once weights have been set (`set_weights`, or
    `EarlyStopping` that restores an earlier epoch). A solver that has ended by itself tries again in another fit.

    `LBFGS` and `ConjugateGradient` use the line search of Hager and Zhang (2006): a step is accepted if it meets the
    Wolfe conditions, or near a minimum, where rounding hides differences of the loss, their approximate form by
    slopes. So float32 networks do not stall. A step to where the loss is not finite is shortened.

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
        The formula of beta.
    eta : float
        At least 0: how far beta may fall below 0, for "hager_zhang".
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


@dataclass(frozen=True)
class LevenbergMarquardt(Solver):
    """Levenberg-Marquardt: Gauss-Newton steps with damping, for squared errors and at most 5000 weights.

    With residuals e, ``E = sum e^2``, their Jacobian J, ``A = J'J`` and ``g = J'e``, a step v solves

    ``(A + mu I) v = -g``, and ``rho = (E(w) - E(w + v)) / v'(mu v - g)`` says how well E was foreseen (Nielsen 1999):

    rho > 0: ``w <- w + v``, ``mu <- mu max(1/3, 1 - (2 rho - 1)^3)``, ``nu <- 2``

    else: ``mu <- nu mu``, ``nu <- 2 nu``, and another try

    from ``mu = damping max A_ii``. E is the mean loss with its penalty. The loss is squared_error; or, without "bayes",
    softmax_cross_entropy or logistic: then 2 A is Gauss and Newton's matrix, ``2 g`` the gradient, and `geodesic` has
    no effect. It needs far fewer iterations than gradients alone, and reaches the accuracy of
    float64, the only dtype it takes. An iteration costs time in proportion to samples times weights squared, and
    weights cubed. If there are fewer residuals than weights, it factors ``JJ' + mu I`` instead.

    Parameters
    ----------
    regularization : None or "bayes"
        "bayes" (MacKay 1992; Foresee and Hagan 1997) chooses the penalty on all weights and biases by itself: it
        minimizes ``beta E + alpha |w|^2``, and after each step, with P weights, N residuals and
        ``H = 2 beta A + 2 alpha I``, sets ``gamma = min(P - 2 alpha tr H^-1, N - 1)``,
        ``alpha = gamma / (2 |w|^2)`` and ``beta = (N - gamma) / (2 E)``. gamma is the effective number of
        parameters, after the first step at most N / 2. No validation data are needed.
    geodesic : bool
        Steps are ``v + a / 2``, where ``(A + mu I) a = -J'f`` with f the second derivative of e along v. They are
        rejected if ``2 |a| > 0.75 |v|`` (Transtrum and Sethna 2012).
    l2 : float
        As for `LBFGS`.
    damping : float
        mu at the start, as a share of the largest diagonal element of A.
    largest_damping : float
        Ends if mu rises above ``largest_damping max(1, max A_ii)`` without a step that lowers E.
    gradient_tolerance : float
        Ends at ``max |gradient| <= gradient_tolerance``; with "bayes", of ``E + alpha / beta |w|^2``.
    settled : float
        With "bayes", ends if an iteration changes neither ``E + alpha / beta |w|^2`` nor ``alpha / beta`` by more than
        this share.

    Examples
    --------
    >>> from fanin import optim
    >>> optim.LevenbergMarquardt(regularization="bayes").geodesic
    True
    """

    name: ClassVar[str] = "levenberg_marquardt"
    regularization: Literal["bayes"] | None = None
    geodesic: bool = True
    l2: float = 0.0
    damping: float = 1e-3
    largest_damping: float = 1e10
    gradient_tolerance: float = 1e-7
    settled: float = 1e-6

    def _check(self, name: str, allowed: Any) -> None:
        if name != "regularization":
            super()._check(name, allowed)
        elif self.regularization is not None:
            check_choice(name, self.regularization, ("bayes",))

    @cached_property
    def _values(self) -> dict[str, Any]:
        return {**super()._values, "regularization": self.regularization or "none"}


@dataclass(frozen=True)
class HessianFree(Solver):
    """Hessian-free optimization (Martens 2010): Gauss-Newton steps by conjugate gradients, for networks of any size.

    ``w <- w + a d``, where d nearly minimizes ``q(d) = g'd + d'(G + lambda I) d / 2`` with the Gauss-Newton matrix G of
    a fixed sample of the rows, of which only products with vectors are computed.

    Conjugate gradients, preconditioned by ``(mean of squared gradients + lambda)^0.75``, start from 0.95 of the last
    solution. They end when q falls by less than ``k cg_tolerance`` of itself over ``k = max(10, i / 10)`` iterations.
    Of their iterates 1, 1.3, 1.3^2, ..., going back from the last one while the loss falls, d is the lowest. a is the
    first of 1, 0.8, 0.8^2, ... that lowers the loss by ``0.01 a |g'd|``.

    With rho the change of the loss over ``g'd + d'Gd / 2``, lambda is multiplied by 2/3 if rho > 3/4, and by 3/2 if
    rho < 1/4.

    Parameters
    ----------
    damping : float
        lambda at the start.
    cg_iterations : int
        The most conjugate gradients in an iteration.
    cg_tolerance : float
        At least 0: a larger value ends conjugate gradients earlier.
    sample : float
        The share of the rows that G takes; the loss and its gradient take all.
    l2, gradient_tolerance, loss_tolerance : float
        As for `LBFGS`.

    Examples
    --------
    >>> from fanin import optim
    >>> optim.HessianFree(sample=0.25).damping
    1.0
    """

    name: ClassVar[str] = "hessian_free"
    damping: float = 1.0
    cg_iterations: int = 250
    cg_tolerance: float = 5e-4
    sample: float = 0.1
    l2: float = 0.0
    gradient_tolerance: float = 1e-5
    loss_tolerance: float = 2.2e-9
