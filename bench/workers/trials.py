"""What the random searches of fanin and of scikit-learn are timed at: the same classifier, data and ranges."""

import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from scipy.stats import loguniform
from sklearn.datasets import make_classification

from bench.search import Trials
from bench.workers.serve import Task

RANGES = {"learning_rate_init": loguniform(1e-4, 1e-2), "alpha": loguniform(1e-6, 1e-2)}
TOLERANCE = 0.03  # of scores: trials are drawn by each library, and fanin lowers the rate at the end


def labelled(case: Trials) -> tuple[Any, Any]:
    x, y = make_classification(case.rows, case.inputs, n_informative=case.inputs // 2, random_state=0)
    return x.astype(case.dtype), y


def tasks(
    case: Trials, kind: type[Any], make: Callable[..., Any], column: str = "", result: str = "random search"
) -> Iterator[Task]:
    """Whole searches; `make` gets a classifier, the ranges and what both searches have."""
    warnings.simplefilter("ignore")  # that the epochs are not enough to converge
    mlp = kind((case.units,), batch_size=case.batch, max_iter=case.epochs, tol=0.0, random_state=0)
    mlp.set_params(n_iter_no_change=np.inf)
    make = partial(make, mlp, RANGES, n_iter=case.trials, cv=case.folds, refit=False, random_state=0)
    x, y = labelled(case)
    found: list[Any] = []

    def seconds(_: float = 0.0) -> float:
        begin = time.perf_counter()
        found[:] = [make().fit(x, y)]
        return time.perf_counter() - begin

    def check() -> list[float]:
        """The mean score of all trials that were trained to the end, and the best."""
        seconds()
        results = found[0].cv_results_
        if len({str(params) for params in results["params"]}) != case.trials:
            raise ValueError(f"{case.trials} trials expected, but got {len(results['params'])}")
        return [float(take(results["mean_test_score"])) for take in (np.mean, np.max)]

    yield Task(
        result,
        column=column,
        check=check if result == "random search" else list,
        tolerance=TOLERANCE,
        measure=seconds,
    )
