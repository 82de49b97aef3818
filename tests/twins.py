"""fanin's and scikit-learn's estimators with the same parameters, trained alike and compared."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import sklearn
import sklearn.neural_network
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import issparse

import fanin.sklearn

VERSION = tuple(int(part) for part in sklearn.__version__.split(".")[:2])
LENGTH = None if VERSION >= (1, 8) else len("lbfgs failed to converge")  # old versions give other hints
EXACT = ("n_iter_", "t_", "n_layers_", "n_outputs_", "n_features_in_", "out_activation_", "classes_")
CLOSE = (
    *("loss_curve_", "coefs_", "intercepts_", "loss_", "best_loss_"),
    *("validation_scores_", "best_validation_score_"),
)
PREDICTIONS = ("predict", "predict_proba", "predict_log_proba")


@dataclass
class Twins:
    """Ours and theirs: a method of both returns a pair, and gives the same warnings."""

    ours: Any
    theirs: Any

    def __getattr__(self, name: str) -> Callable[..., tuple[Any, Any]]:
        return lambda *arguments, **named: self.both(
            lambda estimator: getattr(estimator, name)(*arguments, **named)
        )

    def __iter__(self) -> Iterator[Any]:
        return iter((self.ours, self.theirs))

    def both(self, call: Callable[[Any], Any]) -> tuple[Any, Any]:
        """Call for each, with the same state of NumPy's global generator, and compare what they warn of."""
        state = np.random.get_state()  # noqa: NPY002 - random_state=None draws from it
        ours, our_warnings = with_warnings(call, self.ours)
        np.random.set_state(state)  # noqa: NPY002
        theirs, their_warnings = with_warnings(call, self.theirs)
        assert our_warnings == their_warnings
        return ours, theirs


def twins(kind: str, **parameters: Any) -> Twins:
    """Unfitted estimators; a RandomState among the parameters is copied."""

    def made(module: Any) -> Any:
        copied = {name: copy_of(value) for name, value in parameters.items()}
        return getattr(module, kind)(**copied)

    return Twins(made(fanin.sklearn), made(sklearn.neural_network))


def copy_of(value: Any) -> Any:
    if not isinstance(value, np.random.RandomState):
        return value
    copied = np.random.RandomState()
    copied.set_state(value.get_state())
    return copied


def with_warnings(call: Callable[[Any], Any], estimator: Any) -> tuple[Any, list[tuple[type, str]]]:
    """What a call returns and what it warns of, but for NumPy's overflows, which fanin's arithmetic does not report."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = call(estimator)
    seen = [(one.category, str(one.message)[:LENGTH]) for one in caught]
    return result, [pair for pair in seen if pair[0] is not RuntimeWarning]


def assert_same_model(pair: Twins, X: Any, tolerance: float = 1e-6) -> None:
    """All attributes and predictions agree; numbers to the tolerance, relative or absolute."""
    ours, theirs = pair
    for name in (*EXACT, *CLOSE):
        assert hasattr(ours, name) == hasattr(theirs, name), name
        if hasattr(theirs, name):
            mine, expected = getattr(ours, name), getattr(theirs, name)
            assert isinstance(mine, list) == isinstance(expected, list), name
            assert_same(mine, expected, tolerance if name in CLOSE else 0, name)
    for name in PREDICTIONS:
        assert hasattr(ours, name) == hasattr(theirs, name), name
        if hasattr(theirs, name):
            mine, expected = getattr(ours, name)(X), getattr(theirs, name)(X)
            assert mine.dtype == expected.dtype, name
            assert issparse(mine) == issparse(expected), name
            assert_same(dense(mine), dense(expected), tolerance, name)


def dense(predicted: Any) -> Any:
    return predicted.toarray() if issparse(predicted) else predicted


def assert_same(mine: Any, expected: Any, tolerance: float, name: str) -> None:
    if isinstance(expected, list):
        assert len(mine) == len(expected), name
        for i, (one, other) in enumerate(zip(mine, expected, strict=True)):
            assert_same(one, other, tolerance, f"{name}[{i}]")
    elif np.asarray(expected).dtype.kind == "f":
        assert_allclose(mine, expected, rtol=tolerance, atol=tolerance, err_msg=name)
    else:
        assert_array_equal(mine, expected, err_msg=name)
