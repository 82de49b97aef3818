"""What the curves of the losses show: divergence, plateaus, overfitting, jumps."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from fanin.diagnose.evidence import Evidence
from fanin.diagnose.finding import Finding, Severity
from fanin.diagnose.remedies import clipped, other_rate, stopped_early
from fanin.optim import Solver
from fanin.training.early_decay import slope_of
from fanin.training.rates import steps_per_epoch

if TYPE_CHECKING:
    from fanin.training.watched import Figures

_DIVERGED = 3.0  # times the baseline
_PLATEAU, _CHECKS = 0.01, 3  # distance from the baseline, in epochs in a row
_ABOVE = 0.1  # above the baseline, it is not a plateau
_STEADY = -3.0  # t of a slope
_RISE, _SERIOUS = 0.02, 0.1  # of the validation loss above its minimum, in baselines
_LAST = 3  # epochs, whose mean is compared
_SPIKE = 10.0  # deviations of the losses of batches
_JUMP = 0.1  # of the loss of a batch, in baselines


def progress(evidence: Evidence) -> Iterator[Finding]:
    """Find what the curves show."""
    if evidence.target.deviation == 0:
        yield Finding("no_signal", "all targets are equal: there is nothing to learn", 0.0, 0.0)
        return
    if diverges := [*_divergence(evidence)]:
        yield from diverges
        return
    plateau = [*_plateau(evidence)]
    yield from plateau or _overfitting(evidence)
    yield from _spike(evidence)


def _divergence(evidence: Evidence) -> Iterator[Finding]:
    history = evidence.history
    if evidence.error:
        message, epoch = evidence.error.split(";")[0], len(history.loss) + 1
        yield Finding("divergence", message, math.inf, _DIVERGED, epoch=epoch, remedy=other_rate(evidence))
        return
    target = evidence.target
    if not 0 < target.scale < math.inf:
        return
    for name, losses in (("training", history.loss), ("validation", history.val_loss)):
        distances = (np.array(losses) - target.floor) / target.scale
        if losses and distances[-1] > _DIVERGED:
            times = float(distances[-1])
            message = f"the {name} loss ends at {losses[-1]:.3g}, far above {target.baseline:.3g} of constant outputs"
            epoch = 1 + int(np.argmax(distances > _DIVERGED))
            yield Finding("divergence", message, times, _DIVERGED, epoch=epoch, remedy=other_rate(evidence))
            return


def _plateau(evidence: Evidence) -> Iterator[Finding]:
    """Find a loss that stays at that of constant outputs, or above."""
    history, baseline, scale = evidence.history, evidence.target.baseline, evidence.target.scale
    if not 0 < scale < math.inf:
        return
    for name, losses in (("training", history.loss), ("validation", history.val_loss)):
        curve = np.array(losses)
        worse = curve > baseline - _PLATEAU * scale
        if len(curve) < _CHECKS or not worse[-_CHECKS:].all() or _falls(curve):
            continue
        apart, epoch = float(curve[-1] - baseline) / scale, 1 + int(np.argmax(worse))
        above = apart > _ABOVE
        message = f"the {name} loss {'ends' if above else 'stays'} at {curve[-1]:.4g}"
        message += f"; that of constant outputs is {baseline:.4g}"
        remedy = other_rate(evidence, 0.1 if above else 10.0)
        kind, threshold = ("divergence", _ABOVE) if above else ("base_rate_plateau", _PLATEAU)
        yield Finding(kind, message, abs(apart), threshold, epoch=epoch, remedy=remedy)
        return


def _falls(curve: Figures) -> bool:
    """Return whether the last half of a curve falls steadily, by more than its distance to a plateau."""
    late = curve[len(curve) // 2 :]
    if len(late) < _CHECKS or not np.isfinite(late).all():
        return False
    fall, t = slope_of(late.tolist())
    return t < _STEADY and fall * len(late) > _PLATEAU


def _overfitting(evidence: Evidence) -> Iterator[Finding]:
    history, scale = evidence.history, evidence.target.scale
    if history.best_epoch is not None:  # whose weights were restored
        return
    val, losses = np.array(history.val_loss), np.array(history.loss)
    if len(val) < 2 * _LAST or not np.isfinite(val).all() or not 0 < scale < math.inf:
        return
    best = 1 + int(np.argmin(val))
    rise = float(val[-_LAST:].mean() - val.min()) / scale
    noise = float(np.std(np.diff(val[len(val) // 2 :] / scale)))
    if rise <= max(_RISE, 2 * noise if rise < _SERIOUS else 0.0) or len(val) - best < _LAST:
        return
    if losses[-1] >= losses[best - 1]:
        return
    severity: Severity = "fault" if rise > _SERIOUS else "warning"
    message = (
        f"the validation loss was lowest in epoch {best}, {val.min():.3g}, and is {val[-1]:.3g} at the end, "
        "while the training loss fell"
    )
    remedy = stopped_early(evidence)
    yield Finding("overfitting", message, rise, _SERIOUS, epoch=best, severity=severity, remedy=remedy)


def _steps_before_short_batch(evidence: Evidence) -> int:
    """Return the steps of an epoch if its last batch has fewer rows, whose loss varies more; else 0."""
    settings, rows = evidence.settings, evidence.target.rows
    if isinstance(settings.rule, Solver) or rows % min(settings.batch_size or rows, rows) == 0:
        return 0
    return steps_per_epoch(evidence.start, rows, settings)


def _spike(evidence: Evidence) -> Iterator[Finding]:
    watched = evidence.watched
    if watched is None or len(watched.epochs) < 2:
        return
    before, high = watched.loss[:-1], watched.highest_loss[1:]
    deviation = np.maximum(watched.loss_deviation[:-1], 1e-3 * np.abs(before))
    with np.errstate(invalid="ignore", divide="ignore"):
        scores = (high - before) / deviation
    counts = high - before > _JUMP * evidence.target.scale
    if (per_epoch := _steps_before_short_batch(evidence)) > 1:
        counts &= watched.highest_step[1:] % per_epoch != 0
    scores = np.where(counts, scores, np.nan)
    if not np.isfinite(scores).any():
        return
    worst = int(np.nanargmax(np.where(np.isfinite(scores), scores, -math.inf)))
    if scores[worst] <= _SPIKE:
        return
    step, epoch = int(watched.highest_step[worst + 1]), int(watched.epochs[worst + 1])
    message = (
        f"the loss of the batch at step {step} jumps to {high[worst]:.3g}, {scores[worst]:.0f} deviations above "
        f"the mean of the epoch before, {before[worst]:.3g}"
    )
    number, remedy = float(scores[worst]), clipped(evidence)
    yield Finding("spike", message, number, _SPIKE, epoch=epoch, step=step, severity="warning", remedy=remedy)
