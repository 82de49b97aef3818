"""fanin's populations and its searches."""

import time
from collections.abc import Iterator
from functools import partial
from statistics import median
from typing import Any

import fanin
from bench import data
from bench.search import Population, Trials
from bench.workers.serve import Task
from fanin import optim, search

TURNS = 5  # of both ways, a round


def population(case: Population) -> Iterator[Task]:
    """Each way with new nets, of which neither the construction is timed."""
    x, y = data.samples(case)
    rates = search.LogUniform(1e-4, 1e-2).rvs(case.members, random_state=0)
    options = [{"rule": optim.Adam(rate), "batch_size": case.batch, "epochs": case.epochs} for rate in rates]

    def built() -> list[Any]:
        hidden, outputs = case.sizes[1:-1], case.sizes[-1]
        layers = [*(fanin.Dense(units, case.activation) for units in hidden), fanin.Dense(outputs)]
        return [fanin.Network(case.sizes[0], layers, case.loss, seed=seed) for seed in range(case.members)]

    def one_by_one(nets: list[Any]) -> None:
        with fanin.num_threads(1):
            for net, of in zip(nets, options, strict=True):
                net.fit(x, y, **of)

    def together(nets: list[Any]) -> None:
        fanin.train_together([(net, x, y, of) for net, of in zip(nets, options, strict=True)])

    def seconds(way: Any) -> float:
        nets = built()
        begin = time.perf_counter()
        way(nets)
        return time.perf_counter() - begin

    def times(_: float) -> float:
        pairs = [(seconds(one_by_one), seconds(together)) for _ in range(TURNS)]
        alone, all_at_once = map(median, zip(*pairs, strict=True))
        return alone / all_at_once

    yield Task("population", check=list, measure=times)


def random_searches(case: Trials) -> Iterator[Task]:
    from bench.workers import trials
    from fanin.sklearn import MLPClassifier, PopulationSearchCV

    plain = partial(PopulationSearchCV, min_epochs=case.epochs)
    yield from trials.tasks(case, MLPClassifier, plain)
    yield from trials.tasks(case, MLPClassifier, PopulationSearchCV, result="halving")


def tune(estimator: Any, folds: Any, rows: Any, seed: int, seconds: float) -> Any:
    from bench.workers import tuning
    from fanin.sklearn import PopulationSearchCV

    space = {
        "mlp__learning_rate_init": search.LogUniform(*tuning.RATES),
        "mlp__alpha": search.LogUniform(*tuning.PENALTIES),
        "mlp__beta_1": search.OneMinusLogUniform(1 - tuning.LACKS[1], 1 - tuning.LACKS[0]),
        "mlp__batch_size": search.Choice(tuning.BATCHES),
        "mlp__hidden_layer_sizes": search.TupleOf(
            search.IntUniform(*tuning.UNITS), search.IntUniform(*tuning.LAYERS)
        ),
    }
    found = PopulationSearchCV(
        estimator,
        space,
        max_epochs=tuning.EPOCHS,
        max_time=seconds,
        rounds=None,
        cv=folds,
        refit=False,
        random_state=seed,
    ).fit(rows.X, rows.y)
    return tuning.Choice({**found.best_params_, "mlp__max_iter": found.n_epochs_}, len(found.search_.trials))


def tasks(case: Any) -> Iterator[Task]:
    if isinstance(case, Population):
        yield from population(case)
    elif isinstance(case, Trials):
        yield from random_searches(case)
    else:
        from bench.workers import tuning  # here, as it needs pandas and scikit-learn

        yield from tuning.tasks(case, tune)
