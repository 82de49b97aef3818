"""Choosing settings and features by the score of rows held out from the networks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fanin.tables.pairs import Pair, screen, telling
from fanin.tables.recipe import Plan, Setting
from fanin.tables.trainer import Features, Trainer, Wanted

_PAIRS = 4  # that are encoded
_SCREENED = 50_000  # rows that pairs are screened on, at most
_SCREENING = (1, 2)  # folds whose rows pairs are screened on
_PLAIN = Features()


def climb(trainer: Trainer, ladder: Sequence[Setting]) -> list[Setting]:
    """Return the settings tried on fold 0, the best first; two at a time are tried, until the next two are no better."""
    tried: list[Setting] = []
    for start in range(0, len(ladder), 2):
        pair = ladder[start : start + 2]
        trainer.train(Wanted(_PLAIN, setting, 0) for setting in pair)
        tried = sorted([*tried, *pair], key=lambda setting: trainer.score(_PLAIN, setting, [0]))
        if tried[0] not in pair or (len(pair) > 1 and tried[0] is pair[0]):
            break
    return tried


def features(trainer: Trainer, setting: Setting, folds: Sequence[int]) -> Features:
    """Return the features that improve this setting on fold 0: spikes, pairs, or both.

    Pairs are screened on the rows of the other folds given, by networks that did not see these rows.
    """
    trainer.train(Wanted(_PLAIN, setting, fold) for fold in folds)
    candidates = []
    if trainer.coding.has_spikes:
        candidates.append(Features(spikes=True))
    if pairs := pairs_of(trainer, setting, folds):
        candidates.append(Features(pairs=pairs))
    trainer.train(Wanted(each, setting, 0) for each in candidates)
    without = trainer.score(_PLAIN, setting, [0])
    kept = [each for each in candidates if trainer.score(each, setting, [0]) < without]
    if len(kept) < 2:
        return kept[0] if kept else _PLAIN
    both = Features(spikes=True, pairs=kept[1].pairs)
    trainer.train([Wanted(both, setting, 0)])
    return min([*kept, both], key=lambda each: trainer.score(each, setting, [0]))


def pairs_of(trainer: Trainer, setting: Setting, folds: Sequence[int]) -> tuple[Pair, ...]:
    """Return the pairs of columns that best explain residuals of rows held out in these folds, without fold 0."""
    rows = np.flatnonzero(np.isin(trainer.fold, folds))[:_SCREENED]
    y = trainer.first_target
    predicted = trainer.predicted(_PLAIN, setting, folds)[rows, 0]
    if trainer.task.classifies:
        residual, curvature = y[rows] - predicted, predicted * (1 - predicted)
    else:
        residual = y[rows] - (predicted - trainer.task.mean[0]) / trainer.task.scale[0]
        curvature = np.ones(len(rows))
    if trainer.weight is not None:
        residual, curvature = residual * trainer.weight[rows], curvature * trainer.weight[rows]
    grids = telling(trainer.coding.grids, y)
    return screen(grids, rows, residual, curvature, trainer.part[rows], _PAIRS)


def choose(trainer: Trainer, plan: Plan) -> tuple[Features, list[Setting]]:
    """Return the features, and the settings that vote, the best first.

    With a time limit, less is tried: nothing that would take time from the members.
    """
    if len(plan.ladder) == 1 and not plan.features:
        return _PLAIN, list(plan.ladder)
    settings = climb(trainer, plan.ladder)
    chosen = _PLAIN
    if plan.features and trainer.has_time([Wanted(_PLAIN, settings[0], fold) for fold in range(5)]):
        chosen = features(trainer, settings[0], _SCREENING)
    return chosen, settings[: plan.settings]
