"""What all estimators of tables are compared at: the error on a fifth of the rows, and the time of a fit."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

from bench.cases import DataSet
from bench.tables import path_of
from bench.workers.serve import Task


def read(case: DataSet) -> tuple[Any, Any]:
    """The columns as the file has them, with missing values, and the targets."""
    X = pd.read_csv(path_of(case.name), skipinitialspace=True, na_values="?")
    y = X.pop(case.target)
    if case.classes:
        return X, y.astype(str).to_numpy()
    return X, np.log(y.to_numpy(float)) if case.logarithm else y.to_numpy(float) / case.unit


def with_categories(X: Any, case: DataSet) -> Any:
    """Without the numbers of rows, texts as categories: what peers are given."""
    X = X.drop(columns=list(case.ids))
    texts = [name for name in X if not pd.api.types.is_numeric_dtype(X[name])]
    return X.astype(dict.fromkeys(texts, "category"))


def split(X: Any, y: Any, case: DataSet, seed: int) -> list[Any]:
    """X of training and test, then y."""
    stratify = y if case.classes else None
    return train_test_split(X, y, test_size=0.2, random_state=seed, stratify=stratify)


def tasks(
    case: DataSet,
    make: Callable[[], Any],
    column: str = "",
    prepare: Callable[[Any, DataSet], Any] = with_categories,
    splits: int = 3,
) -> Iterator[Task]:
    """A round is a split: the error of a fit, and its seconds."""
    X, y = read(case)
    X = prepare(X, case)
    seeds = iter(range(splits))

    def fit(_: float) -> dict[str, float]:
        if (seed := next(seeds, None)) is None:
            raise ValueError(f"fitted to {splits} of the splits alone, as a fit takes minutes")
        X_train, X_test, y_train, y_test = split(X, y, case, seed)
        model, start = make(), time.perf_counter()
        model.fit(X_train, y_train)
        seconds = time.perf_counter() - start
        if case.classes:
            error = log_loss(y_test, model.predict_proba(X_test), labels=model.classes_)
        else:
            error = np.sqrt(np.mean((np.ravel(model.predict(X_test)) - y_test) ** 2))
        return {"error": 1e3 * float(error), "fit": seconds}

    yield Task("error", column=column, measure=fit)
