"""What is timed of an MLPClassifier, fanin's or scikit-learn's: all that its methods do, checks included."""

import warnings
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from sklearn.model_selection import GridSearchCV

from bench import data
from bench.cases import Estimator
from bench.workers.serve import Task, microseconds


def tasks(module: Any, case: Estimator) -> Iterator[Task]:
    """A fit of so many epochs from the same seed, which gives the same model, and a prediction of one row."""
    warnings.simplefilter("ignore")  # that so few epochs are not enough to converge
    X, y = data.labelled(case)
    model = module.MLPClassifier(
        case.sizes[1:-1],
        batch_size=case.batch,
        max_iter=case.epochs,
        tol=0.0,
        n_iter_no_change=np.inf,
        random_state=0,
    )
    yield Task("fit", partial(model.fit, X, y), check=lambda: model.fit(X, y).loss_curve_)
    row = X[:1]
    yield Task("predict", partial(model.predict, row), check=lambda: model.predict_proba(row)[0].tolist())
    if case.searched:
        yield Task("grid search", measure=lambda _: gain_of_two_jobs(model, X, y))


def gain_of_two_jobs(model: Any, X: Any, y: Any) -> float:
    """The time of a grid search in this process over that in two, which run already."""

    def search(jobs: int) -> float:
        grid = {"alpha": np.logspace(-5, 0, 12)}
        return microseconds(partial(GridSearchCV(model, grid, cv=4, n_jobs=jobs, refit=False).fit, X, y))

    search(2)
    return search(1) / search(2)
