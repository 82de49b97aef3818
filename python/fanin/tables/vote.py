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
    """Networks, their weights and settings; if rows were held out, predictions of them, and the score of these."""

    networks: tuple[Network, ...]
    weights: tuple[float, ...]
    settings: tuple[Setting, ...]
    predicted: Float | None = None
    score: float | None = None


def members_of(trainer: Trainer, plan: Plan, features: Features, settings: Sequence[Setting]) -> Vote:
    """Train the members that see all rows, with equal weights."""
    numbers = _numbers(trainer, plan, features, settings)
    wanted = [Wanted(features, setting, number) for setting in settings for number in numbers]
    trainer.train(wanted)
    networks = tuple(trainer.network(each) for each in wanted)
    return Vote(networks, (1 / len(networks),) * len(networks), tuple(each.setting for each in wanted))


def _numbers(trainer: Trainer, plan: Plan, features: Features, settings: Sequence[Setting]) -> range:
    """Return the numbers of members that see all rows; fewer if there is no time for half of their steps."""

    def share(count: int) -> float:
        return trainer.share(
            Wanted(features, setting, -1 - number) for setting in settings for number in range(count)
        )

    count = plan.members
    while count > 2 and share(count) < _LEAST_SHARE:
        count = (count + 1) // 2
    return range(-1, -1 - count, -1)


def folds_vote(trainer: Trainer, plan: Plan, features: Features, settings: Sequence[Setting]) -> Vote:
    """Train members that leave out a fold each; the weights of settings are greedy ones by out-of-fold predictions.

    With validation rows, no member leaves out a fold, and the weights are found by predictions of these rows.
    """
    voters = [*settings, *(LINEAR if plan.linear else ())]
    folds: Sequence[int] = trainer.folds
    if trainer.validation is not None:
        folds = _numbers(trainer, plan, features, voters)
    trainer.train(Wanted(features, setting, fold) for setting in voters for fold in folds)
    predicted = [trainer.predicted(features, setting, folds) for setting in voters]
    weights, score = greedy_weights(predicted, lambda mixed: trainer.score_of(mixed, folds))
    chosen = [(setting, weight) for setting, weight in zip(voters, weights, strict=True) if weight > 0]
    networks, shares, of_networks = [], [], []
    for setting, weight in chosen:
        for fold in folds:
            networks.append(trainer.network(Wanted(features, setting, fold)))
            shares.append(weight / len(folds))
            of_networks.append(setting)
    mixed = sum(weight * found for weight, found in zip(weights, predicted, strict=True))
    return Vote(tuple(networks), tuple(shares), tuple(of_networks), np.asarray(mixed), score)


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
