"""Choosing settings and features by the loss of rows held out from the networks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fanin.tables.pairs import Pair, screen, telling
from fanin.tables.recipe import Plan, Setting
from fanin.tables.trainer import Features, Trainer, Wanted

_ENOUGH = 5_000  # held-out rows to choose by; a second fold is taken below
_SCREENING = (2, 3)  # folds whose rows pairs are screened on: others than those that judge them
_PAIRS = 4  # that are encoded
_SCREENED = 50_000  # rows that pairs are screened on, at most
_PLAIN = Features()


def choose(trainer: Trainer, plan: Plan) -> tuple[Features, list[Setting]]:
    """Return the features, and the settings that vote, the best first.

    What is simpler stays unless something else is better by more than the standard error of the difference. With a time
    limit, nothing is tried that would take time from the members.
    """
    chosen, ladder = _PLAIN, plan.ladder
    if len(ladder) == 1 and not plan.features:
        return chosen, list(ladder)
    judges: Sequence[int] = range(
        1 if len(trainer.y) >= _ENOUGH * len(trainer.folds) else min(2, len(trainer.folds) - 1)
    )
    if trainer.validation is not None:
        judges = (-1,)
    if plan.features:
        chosen = _with_spikes(trainer, ladder[0], judges)
        chosen = _with_pairs(trainer, chosen, ladder[0], judges)
    return chosen, _climb(trainer, chosen, ladder, judges)[: plan.settings]


def _with_spikes(trainer: Trainer, setting: Setting, judges: Sequence[int]) -> Features:
    """Return the features with spikes, if they are better than without."""
    spikes = Features(spikes=True)
    if not trainer.coding.has_spikes:
        return _PLAIN
    return _better(trainer, spikes, _PLAIN, setting, judges)


def _with_pairs(trainer: Trainer, chosen: Features, setting: Setting, judges: Sequence[int]) -> Features:
    """Return the features with pairs, if they are better than without."""
    screening = [Wanted(chosen, setting, fold) for fold in _SCREENING]
    if (
        trainer.task.outputs > 1
        or len(trainer.folds) <= _SCREENING[-1]
        or not trainer.has_time(screening, setting)
    ):
        return chosen
    trainer.train(screening)
    pairs = _pairs(trainer, chosen, setting)
    return _better(trainer, chosen._replace(pairs=pairs), chosen, setting, judges) if pairs else chosen


def _better(
    trainer: Trainer, new: Features, old: Features, setting: Setting, judges: Sequence[int]
) -> Features:
    """Return the new features if they are better than the old ones, and there is time to find out."""
    wanted = [Wanted(features, setting, fold) for fold in judges for features in (old, new)]
    if not trainer.has_time(wanted, setting):
        return old
    trainer.train(wanted)
    return new if trainer.is_better((new, setting), (old, setting), judges) else old


def _climb(
    trainer: Trainer, features: Features, ladder: Sequence[Setting], judges: Sequence[int]
) -> list[Setting]:
    """Return the settings tried, the best first: rung by rung, until one is no better than the last."""
    best, others = ladder[0], list[Setting]()
    at_once = 2 // len(judges)
    for start in range(1, len(ladder), at_once):
        rungs = ladder[start : start + at_once]
        wanted = [Wanted(features, setting, fold) for setting in (best, *rungs) for fold in judges]
        if not trainer.has_time(wanted, best):
            break
        trainer.train(wanted)
        for rung in rungs:
            if trainer.is_better((features, rung), (features, best), judges):
                best, others = rung, [best, *others]
            else:
                others.append(rung)
        if best is not rungs[-1]:
            break
    return [best, *sorted(others, key=lambda setting: trainer.score(features, setting, judges))]


def _pairs(trainer: Trainer, features: Features, setting: Setting) -> tuple[Pair, ...]:
    """Return the pairs of columns that best explain what this setting leaves of rows held out."""
    rows = np.flatnonzero(np.isin(trainer.fold, _SCREENING))[:_SCREENED]
    predicted = trainer.predicted(features, setting, _SCREENING)[rows, 0]
    y = trainer.first_target
    residual, curvature = trainer.task.newton(y[rows], predicted)
    if trainer.weight is not None:
        residual, curvature = residual * trainer.weight[rows], curvature * trainer.weight[rows]
    grids = telling(trainer.coding.grids, y)
    return screen(grids, rows, residual, curvature, trainer.part[rows], _PAIRS)
