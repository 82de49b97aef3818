"""Rates that are too fast or too slow, and fits that are too short."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from fanin.checks import counted
from fanin.diagnose.described import dense_weights
from fanin.diagnose.evidence import Evidence
from fanin.diagnose.finding import Finding, Severity
from fanin.diagnose.remedies import longer, other_rate
from fanin.optim import Solver
from fanin.training.early_decay import slope_of

if TYPE_CHECKING:
    from fanin.training.watched import Figures

_LARGE_UPDATES, _TINY_UPDATES = 0.1, 1e-3  # as a share of the weights, at the start
_LEARNED = 0.1  # of the baseline: a rate that learns this well may yet be right
_REVERSES = -0.3  # cosine of successive steps
_FLUCTUATES = 0.03  # changes of the loss from epoch to epoch, in baselines
_STEADY = -3.0  # t of the slope
_FALL, _FALL_OF_TRAINING = 0.015, 0.03  # of the loss over a quarter of the fit, in baselines
_FALL_IF_SLOW = 0.003  # with tiny updates
_NO_UPDATES, _NOT_LEARNED = 1e-4, 0.5  # with such updates, of a loss above this share of the baseline
_FEW_EPOCHS, _FEW_STEPS = 6, 200
_RECORDS = 3


def pace(evidence: Evidence) -> Iterator[Finding]:
    """Find what the sizes of updates, and the course of the loss, say about the rate and the length of a fit."""
    if isinstance(evidence.settings.rule, Solver) or not evidence.history.loss:
        return
    yield from [*_fast(evidence)] or [*_oscillation(evidence)] or _unfinished(evidence)


def starts_fast(evidence: Evidence) -> bool:
    """Return whether the first updates are too large a share of the weights."""
    return _first(evidence) > _LARGE_UPDATES


def _largest_ratios(evidence: Evidence) -> Figures:
    """Return the largest update of an array of weights, as a share of the weights, of each record that has one.

    Arrays that start at 0 do not count.
    """
    watched = evidence.watched
    if watched is None:
        return np.array([])
    drawn = [name for name, W in dense_weights(evidence.start).items() if np.any(W)]
    weights = [i for i, name in enumerate(watched.arrays) if name in drawn]
    ratios = watched.ratio[:, weights]
    largest: Figures = np.nanmax(ratios[np.isfinite(ratios).any(axis=1)], axis=1, initial=0.0)
    return largest


def _first(evidence: Evidence) -> float:
    """Return the ratio of the first record that has one; or NaN."""
    largest = _largest_ratios(evidence)
    return float(largest[0]) if len(largest) else math.nan


def _peak(evidence: Evidence) -> float:
    """Return the largest ratio of all records, because rules may warm up; or NaN."""
    largest = _largest_ratios(evidence)
    return float(largest.max()) if len(largest) else math.nan


def _fast(evidence: Evidence) -> Iterator[Finding]:
    history, target, ratio = evidence.history, evidence.target, _first(evidence)
    raced = any(decision.what == "learning_rate" for decision in history.decisions)
    if ratio > _LARGE_UPDATES and not raced:
        learned = (history.val_loss or history.loss)[-1] - target.floor < _LEARNED * target.scale
        severity: Severity = "warning" if learned else "fault"
        message = f"the first updates are {ratio:.2g} of the weights"
        yield Finding(
            "fast_rate",
            message,
            ratio,
            _LARGE_UPDATES,
            step=1,
            severity=severity,
            remedy=other_rate(evidence),
        )


def _oscillation(evidence: Evidence) -> Iterator[Finding]:
    watched, scale = evidence.watched, evidence.target.scale
    cosines = np.array([]) if watched is None else watched.cosine[np.isfinite(watched.cosine)]
    if len(cosines) >= _RECORDS:
        number = float(np.median(cosines[len(cosines) // 2 :]))
        if number < _REVERSES:
            message = f"successive steps reverse: the cosine of their angle is {number:.2f}"
            yield Finding("oscillation", message, number, _REVERSES, remedy=other_rate(evidence))
            return
    losses = np.array(evidence.history.loss)
    if len(losses) < _FEW_EPOCHS or not 0 < scale < math.inf:
        return
    late = losses[len(losses) // 2 :]
    change = float(np.std(np.diff(late / scale)))
    fall, t = slope_of(late.tolist())
    if change > _FLUCTUATES and not (t < _STEADY and fall > 0):
        message = (
            f"the training loss fluctuates by {change * scale:.3g} from epoch to epoch, "
            f"{_times(change)} {evidence.target.scale_name}"
        )
        yield Finding("oscillation", message, change, _FLUCTUATES, remedy=other_rate(evidence))


def _unfinished(evidence: Evidence) -> Iterator[Finding]:
    """Find a loss that still falls; on the validation data, if there are any."""
    history, target, scale = evidence.history, evidence.target, evidence.target.scale
    steps, epochs = int(history.steps), len(history.loss)
    validates = len(history.val_loss) == epochs
    losses, least = (history.val_loss, _FALL) if validates else (history.loss, _FALL_OF_TRAINING)
    if epochs < _FEW_EPOCHS:
        if steps < _FEW_STEPS:
            message = f"the fit took only {counted(steps, 'step')}"
            yield Finding("too_few_epochs", message, steps, _FEW_STEPS, remedy=longer(evidence))
            return
        before = losses[-2] if epochs > 1 else history.loss[0]
        fall = (before - losses[-1]) / scale if scale > 0 else 0.0
        steady = epochs > 1 or validates
    else:
        fall, steady = _late_fall(losses, scale)
    what, ratio = "validation loss" if validates else "training loss", _peak(evidence)
    slow = ratio < _TINY_UPDATES
    stuck = ratio < _NO_UPDATES and losses[-1] - target.floor > _NOT_LEARNED * scale
    if not stuck and not (steady and fall > (_FALL_IF_SLOW if slow else least)):
        return
    if slow:
        state = "has hardly fallen" if stuck else "still falls at the end"
        message = f"the {what} {state}; updates are at most {ratio:.1g} of the weights"
        yield Finding("slow_rate", message, ratio, _TINY_UPDATES, remedy=other_rate(evidence, 10.0))
    else:
        message = f"the {what} still falls at the end, by {_times(fall)} {target.scale_name}"
        message += " in the last quarter of the fit" if epochs >= _FEW_EPOCHS else " in the last epoch"
        severity: Severity = "fault" if fall > 2 * least else "warning"
        remedy = longer(evidence)
        yield Finding(
            "too_few_epochs", message, fall, 2 * least, epoch=epochs, severity=severity, remedy=remedy
        )


def _times(share: float) -> str:
    """Return a share as what comes before its whole: "8.6% of", "12 times"."""
    return f"{share:.1%} of" if share < 1 else f"{share:.3g} times"


def _late_fall(losses: Sequence[float], scale: float) -> tuple[float, bool]:
    """Return the fall from one quarter of the fit to the last, in scales, and whether it is beyond chance."""
    quarter = max(_FEW_EPOCHS // 2, len(losses) // 4)
    late = np.array(losses[-2 * quarter :])
    if not (np.isfinite(late).all() and scale > 0):
        return 0.0, False
    fall = float(late[:quarter].mean() - late[quarter:].mean()) / scale
    return fall, slope_of(late.tolist())[1] < _STEADY
