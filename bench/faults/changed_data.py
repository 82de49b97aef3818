"""Faults of the data."""

from dataclasses import replace
from typing import Any

import numpy as np

from bench.faults.setups import Data, Setup

RARE = 0.02  # share of the rare class
FLIPPED = 0.2
DUPLICATES = 0.3  # of the rows of validation


def moved_inputs(factor: float, offset: float, setup: Setup) -> Setup:
    """In every set of rows, as the user's file has them."""

    def moved(part: Data) -> Data:
        return (factor * part[0] + offset).astype(np.float32), part[1]

    return replace(setup, train=moved(setup.train), val=moved(setup.val), test=moved(setup.test))


def shuffled_labels(setup: Setup) -> Setup:
    random = np.random.default_rng(setup.seed)

    def shuffled(part: Data) -> Data:
        return part[0], random.permutation(part[1])

    return replace(setup, train=shuffled(setup.train), val=shuffled(setup.val))


def flipped_labels(setup: Setup) -> Setup | None:
    """A share of the labels of training and validation become another class."""
    if not setup.classes:
        return None
    random = np.random.default_rng(setup.seed)

    def flipped(part: Data) -> Data:
        X, y = part
        others = (y + random.integers(1, setup.classes, len(y))) % setup.classes
        return X, np.where(random.random(len(y)) < FLIPPED, others, y)

    return replace(setup, train=flipped(setup.train), val=flipped(setup.val))


def rare_class(setup: Setup) -> Setup | None:
    """Class 1 is left out of training but for a share of the rows."""
    if not setup.classes:
        return None
    X, y = setup.train
    others, rare = np.flatnonzero(y != 1), np.flatnonzero(y == 1)
    count = max(2, round(RARE / (1 - RARE) * len(others)))
    kept = np.sort(np.concatenate([others, rare[:count]]))
    return replace(setup, train=(X[kept], y[kept]))


def leaked_column(setup: Setup) -> Setup:
    """A column that is the target, which the rows of the test do not have."""
    random = np.random.default_rng(setup.seed)

    def beside(part: Data, column: Any) -> Data:
        X, y = part
        return np.column_stack([X, column]).astype(np.float32), y

    of_test = random.permutation(setup.test[1])
    parts = {name: getattr(setup, name) for name in ("train", "val")}
    leaked = {name: beside(part, part[1]) for name, part in parts.items()}
    return replace(setup, **leaked, test=beside(setup.test, of_test))


def duplicated_rows(setup: Setup) -> Setup:
    """Some of the rows of validation are rows of training."""
    random = np.random.default_rng(setup.seed)
    (X, y), (X_val, y_val) = setup.train, (part.copy() for part in setup.val)
    to = random.permutation(len(X_val))[: round(DUPLICATES * len(X_val))]
    of = random.integers(0, len(X), len(to))
    X_val[to], y_val[to] = X[of], y[of]
    return replace(setup, val=(X_val, y_val))


def sorted_rows(setup: Setup) -> Setup:
    X, y = setup.train
    order = np.argsort(y, kind="stable")
    return replace(setup, train=(X[order], y[order]), batches="in_order")
