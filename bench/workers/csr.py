"""What the libraries get in the group sparse: rows in CSR format, and texts."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from bench.pool import ROOT
from bench.sparse import Newsgroups, SparseEstimator, SparseNet, rows
from bench.workers.serve import Task

CHECK_CALLS = 3
EPOCHS, BATCH = 3, 64  # of nets on texts
SLOW = ("scikit-learn liblinear", "scikit-learn MLPClassifier")
Predictor = Callable[[Any], Any]


def matrix(net: SparseNet) -> tuple[Any, Any]:
    """Rows whose columns ascend without duplicates, and labels."""
    columns, values, y = rows(net)
    starts = range(0, columns.size + 1, net.values)
    x = csr_matrix((values.ravel(), columns.ravel(), starts), shape=(net.samples, net.sizes[0]))
    x.sum_duplicates()
    return x, y


def classifier(kind: type[Any], case: SparseEstimator, steps: int) -> Iterator[Task]:
    """Some steps in one call of partial_fit, without a penalty."""
    x, y = matrix(case)
    settings: dict[str, Any] = {"alpha": 0.0, "batch_size": case.batch, "random_state": 0}
    model = kind(case.sizes[1:-1], **settings)
    few, classes = steps * case.batch, np.arange(case.sizes[-1])

    def call(count: int) -> float:
        return float(model.partial_fit(x[:count], y[:count], classes=classes).loss_)

    def check() -> list[float]:
        return [call(case.batch) for _ in range(CHECK_CALLS)]

    yield Task("estimator", lambda: call(few), check=check, per=steps)


def texts(
    case: Newsgroups, hashed: Any, fits: Mapping[str, Callable[[Any, Any], Predictor]]
) -> Iterator[Task]:
    """A round is the seconds of hashing and fitting, and the accuracy in per cent, for each way to fit."""
    sys.path.append(str(ROOT / "docs" / "examples"))
    import made_text

    made, seen = made_text.texts(case.train, case.test), set()

    def measured(column: str, _: float) -> tuple[float, float]:
        if column in SLOW and column in seen:
            raise ValueError("fitted once, as a fit takes minutes")
        seen.add(column)
        start = time.perf_counter()
        predict = fits[column](hashed.transform(made.train), made.train_labels)
        seconds = time.perf_counter() - start
        right = predict(hashed.transform(made.test)) == made.test_labels
        return seconds, 100 * float(right.mean())

    for column in fits:
        yield Task("hash and fit", column=column, measure=partial(measured, column))
