"""Optuna's TPE over fanin's estimators, as many trials at a time as there are threads."""

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import optuna
from sklearn.base import clone

import fanin
from bench.search import Tuning
from bench.workers import tuning
from bench.workers.serve import Task
from bench.workers.tuning import Choice, Rows

VERSION = optuna.__version__


def suggested(trial: Any) -> dict[str, Any]:
    layers = trial.suggest_int("layers", *tuning.LAYERS)
    return {
        "mlp__learning_rate_init": trial.suggest_float("rate", *tuning.RATES, log=True),
        "mlp__alpha": trial.suggest_float("alpha", *tuning.PENALTIES, log=True),
        "mlp__beta_1": 1 - trial.suggest_float("1 - beta_1", *tuning.LACKS, log=True),
        "mlp__batch_size": trial.suggest_categorical("batch_size", tuning.BATCHES),
        "mlp__hidden_layer_sizes": tuple(
            trial.suggest_int(f"units of layer {layer}", *tuning.UNITS) for layer in range(layers)
        ),
    }


def tune(estimator: Any, folds: Any, rows: Rows, seed: int, seconds: float) -> Choice:
    """The trials under way when the time is over are abandoned, as by fanin."""
    end = time.perf_counter() + seconds

    def left() -> float:
        if (now := time.perf_counter()) >= end:
            raise optuna.TrialPruned
        return end - now

    def score(trial: Any) -> float:
        params, scores = suggested(trial), []
        trial.set_user_attr("params", params)
        for train, test in folds.split(rows.X, rows.y):
            model = clone(estimator).set_params(**params, mlp__max_time=left())
            model.fit(rows.X[train], rows.y[train])
            left()
            scores.append(model.score(rows.X[test], rows.y[test]))
        return float(np.mean(scores))

    optuna.logging.disable_default_handler()
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
    study.optimize(score, timeout=seconds, n_jobs=fanin.get_num_threads(), catch=fanin.DivergedError)
    scored = study.get_trials(deepcopy=False, states=[optuna.trial.TrialState.COMPLETE])
    return Choice(study.best_trial.user_attrs["params"], len(scored))


def search(case: Any) -> Iterator[Task]:
    if isinstance(case, Tuning):
        yield from tuning.tasks(case, tune)
