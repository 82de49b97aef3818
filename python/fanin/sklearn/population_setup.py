"""What PopulationSearchCV checks and prepares before it searches."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin, clone, is_classifier
from sklearn.model_selection import check_cv
from sklearn.utils import indexable

from fanin.data.inputs import row_count
from fanin.search.journal import Journal, digest, text_of
from fanin.search.plan import Plan, planned
from fanin.sklearn.base import Perceptron
from fanin.sklearn.population_folds import accuracy
from fanin.sklearn.population_training import Fold, fold_of, last_step, prefix_of
from fanin.values import check_number

_TAIL = 0.2


def plan_of(search: Any, seed: int) -> Plan:
    """Return the plan of a search; raise unless its parameters are valid."""
    last, prefix = last_step(search.estimator), prefix_of(search.estimator)
    if not isinstance(last, Perceptron):
        kind = last if isinstance(last, type) else type(last)
        got = f"{'the class ' if kind is last else ''}{kind.__qualname__} of {kind.__module__.split('.')[0]}"
        raise TypeError(
            "estimator: expected an MLPClassifier or MLPRegressor of fanin.sklearn, or a pipeline that ends with "
            f"one, got {'a pipeline that ends with ' if prefix else ''}{got}"
        )
    max_epochs = last.max_iter if search.max_epochs == "auto" else search.max_epochs
    if isinstance(max_epochs, str):
        raise ValueError(f'max_epochs: expected a number or "auto", got {max_epochs!r}')
    if search.error_score != "raise":
        check_number("error_score", search.error_score, finite=False)
    if search.scoring is not None and not isinstance(search.scoring, str) and not callable(search.scoring):
        raise TypeError(f"scoring: expected one metric, got {search.scoring!r}")
    if search.journal is not None and not isinstance(search.random_state, int | np.integer):
        raise ValueError(f"random_state: expected an integer with a journal, got {search.random_state!r}")
    plan = planned(
        search.param_distributions,
        name="param_distributions",
        n_iter=search.n_iter,
        factor=search.factor,
        min_epochs=search.min_epochs,
        max_epochs=max_epochs,
        rounds=search.rounds,
        tiers=search.tiers,
        max_time=search.max_time,
        seed=seed,
        parts_after=int(bool(search.refit)),
    )
    names = search.estimator.get_params()
    for name in plan.parameters:
        if name not in names:
            known = ", ".join(sorted(known for known in names if known.startswith(prefix)))
            raise ValueError(f"param_distributions: expected parameters such as {known}, got {name!r}")
        if name == f"{prefix}max_iter":
            raise ValueError(
                f"param_distributions: {name} is the number of epochs, which rungs set; expected max_epochs instead"
            )
    return plan


def shared_parameters(estimator: Any, seed: int) -> dict[str, Any]:
    """Return the parameters that all trials share, unless they are drawn: one seed, and the tail."""
    last, prefix = last_step(estimator), prefix_of(estimator)
    shared: dict[str, Any] = {}
    if last.random_state is None:
        shared[f"{prefix}random_state"] = seed
    if last.linear_tail == 0:
        shared[f"{prefix}linear_tail"] = _TAIL
    return shared


def quick_scorer(scorer: Any, search: Any, y: Any) -> Any:
    """Return the scorer, or a quick one that gives the same: for the default score of one label a row."""
    last = last_step(search.estimator)
    is_default = search.scoring is None and type(last).score is ClassifierMixin.score
    return accuracy if is_default and getattr(y, "ndim", 0) == 1 else scorer


def folds_of(
    search: Any, X: Any, y: Any, sample_weight: Any, groups: Any, validation: tuple[Any, Any, Any]
) -> tuple[list[Fold], float]:
    """Return the folds, and the ratio of test to training rows."""
    if y is None:
        raise ValueError("PopulationSearchCV requires y to be passed, but the target y is None")
    if all(given is None for given in validation):
        X, y, sample_weight, groups = indexable(X, y, sample_weight, groups)
        splits = check_cv(search.cv, y, classifier=is_classifier(search.estimator)).split(X, y, groups)
        folds = [fold_of(X, y, sample_weight, train, test) for train, test in splits]
        sizes = [(row_count("y", fold.train[1]), row_count("y", fold.test[1])) for fold in folds]
        if not all(map(all, sizes)) or not sizes:
            raise ValueError(f"cv: expected splits into rows to train on and rows to score with, got {sizes}")
        return folds, sum(test / train for train, test in sizes) / len(sizes)
    X_val, y_val, _ = validation
    if X_val is None or y_val is None:
        raise ValueError("X_val, y_val: expected both or neither")
    if search.cv is not None:
        raise ValueError(f"cv: expected None with X_val, got {search.cv!r}")
    X, y, sample_weight = indexable(X, y, sample_weight)
    return [Fold((X, y, sample_weight), validation)], 0.0


def journal_of(search: Any, plan: Plan, folds: list[Fold]) -> Journal:
    """Return the journal of a search."""
    if search.journal is None:
        return Journal(None, {})
    scoring = getattr(search.scoring, "__qualname__", None) or text_of(search.scoring)
    identity = {
        "scoring": scoring,
        "error_score": repr(search.error_score),
        "estimator": digest(clone(search.estimator)),
        "data": digest(*(part for fold in folds for rows in fold for part in rows)),
    }
    return Journal(search.journal, {**plan.identity(), **identity})
