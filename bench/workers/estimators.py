"""What the estimators of fanin and of scikit-learn are timed at: whole fits, and the prediction of a row."""

import warnings
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import sklearn.datasets
from sklearn.preprocessing import StandardScaler

from bench import data
from bench.cases import Estimator
from bench.workers.serve import Task

CHECK_EPOCHS = 3
TOLERANCES = {"float32": 2e-3, "float64": 1e-9}  # after up to 1,000 steps


def labelled(case: Estimator) -> tuple[Any, Any]:
    if case.like:
        x, y = data.samples(case.like)
    else:
        x, y = getattr(sklearn.datasets, case.load)(return_X_y=True)
        x = StandardScaler().fit_transform(x)
    return np.ascontiguousarray(x, dtype=case.dtype), y


def tasks(kind: type[Any], case: Estimator) -> Iterator[Task]:
    """Fits of all epochs, with their validation and attributes, divided by the epochs."""
    warnings.simplefilter("ignore")  # that the epochs are not enough to converge
    x, y = labelled(case)
    make = partial(kind, case.hidden, batch_size=case.batch, tol=0.0, random_state=0)
    make = partial(make, n_iter_no_change=np.inf)
    first = make(max_iter=min(CHECK_EPOCHS, case.epochs))

    def check() -> list[float]:
        return [float(loss) for loss in first.fit(x, y).loss_curve_]

    def fit() -> None:
        make(max_iter=case.epochs).fit(x, y)

    tolerance = TOLERANCES[case.dtype]
    yield Task("fit", fit, check=check, tolerance=tolerance, per=case.epochs)
    yield Task("a row", partial(first.predict, x[:1]), check=check, tolerance=tolerance)
