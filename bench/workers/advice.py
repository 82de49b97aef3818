"""Fits as `fanin.optim.suggest` advises, and along each road, in as many evaluations of the loss of all samples."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import sklearn.datasets
from sklearn.model_selection import train_test_split

import fanin
from bench.advice import PASSES, SPLITS, Roads
from bench.workers import tables as of_tables
from bench.workers.serve import Task
from fanin import optim


def numbers(case: Roads) -> tuple[Any, Any]:
    """Without missing values and texts; targets have a deviation of about 1."""
    if case.table:
        X, y = of_tables.read(case.table)
        X = X.select_dtypes("number")
        return X.fillna(X.median()).to_numpy(float), y
    X, y = getattr(sklearn.datasets, f"load_{case.load}")(return_X_y=True)
    return X, y if case.classes else (y - y.mean()) / y.std()


def split(X: Any, y: Any, case: Roads, seed: int) -> list[Any]:
    """X of training and validation, then y."""
    return train_test_split(X, y, test_size=0.2, random_state=seed, stratify=y if case.classes else None)


def build(case: Roads, X: Any, y: Any, seed: int) -> fanin.Network:
    layers = [fanin.Standardize(), fanin.Dense(case.units, case.activation)]
    if case.classes:
        outputs, loss = len(np.unique(y)), "softmax_cross_entropy"
    else:
        outputs, loss = 1, "squared_error"
    return fanin.Network(X.shape[1], [*layers, fanin.Dense(outputs)], loss, seed=seed, dtype=case.dtype)


class Budget:
    """Ends a fit by a solver once it has evaluated the loss of all samples so often."""

    def __init__(self) -> None:
        self.left = PASSES

    def __call__(self, net: fanin.Network, epoch: int, logs: Any) -> bool:
        self.left -= logs["evaluations"]
        return self.left <= 0


def error_of(case: Roads, rule_of: Callable[..., Any], X: Any, y: Any, seed: int) -> float:
    """The validation error of the best epoch."""
    X_train, X_test, y_train, y_test = split(X, y, case, seed)
    net = build(case, X, y, seed)
    rule = rule_of(net, X_train, y_train)
    callbacks: list[Any] = [fanin.EarlyStopping(patience=PASSES)]
    if isinstance(rule, optim.Solver):
        callbacks.append(Budget())
    net.fit(X_train, y_train, rule=rule, epochs=PASSES, validation_data=(X_test, y_test), callbacks=callbacks)
    loss = net.evaluate(X_test, y_test)["loss"]
    return 1e3 * (loss if case.classes else float(np.sqrt(2 * loss)))


def roads(case: Roads, parameters: int) -> dict[str, Callable[..., Any]]:
    """The rule of each, from the net and its data; fanin's is the one it suggests."""
    found: dict[str, Callable[..., Any]] = {
        "": lambda net, X, y: optim.suggest(net, X, y).rule,
        "mini-batches": lambda net, X, y: None,
        "L-BFGS": lambda net, X, y: optim.LBFGS(l2=1 / len(X)),
    }
    if not case.classes and case.dtype == "float64" and parameters <= 2000:
        found["Levenberg-Marquardt"] = lambda net, X, y: optim.LevenbergMarquardt(regularization="bayes")
    return found


def tasks(case: Roads) -> Iterator[Task]:
    """A round is a split: the error of a fit."""
    X, y = numbers(case)
    parameters = build(case, X, y, 0).n_parameters
    for column, rule_of in roads(case, parameters).items():
        seeds = iter(range(SPLITS))
        one = partial(error_of, case, rule_of, X, y)
        yield Task("error", column=column, measure=lambda _, seeds=seeds, one=one: one(next(seeds)))
