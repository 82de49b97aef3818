"""Comparing two networks, row by row of the validation data."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin import _core
from fanin.data.inputs import row_count
from fanin.data.validation import parts_of, rows_of
from fanin.diagnose.folds import constant_loss
from fanin.diagnose.proof import Proof
from fanin.diagnose.runs import Run, with_shuffled_columns, without_columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fanin.diagnose.finding import Finding
    from fanin.network import Network

    Float = NDArray[np.float64]


_MOST = 10.0  # baselines
_BEYOND = 2.0  # standard errors


def measures_of(one: Network, other: Network) -> list[str]:
    """Return what two networks can be compared by: the loss if they have the same, and for classes the error rate."""
    error = "error rate" if "accuracy" in (one.metric, other.metric) else "squared error"
    if one._core.loss != other._core.loss or one.n_outputs != other.n_outputs:
        return [error]
    return ["loss", error] if error == "error rate" else ["loss"]


def most_of_row(net: Network, y: Any, measure: str) -> float:
    """Return what a row counts at most: ten times the best constant outputs, lest few rows hide all others."""
    if measure == "error rate":
        return 1.0
    targets = np.asarray(_core.numbers("y", y), dtype=float).reshape(len(y), -1)
    if measure == "squared error":
        return _MOST * float(targets.var(axis=0).sum()) or math.inf
    everything = y, np.ones(len(targets))
    return _MOST * abs(constant_loss(net, everything, everything)) or math.inf


def errors(net: Network, X: Any, y: Any, measure: str) -> Float:
    """Return the loss or the error of each row, infinity if it is not finite; X and y are as the core expects them."""
    if measure == "loss":
        return row_losses(net, X, y)
    found = np.asarray(net._core.predict(X, None), dtype=float).reshape(row_count("X", X), -1)
    targets = np.asarray(_core.numbers("y", y), dtype=float).reshape(len(found), -1)
    if measure == "error rate":
        right = (_classes(found) == _classes(targets)) & np.isfinite(found).all(axis=1)
        return np.where(right, 0.0, 1.0)
    with np.errstate(over="ignore", invalid="ignore"):
        squares: Float = ((found - targets) ** 2).sum(axis=1)
    squares[~np.isfinite(squares)] = np.inf
    return squares


def row_losses(net: Network, X: Any, y: Any) -> Float:
    """Return the loss of each row, infinity if it is not finite; X and y are as the core expects them."""
    rows = range(row_count("X", X))
    parts = ((rows_of("X", X, slice(i, i + 1)), rows_of("y", y, slice(i, i + 1))) for i in rows)
    losses = np.array([net._core.evaluate(*part, None)[0] for part in parts])
    losses[~np.isfinite(losses)] = np.inf
    return losses


def _classes(values: Float) -> Float:
    """Return the class of each row: of the largest column, or the nearest number in a single one."""
    classes = values.argmax(axis=1) if values.shape[1] > 1 else np.floor(values[:, 0] + 0.5)
    return np.asarray(classes, dtype=float)


def proof_of(finding: Finding, before: Run, after: Run) -> Proof:
    """Return the proof of a remedy: the errors of both runs on the rows that judge, and their paired difference."""
    rows = after.judged
    reason = after.fault or (f"the fit with the remedy diverges: {after.diverged}" if after.diverged else "")
    if len(rows) < 2 and not reason:
        reason = "there are fewer than two rows to compare on"
    proofs = [
        _compared(finding, before, after, measure, reason) for measure in measures_of(before.net, after.net)
    ]
    worst, best = min(proofs, key=_surety), max(proofs, key=_surety)
    return worst if _surety(worst) < -_BEYOND else best


def _surety(proof: Proof) -> float:
    """Return the difference in standard errors."""
    if math.isnan(proof.difference):
        return 0.0
    return proof.difference / (proof.standard_error or 1e-300)


def _compared(finding: Finding, before: Run, after: Run, measure: str, reason: str) -> Proof:
    """Return the proof by one measure, unless there is a reason against it."""
    columns = finding.remedy.drop_columns if finding.remedy is not None else ()
    shown, mean, difference, error = measure, math.inf, math.nan, math.nan
    found = math.inf if after.diverged else math.nan
    X, y, weights = parts_of(before.validation, after.judged)
    weights = np.ones(len(after.judged)) if weights is None else np.asarray(weights, dtype=float)
    most = most_of_row(before.net, y, measure)
    if not reason:
        new = errors(after.net, without_columns(X, columns) if columns else X, y, measure)
        found = float(np.average(new, weights=weights))
        if not math.isfinite(found):
            reason = f"the {measure} with the remedy is not finite"
    if finding.kind == "leak" and columns and not after.fault:
        X = with_shuffled_columns(X, columns, before.net.seed)
        leaking = "columns" if len(columns) > 1 else "column"
        shown = f"{measure}, with {leaking} {', '.join(map(str, columns))} shuffled"
    if not before.diverged and len(after.judged):
        old = errors(before.net, X, y, measure)
        mean = float(np.average(old, weights=weights))
    if not reason:
        difference, error = math.inf, 0.0
        if math.isfinite(mean):
            difference, error = mean_and_error(np.minimum(old, most) - np.minimum(new, most), weights)
    curves = before.curve(mean), after.curve(found)
    return Proof(*curves, shown, difference, error, len(after.judged), reason=reason)


def mean_and_error(values: Float, weights: Float) -> tuple[float, float]:
    """Return the weighted mean of at least two rows and its standard error.

    ``se^2 = n / (n - 1) sum w^2 (v - mean)^2 / (sum w)^2``, with equal weights the square of deviation / sqrt(n).
    """
    total, n = float(weights.sum()), np.count_nonzero(weights)
    mean = float((weights * values).sum()) / total
    squares = float(((weights * (values - mean)) ** 2).sum())
    return mean, math.sqrt(n / (n - 1) * squares) / total
