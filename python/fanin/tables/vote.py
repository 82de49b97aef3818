"""The weights of models in a common prediction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fanin.tables.recipe import CONSTANT, Plan, Setting
from fanin.tables.trainer import NO_FOLD, Features, Trainer, Wanted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fanin.network import Network

    Float = NDArray[np.float64]


_LEAST_SHARE = 0.5  # of the steps of all networks; with less time, there are fewer
_MOST_ROWS = 100_000  # that weights are found by


class Vote(NamedTuple):
    """Networks, their weights and settings; predictions of the rows held out from them, and the score of these."""

    networks: tuple[Network, ...]
    weights: tuple[float, ...]
    settings: tuple[Setting, ...]
    predicted: Float
    score: float


def vote(trainer: Trainer, plan: Plan, features: Features, settings: Sequence[Setting]) -> Vote:
    """Train networks that leave out a fold each, weigh their settings by it, and train more of these on all rows.

    With validation rows, all networks see all other rows, and predictions are those of the validation rows.
    """
    folds: Sequence[int] = trainer.folds[: plan.left_out]
    others, members = plan.others, plan.members
    if trainer.validation is not None:
        folds, members = (NO_FOLD,), members + plan.left_out

    def networks_of(setting: Setting, weight: float) -> list[Wanted]:
        """Return the networks of a setting: those that leave out a fold, and its share of those that see all rows."""
        of_folds = [Wanted(features, setting, fold) for fold in folds]
        again = [Wanted(features, setting, folds[0], 1)] if members and setting.hidden else []
        count = round(members * weight) if setting.epochs else 0
        more = (Wanted(features, setting, NO_FOLD, number) for number in range(count))
        return list(dict.fromkeys([*again, *of_folds, *more]))

    default = networks_of(settings[0], 1.0)
    if (
        trainer.share([*default, *(each for setting in others for each in networks_of(setting, 0.0))])
        < _LEAST_SHARE
    ):
        others, members = (CONSTANT,), min(members, 1)
    voters = (*settings, *others)
    trainer.train((each for setting in voters for each in networks_of(setting, 0.0)), default)
    weights = _weights(trainer, features, voters, folds, bool(members))
    groups = [
        (weight, networks_of(setting, weight))
        for setting, weight in zip(voters, weights, strict=True)
        if weight > 0
    ]
    trainer.train(each for _, group in groups for each in group)
    chosen = [each for _, group in groups for each in group]
    networks = tuple(trainer.network(each) for each in chosen)
    shares = tuple(weight / len(group) for weight, group in groups for _ in group)
    rows = trainer.rows_in(folds)
    if trainer.validation is None:
        predicted = _mixed(weights, [trainer.predicted(features, setting, folds) for setting in voters])
        score = trainer.score_of(predicted[rows], rows)
    else:
        predicted = _mixed(shares, [trainer.held_out(each) for each in chosen])
        score = trainer.score_of(predicted, rows)
    return Vote(networks, shares, tuple(each.setting for each in chosen), predicted, score)


def _weights(
    trainer: Trainer, features: Features, voters: Sequence[Setting], folds: Sequence[int], doubled: bool
) -> Sequence[float]:
    """Return the weights of the voters by the rows of these folds.

    Of numbers, a few rows may lose more than all others: the first setting stays alone unless its vote with others is
    better by more than two standard errors.
    """
    rows = trainer.rows_in(folds)
    rows = rows[:: -(-len(rows) // _MOST_ROWS)]
    predicted = [trainer.predicted(features, setting, folds)[rows] for setting in voters]
    gains = [
        trainer.gain(features, setting, folds[0]) if doubled and setting.hidden else 0.0 for setting in voters
    ]
    y, weight = trainer.y[rows], None if trainer.weight is None else trainer.weight[rows]
    found = [trainer.task.evidence(y, each) for each in predicted]
    weights = greedy_weights(found, lambda mixed: trainer.task.score(y, mixed, weight), gains)
    if trainer.task.classifies or trainer.is_better(_mixed(weights, predicted), predicted[0], rows, 2):
        return weights
    return (1.0, *(0.0 for _ in voters[1:]))


def _mixed(weights: Sequence[float], predicted: Sequence[Float]) -> Float:
    """Return the mean of predictions with these weights."""
    return np.asarray(sum(weight * each for weight, each in zip(weights, predicted, strict=True)))


def greedy_weights(
    models: Sequence[Float], score: Callable[[Float], float], gains: Sequence[float], rounds: int = 20
) -> tuple[float, ...]:
    """Return the weights of models, by greedy selection.

    Starts with the best model; each round adds the model, again if need be, with which the mean of all chosen so far
    scores lowest (Caruana et al. 2004). The lowest mean of all rounds is kept, so it is never worse than the best
    model alone.

    Parameters
    ----------
    models : sequence of arrays
        Predictions of each model for the same rows, none of which it was trained on.
    score : function of an array of predictions
        Lower is better.
    gains : sequence of float
        By how much the score of each model, alone, will fall, since it will be averaged over several networks; with
        weight w, by w^2 times that.
    rounds : int
        Number of models chosen, so weights are multiples of 1 / rounds or of a larger part.
    """
    counts: Float = np.zeros(len(models))
    chosen: Float = counts
    total, best = np.zeros_like(models[0]), np.inf
    for size in range(1, rounds + 1):
        scores = []
        for index, model in enumerate(models):
            weights = (counts + (np.arange(len(models)) == index)) / size
            scores.append(score((total + model) / size) - float(np.add.reduce(weights * weights * gains)))
        index = int(np.argmin(scores))
        counts[index] += 1
        total = total + models[index]
        if scores[index] < best:
            best, chosen = scores[index], counts / size
    return tuple(chosen.tolist())
