"""Advice: an update rule on mini-batches, or a solver on all samples."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin.checks import check_integer, counted
from fanin.data.sequences import as_samples
from fanin.optim.around import rule_of_fit
from fanin.optim.redundancy import comparable, cosine_of_halves, opened_copy
from fanin.optim.rule import Rule
from fanin.optim.solvers import LBFGS, LevenbergMarquardt, Solver

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from fanin.network import Network

__all__ = ["Advice", "suggest"]

_MANY_ROWS = 4000
_REDUNDANT = 0.8
_FEW_PARAMETERS = 200  # for Levenberg-Marquardt, whose work for each sample is their square
_MOST_PARAMETERS = 2000


@dataclass(frozen=True, repr=False)
class Advice:
    """The result of `suggest`: `rule` is for `Network.fit`, the rest says why.

    Attributes
    ----------
    rule : Rule or Solver
        The rule of ``fit(X, y)``, for mini-batches, or a solver.
    redundancy : float
        Cosine of the gradients of two halves of the samples at the start, the mean of four random splits. Near 1, a
        half teaches as much as the whole.
    rows : int
        Samples of weight above 0.
    parameters : int
        Weights that are trained.
    reason : str
        Why this rule, in a sentence.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> X = np.linspace(-1, 1, 200)[:, None]
    >>> net = fanin.Network(1, [fanin.Dense(16, "tanh"), fanin.Dense(3)], "softmax_cross_entropy")
    >>> fanin.optim.suggest(net, X, np.arange(200) % 3).rows
    200
    """

    rule: Rule | Solver
    redundancy: float
    rows: int
    parameters: int
    reason: str

    def __repr__(self) -> str:
        """Return the rule and the reason."""
        return f"<fanin.optim.Advice: {self.rule!r}, because {self.reason}>"


def suggest(
    net: Network, X: ArrayLike, y: ArrayLike, *, sample_weight: ArrayLike | None = None, seed: int = 0
) -> Advice:
    """Suggest how to train: by mini-batches or by a solver; the network does not change.

    Many redundant samples call for mini-batches, which learn from a part of them; few samples, or samples that are not
    redundant, for a solver, which takes all at once and learns the curvature of the loss. Measuring takes the time of
    eight gradients over all samples. The first of these applies:

    1. Batch norm or dropout: mini-batches, since solvers refuse these layers.
    2. Squared error, float64, at most 200 weights and no recurrent layers: `LevenbergMarquardt`, with the penalty that
       Bayes' rule finds.
    3. At least 4,000 samples, with a redundancy of at least 0.8: mini-batches with the rule of ``fit(X, y)``, AdamW
       with averaged weights.
    4. The same with at most 2,000 weights: `LevenbergMarquardt` likewise.
    5. Else: `LBFGS` with an `l2` of 1 / samples, a standard normal prior of the weights.

    ``python -m bench --group curvature --match suggest`` compares the validation error after this advice with those of
    the alternatives on six data sets.

    Parameters
    ----------
    net : Network
        As it is before training.
    X, y, sample_weight
        As in `Network.fit`: those to train on.
    seed : int
        Chooses the halves whose gradients are compared, in 0..2^64-1.

    Returns
    -------
    Advice
        For ``net.fit(X, y, rule=advice.rule)``.

    Raises
    ------
    ValueError, TypeError
        As `Network.fit` does; also if fewer than two samples have a weight above 0, or a gradient is not finite.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> X = np.linspace(-1, 1, 200)[:, None]
    >>> net = fanin.Network(1, [fanin.Dense(16, "tanh"), fanin.Dense(1)])
    >>> advice = fanin.optim.suggest(net, X, X**2)
    >>> advice.rule
    LBFGS(memory=10, l2=0.005, gradient_tolerance=1e-05, loss_tolerance=2.2e-09)
    >>> history = net.fit(X, X**2, rule=advice.rule)
    """
    check_integer("seed", seed, 0, 64)
    fork = opened_copy(net, X, y, sample_weight)
    X, y, sample_weight = as_samples(net, X, y, sample_weight)
    order = comparable(X, sample_weight, seed)
    redundancy = cosine_of_halves(fork, X, y, sample_weight, order)
    parameters = fork.objective(X, y, sample_weight=sample_weight).size
    rule, reason = _choice(fork, redundancy, len(order), parameters)
    return Advice(rule, redundancy, len(order), parameters, reason)


def _choice(net: Network, redundancy: float, rows: int, parameters: int) -> tuple[Rule | Solver, str]:
    """Return the rule and its reason."""
    mini_batches, halves = rule_of_fit(None), f"the gradients of two halves have a cosine of {redundancy:.3f}"
    if refused := _refused(net.layers):
        return mini_batches, f"solvers refuse {refused}, which changes the loss between evaluations"
    unfit = _not_for_levenberg_marquardt(net, parameters)
    if not unfit and parameters <= _FEW_PARAMETERS:
        why = f"{counted(parameters, 'weight')} are few, and their squared error suits Levenberg-Marquardt"
        return LevenbergMarquardt(regularization="bayes"), why
    if rows >= _MANY_ROWS and redundancy >= _REDUNDANT:
        return mini_batches, f"{rows:,} samples are many and redundant: {halves}"
    why = f"{rows:,} samples are " + ("few" if rows < _MANY_ROWS else f"not redundant: {halves}")
    if unfit:
        return LBFGS(l2=1 / rows), f"{why}, and Levenberg-Marquardt needs {unfit}"
    why += f", and the squared error of {parameters:,} weights suits Levenberg-Marquardt"
    return LevenbergMarquardt(regularization="bayes"), why


def _refused(layers: Iterable[Any]) -> str:
    """Return which of these layers a solver refuses; empty if none."""
    for layer in layers:
        if layer.name == "dropout":
            return "dropout"
        if layer.name == "batch_norm" or getattr(layer, "batch_norm", False):
            return "batch norm"
        if inside := _refused(layer.inside):
            return inside
    return ""


def _not_for_levenberg_marquardt(net: Network, parameters: int) -> str:
    """Return what it needs and this network does not have; empty if nothing."""
    if net._recurrent:
        return "a network without recurrent layers"
    if any(layer.name == "tied" for layer in net.layers):
        return "a network without tied weights"
    if net.loss != "squared_error":
        return f"a squared error, not {net.loss}"
    if parameters > _MOST_PARAMETERS:
        return f"at most {_MOST_PARAMETERS:,} weights, not {parameters:,}"
    return "" if net.dtype == np.float64 else f"float64, not {net.dtype}"
