"""The faults: functions that return a good set-up with the fault, or None where it does not apply."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from bench.faults.changed_data import (
    duplicated_rows,
    flipped_labels,
    leaked_column,
    moved_inputs,
    rare_class,
    shuffled_labels,
    sorted_rows,
)
from bench.faults.setups import Setup
from fanin import Dense, Dropout, initializers, optim

Change = Callable[[Setup], Setup | None]


@dataclass(frozen=True)
class Fault:
    """A change of a set-up, and the kinds of findings that name it.

    Without `by_kind`, a finding of any kind counts whose remedy is proved to improve validation; with it, one that
    names the fault counts, because no remedy brings back what the data have lost. `always`: it harms, although test
    errors do not show it, because it makes validation errors wrong.
    """

    name: str
    change: Change
    kinds: tuple[str, ...]
    by_kind: bool = False
    always: bool = False


def rate(factor: float, setup: Setup) -> Setup:
    return replace(setup, rule=setup.rule.times(factor))


def fewer_epochs(divisor: int, setup: Setup) -> Setup:
    return replace(setup, epochs=max(1, round(setup.epochs / divisor)))


def squared_error_of_labels(setup: Setup) -> Setup | None:
    """One output that learns the number of the class."""
    if not setup.classes:
        return None
    most = setup.classes - 1
    return replace(
        setup,
        layers=(*setup.layers[:-1], Dense(1)),
        loss="squared_error",
        answers=lambda outputs: np.clip(np.rint(np.ravel(outputs)), 0, most).astype(int),
    )


def squared_error_of_classes(setup: Setup) -> Setup | None:
    """An output for each class, with the squared error of rows that are 1 for the class and 0 elsewhere."""
    if setup.classes < 3:
        return None

    def one_hot(part: Any) -> Any:
        return part[0], np.eye(setup.classes, dtype=np.float32)[part[1]]

    return replace(setup, train=one_hot(setup.train), val=one_hot(setup.val), loss="squared_error")


def last_activation(activation: Any, setup: Setup) -> Setup:
    return replace(setup, layers=(*setup.layers[:-1], replace(setup.layers[-1], activation=activation)))


def weights(initializer: Any, setup: Setup) -> Setup:
    return replace(setup, layers=tuple(replace(layer, initializer=initializer) for layer in setup.layers))


def deep_logistic(setup: Setup) -> Setup:
    *hidden, last = setup.layers
    return replace(setup, layers=(*(Dense(hidden[0].units, "logistic"),) * 10, last))


def linear(setup: Setup) -> Setup:
    return replace(setup, layers=tuple(replace(layer, activation="identity") for layer in setup.layers))


def dropout(share: float, setup: Setup) -> Setup:
    *hidden, last = setup.layers
    dropped = (part for layer in hidden for part in (layer, Dropout(share)))
    return replace(setup, layers=(*dropped, last))


def penalty(l2: float, setup: Setup) -> Setup:
    return replace(setup, rule=optim.Around(getattr(setup.rule, "rule", setup.rule), l2=l2))


def single_rows(factor: float, setup: Setup) -> Setup:
    return replace(rate(factor, setup), batch_size=1)


STARTS = ("bad_start", "identical_units", "saturated_units", "dead_units", "exploding_gradients", "plateau")
FAST = (
    "fast_rate",
    "oscillation",
    "divergence",
    "dead_units",
    "saturated_units",
    "exploding_gradients",
    "spike",
)
SLOW = ("slow_rate", "base_rate_plateau", "too_few_epochs", "plateau")
PLATEAU = ("vanishing_gradients", "base_rate_plateau", "saturated_units", "plateau")
LOSSES = ("wrong_loss", "wrong_output")
FAULTS = [
    *(Fault(f"rate x {10**k:,}", partial(rate, 10.0**k), FAST) for k in range(1, 5)),
    *(Fault(f"rate / {10**k:,}", partial(rate, 10.0**-k), SLOW) for k in range(1, 6)),
    *(Fault(f"epochs / {k}", partial(fewer_epochs, k), SLOW) for k in (10, 50)),
    Fault("squared error of class numbers", squared_error_of_labels, LOSSES),
    Fault("squared error of classes", squared_error_of_classes, LOSSES),
    Fault("relu outputs", partial(last_activation, "relu"), LOSSES),
    Fault("logistic outputs", partial(last_activation, "logistic"), LOSSES),
    Fault("zero weights", partial(weights, "zeros"), STARTS),
    Fault("constant weights", partial(weights, initializers.Constant(0.1)), STARTS),
    Fault("10 x initial weights", partial(weights, initializers.Automatic(10.0)), STARTS),
    Fault("10 logistic layers", deep_logistic, PLATEAU),
    Fault("no nonlinearity", linear, ("no_nonlinearity",)),
    Fault("inputs x 1000", partial(moved_inputs, 1000, 0), ("unscaled_inputs", *FAST)),
    Fault("inputs + 1000", partial(moved_inputs, 1, 1000), ("unscaled_inputs", *FAST, *PLATEAU)),
    Fault("shuffled labels", shuffled_labels, ("no_signal", "label_noise", "overfitting"), by_kind=True),
    Fault("20 % flipped labels", flipped_labels, ("label_noise",), by_kind=True),
    Fault("one class 2 %", rare_class, ("imbalance",), by_kind=True),
    Fault("leaked column", leaked_column, ("leak",), by_kind=True, always=True),
    Fault("duplicated rows", duplicated_rows, ("duplicates",), by_kind=True, always=True),
    Fault("dropout .9", partial(dropout, 0.9), ("strong_dropout", *PLATEAU)),
    Fault("l2 10", partial(penalty, 10.0), ("strong_penalty", "base_rate_plateau")),
    Fault("single rows, rate x 10", partial(single_rows, 10.0), FAST),
    Fault("sorted, not shuffled", sorted_rows, ("sorted_batches",)),
]
