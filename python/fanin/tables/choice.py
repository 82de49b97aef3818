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
    if len(plan.ladder) == 1 and not plan.features:
        return _PLAIN, list(plan.ladder)
    judges = range(1 if len(trainer.y) >= _ENOUGH * len(trainer.folds) else min(2, len(trainer.folds) - 1))
    settings = _climb(trainer, plan.ladder, judges)
    if not plan.features or len(trainer.folds) <= _SCREENING[-1]:
        return _PLAIN, settings[: plan.settings]
    return _features(trainer, settings[0], judges), settings[: plan.settings]


def _climb(trainer: Trainer, ladder: Sequence[Setting], judges: Sequence[int]) -> list[Setting]:
    """Return the settings tried, the best first: two at a time, until the second of them is no better."""
    best = ladder[0]
    others: list[Setting] = []
    for start in range(0, len(ladder), 2):
        rungs = ladder[start : start + 2]
        wanted = [Wanted(_PLAIN, setting, fold) for setting in rungs for fold in judges]
        if not trainer.has_time(wanted, best):
            break
        trainer.train(wanted)
        for rung in rungs:
            if rung is not best and trainer.is_better((_PLAIN, rung), (_PLAIN, best), judges):
                best, others = rung, [best, *others]
            elif rung is not best:
                others = [*others, rung]
        if best is not rungs[-1]:
            break
    return [best, *sorted(others, key=lambda setting: trainer.score(_PLAIN, setting, judges))]


def _features(trainer: Trainer, setting: Setting, judges: Sequence[int]) -> Features:
    """Return the features that improve this setting: spikes, pairs, or both."""
    wanted = [Wanted(_PLAIN, setting, fold) for fold in (*judges, *_SCREENING)]
    if not trainer.has_time(3 * wanted, setting):
        return _PLAIN
    trainer.train(wanted)
    candidates = [Features(spikes=True)] if trainer.coding.has_spikes else []
    if trainer.task.outputs == 1 and (pairs := _pairs(trainer, setting)):
        candidates.append(Features(pairs=pairs))
    trainer.train(Wanted(each, setting, fold) for each in candidates for fold in judges)
    kept = [each for each in candidates if trainer.is_better((each, setting), (_PLAIN, setting), judges)]
    if len(kept) == 2:
        both = Features(spikes=True, pairs=kept[1].pairs)
        trainer.train(Wanted(both, setting, fold) for fold in judges)
        kept.append(both)
    return min(kept, key=lambda each: trainer.score(each, setting, judges), default=_PLAIN)


def _pairs(trainer: Trainer, setting: Setting) -> tuple[Pair, ...]:
    """Return the pairs of columns that best explain what this setting leaves of rows held out."""
    rows = np.flatnonzero(np.isin(trainer.fold, _SCREENING))[:_SCREENED]
    predicted = trainer.predicted(_PLAIN, setting, _SCREENING)[rows, 0]
    y = trainer.first_target
    residual, curvature = trainer.task.newton(y[rows], predicted)
    if trainer.weight is not None:
        residual, curvature = residual * trainer.weight[rows], curvature * trainer.weight[rows]
    grids = telling(trainer.coding.grids, y)
    return screen(grids, rows, residual, curvature, trainer.part[rows], _PAIRS)
