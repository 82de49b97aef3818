"""Results of searches that were never run, for pictures of them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from fanin import search
from fanin.search.space import Space

SPACE = {
    "rate": search.LogUniform(1e-4, 1e-1),
    "momentum": search.OneMinusLogUniform(0.5, 0.999),
    "sizes": search.TupleOf(search.IntUniform(16, 128), search.IntUniform(1, 3)),
    "batch_size": [128, 32, 64],
    "dropout": search.Uniform(0.0, 0.5),
    "decay": search.Choice([0.0, search.LogUniform(1e-6, 1e-2)]),
    "activation": ["tanh", "relu"],
}
RUNGS = (1, 3, 9)


@dataclass
class FakeOutcome:
    epochs: int
    score: float


@dataclass
class FakeTrial:
    number: int
    params: dict
    outcomes: list = field(default_factory=list)


@dataclass
class FakeResult:
    trials: list
    space: object
    best: FakeTrial = None
    ties: tuple = ()
    importance: dict = field(default_factory=dict)


def searched(mapping=SPACE, trials=27):
    """A search by thirds: trial 0 fails at once, trial 1 at the second rung; of the others the last is best."""
    space = Space(mapping)
    result = FakeResult([FakeTrial(i, params) for i, params in enumerate(space.draw(trials, 0))], space)
    for trial in result.trials:
        reached = 1 + (trial.number > trials // 3 or trial.number == 1) + (trial.number > trials - 4)
        scores = [0.5 + trial.number / 100 + rung / 10 for rung in range(reached)]
        if trial.number < 2:
            scores[-1] = math.nan
        trial.outcomes = [FakeOutcome(*outcome) for outcome in zip(RUNGS, scores, strict=False)]
    result.best, result.ties = result.trials[-1], (result.trials[-2],)
    return result


def lines_of(axes, *labels):
    return [line for line in axes.lines if line.get_label() in labels]


def of_trials(axes):
    return lines_of(axes, "best", "trained to the last rung", "stopped earlier", "failed")
