"""The weights of models in a common prediction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fanin.tables.recipe import LINEAR, Plan, Setting
from fanin.tables.trainer import Features, Trainer, Wanted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fanin.network import Network

    Float = NDArray[np.float64]


_LEAST_SHARE = 0.5


class Vote(NamedTuple):
    """Networks and their weights; their out-of-fold predictions and the score of these, if rows were held out."""

    networks: tuple[Network, ...]
    weights: tuple[float, ...]
    out_of_fold: Float | None = None
    score: float | None = None


def members_of(trainer: Trainer, plan: Plan, features: Features, settings: Sequence[Setting]) -> Vote:
    """Train the members that see all rows, with equal weights; fewer if there is no time for half of their steps."""

    def members(count: int) -> list[Wanted]:
        return [Wanted(features, setting, -1 - number) for setting in settings for number in range(count)]

    count = plan.members
    while count > 2 and trainer.share(members(count)) < _LEAST_SHARE:
        count = (count + 1) // 2
    wanted = members(count)
    trainer.train(wanted)
    networks = tuple(trainer.network(each) for each in wanted)
    return Vote(networks, (1 / len(networks),) * len(networks))


def folds_vote(trainer: Trainer, plan: Plan, features: Features, settings: Sequence[Setting]) -> Vote:
    """Train members that leave out a fold each; the weights of settings are greedy ones by out-of-fold predictions."""
    voters = [*settings, *(LINEAR if plan.linear else ())]
    trainer.train(Wanted(features, setting, fold) for setting in voters for fold in trainer.folds)
    rows = np.arange(len(trainer.y))
    predicted = [trainer.predicted(features, setting, trainer.folds) for setting in voters]
    weights, score = greedy_weights(predicted, lambda mixed: trainer.score_of(mixed, rows))
    chosen = [(setting, weight) for setting, weight in zip(voters, weights, strict=True) if weight > 0]
    networks, shares = [], []
    for setting, weight in chosen:
        for fold in trainer.folds:
            networks.append(trainer.network(Wanted(features, setting, fold)))
            shares.append(weight / len(trainer.folds))
    mixed = sum(weight * found for weight, found in zip(weights, predicted, strict=True))
    return Vote(tuple(networks), tuple(shares), np.asarray(mixed), score)


def greedy_weights(
    models: Sequence[Float], score: Callable[[Float], float], rounds: int = 20
) -> tuple[tuple[float, ...], float]:
    """Return the weights of models, and the score of their mean with these weights, by greedy selection.

    Starts with the best model; each round adds the model, again if need be, with which the mean of all chosen so far
    scores lowest (Caruana et al. 2004). The lowest mean of all rounds is kept, so it is never worse than the best
    model alone.

    Parameters
    ----------
    models : sequence of arrays
        Predictions of each model for the same rows, none of which it was trained on.
    score : function of an array of predictions
        Lower is better.
    rounds : int
        Number of models chosen, so weights are multiples of 1 / rounds or of a larger part.
    """
    counts = [0] * len(models)
    total, best, chosen = np.zeros_like(models[0]), np.inf, tuple(counts)
    for size in range(1, rounds + 1):
        scores = [score((total + model) / size) for model in models]
        index = min(range(len(models)), key=scores.__getitem__)
        counts[index] += 1
        total = total + models[index]
        if scores[index] < best:
            best, chosen = scores[index], tuple(counts)
    return tuple(count / sum(chosen) for count in chosen), best
