"""The solver lbfgs: fanin's L-BFGS on the loss of all samples, with the limits and warnings of scikit-learn's."""

from __future__ import annotations

import math
from time import perf_counter
from typing import Any

from sklearn.exceptions import ConvergenceWarning

from fanin import _core
from fanin._core import DivergedError
from fanin.optim import LBFGS
from fanin.sklearn.data import Data
from fanin.sklearn.notices import warn
from fanin.sklearn.observers import Observers
from fanin.sklearn.reported import ReportedLoss
from fanin.sklearn.validation import Validation

_TOO_MANY_ITERATIONS = "STOP: TOTAL NO. OF ITERATIONS REACHED LIMIT"  # as SciPy says it
_TOO_MANY_EVALUATIONS = "STOP: TOTAL NO. OF F,G EVALUATIONS EXCEEDS LIMIT"


def minimize_loss(
    estimator: Any, core: Any, data: Data, validation: Data | None, observers: Observers
) -> None:
    """Minimize ``E(w) + alpha / 2 |W|^2 / S`` from the network's weights: the mean loss and the penalty on weights.

    S is the sum of sample weights, or the number of samples. For several outputs, the reported loss has the mean over
    them, but their sum is minimized: scikit-learn has this gradient, too.
    """
    training = _core.SolverTrainingFloat64(
        core, data.X, data.y, data.weights, _core.Budget(None, [], estimator.max_time)
    )
    try:
        message = _iterate(estimator, core, training, data, validation, observers)
    finally:
        training.close()
        with estimator._weights.turns.writing():
            core.set_arrays(core.get_arrays())  # a later fit begins anew: pickles need no memory of this one
    if message:
        warn(message, ConvergenceWarning)


def _iterate(
    estimator: Any, core: Any, training: Any, data: Data, validation: Data | None, observers: Observers
) -> str:
    """Train until the solver ends or a limit is reached; return what to warn of, if anything."""
    output, turns = estimator.out_activation_, estimator._weights.turns
    solver = LBFGS(l2=float(estimator.alpha) / data.total_weight, gradient_tolerance=float(estimator.tol))
    values, reported = solver.values(), ReportedLoss(output, data, data.rows)
    scores = None if validation is None else Validation(validation, output)
    estimator.n_iter_, evaluations, began = 0, 1, perf_counter()
    observers.begin(solver)
    while True:
        observers.epoch_begins()
        last = perf_counter()
        try:
            with turns.writing():
                done = training.epoch(solver.name, values)
        except DivergedError:  # at the start
            estimator.loss_ = math.nan
            return ""
        now = perf_counter()
        evaluations += done.iteration[1]
        estimator.loss_ = float(reported.of(done.loss) + done.penalty)
        if done.learning_rate == 0:  # no step
            return ""
        estimator.n_iter_ += 1
        if estimator.verbose:
            print(f"Iteration {estimator.n_iter_}, loss = {estimator.loss_:.8f}")
        validated = None
        if scores is not None:
            validated = scores.of(core)
            for curve, figure in zip(
                (estimator.validation_loss_curve_, estimator.validation_scores_), validated, strict=True
            ):
                curve.append(figure)
        stops = observers.stop_after(estimator.loss_, validated, done.learning_rate, now - last)
        if stops or done.ended is not None:
            return ""
        if estimator.max_time is not None and now - began >= estimator.max_time:
            return ""
        if estimator.n_iter_ >= estimator.max_iter:
            return _message(estimator, _TOO_MANY_ITERATIONS)
        if evaluations > estimator.max_fun:
            return _message(estimator, _TOO_MANY_EVALUATIONS)


def _message(estimator: Any, reason: str) -> str:
    message = f"lbfgs failed to converge after {estimator.n_iter_} iteration(s) (status=1):\n{reason}\n"
    if estimator.n_iter_ == estimator.max_iter:
        message += (
            f"\nIncrease the number of iterations to improve the convergence (max_iter={estimator.max_iter})."
        )
    return message + (
        "\nYou might also want to scale the data as shown in:\n"
        "    https://scikit-learn.org/stable/modules/preprocessing.html"
    )
