"""The solver lbfgs: SciPy's L-BFGS-B on the loss of all samples."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import minimize
from sklearn.exceptions import ConvergenceWarning

from fanin import _core
from fanin.sklearn.data import Data
from fanin.sklearn.notices import warn
from fanin.sklearn.observers import Observers
from fanin.sklearn.reported import ReportedLoss
from fanin.sklearn.validation import Validation
from fanin.sklearn.watching import Watching

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vector = NDArray[np.float64]


class _StopError(Exception):
    """Ends the search at some weights."""

    def __init__(self, w: Vector) -> None:
        super().__init__()
        self.w = w


class Objective:
    """``E(w) + alpha / 2 |W|^2 / S`` and its gradient: the mean loss of all samples and the penalty on weights.

    S is the sum of sample weights, or the number of samples. For several outputs, E is the mean over them and
    the gradient that of their sum, as in scikit-learn.
    """

    def __init__(self, core: Any, data: Data, alpha: float, output: str) -> None:
        self._core = _core.ObjectiveFloat64(core, data.X, data.y, data.weights)
        self._reported = ReportedLoss(output, data, data.rows)
        share = alpha / data.total_weight
        shapes = [shape for _, shape, _ in core.arrays]
        self._decay = np.concatenate([np.full(np.prod(shape), share * (len(shape) == 2)) for shape in shapes])
        self._shapes = shapes
        self.last = self.last_without_penalty = 0.0  # the last loss, and as the core computes it

    def __call__(self, w: Vector) -> tuple[float, Vector]:
        """Return the loss, as scikit-learn reports it, and the gradient."""
        loss, gradient = self._core.loss_and_gradient(w)
        self.last_without_penalty = loss
        pull = self._decay * w
        gradient += pull
        self.last = self._reported.of(loss) + 0.5 * float(pull @ w)
        return self.last, gradient

    def arrays(self, w: Vector) -> list[Vector]:
        """Return the arrays of the network in a vector of all weights."""
        ends = np.cumsum([np.prod(shape) for shape in self._shapes])[:-1]
        return [part.reshape(shape) for part, shape in zip(np.split(w, ends), self._shapes, strict=True)]


def minimize_loss(
    estimator: Any,
    core: Any,
    data: Data,
    validation: Data | None,
    observers: Observers,
    watching: Watching | None,
) -> None:
    """Run L-BFGS-B from the network's weights, and leave it at the best."""
    output = estimator.out_activation_
    objective = Objective(core, data, float(estimator.alpha), output)
    scores = None if validation is None else Validation(validation, output)
    began = last = perf_counter()
    estimator.n_iter_ = 0

    def keep(w: Vector) -> None:
        with estimator._weights.turns.writing():
            core.set_arrays(objective.arrays(w))

    def after(w: Vector) -> None:
        nonlocal last
        observers.epoch_begins()
        now = perf_counter()
        seconds, last = now - last, now
        estimator.n_iter_ += 1
        estimator.loss_ = objective.last
        if estimator.verbose:
            print(f"Iteration {estimator.n_iter_}, loss = {estimator.loss_:.8f}")
        validated = None
        keep(w)
        if scores is not None:
            validated = scores.of(core)
            for curve, figure in zip(
                (estimator.validation_loss_curve_, estimator.validation_scores_), validated, strict=True
            ):
                curve.append(figure)
        if watching is not None:
            watching.epoch_ended(objective.last_without_penalty, scores)
        stops = observers.stop_after(estimator.loss_, validated, 1.0, seconds)
        if stops or (estimator.max_time is not None and now - began >= estimator.max_time):
            raise _StopError(w.copy())

    observers.begin(None)
    try:
        result = minimize(
            objective,
            np.concatenate([array.ravel() for array in core.get_arrays()]),
            method="L-BFGS-B",
            jac=True,
            callback=after,
            options={"maxfun": estimator.max_fun, "maxiter": estimator.max_iter, "gtol": estimator.tol},
        )
    except _StopError as stopped:
        keep(stopped.w)
        return
    keep(result.x)
    estimator.n_iter_, estimator.loss_ = min(result.nit, estimator.max_iter), result.fun
    if result.status != 0:
        warn(_message(result, estimator), ConvergenceWarning)


def _message(result: Any, estimator: Any) -> str:
    message = (
        f"lbfgs failed to converge after {estimator.n_iter_} iteration(s) (status={result.status}):\n"
        f"{result.message}\n"
    )
    if estimator.n_iter_ == estimator.max_iter:
        message += (
            f"\nIncrease the number of iterations to improve the convergence (max_iter={estimator.max_iter})."
        )
    return message + (
        "\nYou might also want to scale the data as shown in:\n"
        "    https://scikit-learn.org/stable/modules/preprocessing.html"
    )
