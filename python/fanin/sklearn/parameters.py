"""The values that parameters of the constructors may have, and scikit-learn's message about others."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from numbers import Integral, Real
from typing import Any, get_args

import numpy as np

from fanin.layers import ActivationName
from fanin.optim import Rule, Solver


class InvalidParameterError(ValueError, TypeError):
    """A parameter of the constructor has a value of the wrong type or out of range; both errors, as in scikit-learn."""


@dataclass(frozen=True)
class Allowed:
    """A set of values: its name in a message, and its test."""

    name: str
    includes: Callable[[Any], bool]


def _interval(kind: Any, brackets: str, low: float, high: float) -> Allowed:
    """Return the numbers between two limits; brackets such as "[)" say which limits are included."""

    def includes(value: Any) -> bool:
        return (
            isinstance(value, kind)
            and bool(value >= low if brackets[0] == "[" else value > low)
            and bool(value <= high if brackets[1] == "]" else value < high)
        )

    article = "an int" if kind is Integral else "a float"
    return Allowed(f"{article} in the range {brackets[0]}{low}, {high}{brackets[1]}", includes)


def _integers(low: int, high: float = math.inf) -> Allowed:
    return _interval(Integral, "[)" if high == math.inf else "[]", low, high)


def _floats(brackets: str, low: float, high: float = math.inf) -> Allowed:
    return _interval(Real, brackets, low, high)


def _texts(*texts: str) -> Allowed:
    listed = ", ".join(map(repr, texts))
    return Allowed(f"a str among {{{listed}}}", lambda value: isinstance(value, str) and value in texts)


def _instances(kind: type) -> Allowed:
    module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    return Allowed(f"an instance of '{module}{kind.__qualname__}'", lambda value: isinstance(value, kind))


def _is_array_like(value: Any) -> bool:
    return any(hasattr(value, name) for name in ("__len__", "shape", "__array__")) and not np.isscalar(value)


def _listed(value: Any) -> Any:
    """Return arrays as lists, numbers of NumPy as those of Python, and anything else as it is."""
    return value.tolist() if hasattr(value, "tolist") else value


def _are_levels(value: Any) -> bool:
    level, several = _floats("()", 0.0, 1.0), _listed(value)
    if not isinstance(several, list | tuple) or not 1 <= len(several) <= 32:
        return False
    return all(map(level.includes, several)) and all(low < high for low, high in pairwise(several))


_NONE = Allowed("None", lambda value: value is None)
_FLAG = (_instances(bool), _instances(np.bool_))
_ARRAY = Allowed("an array-like", _is_array_like)
_LEVELS = Allowed("an ascending list of 1 to 32 of them", _are_levels)
_INFINITY = Allowed("a float among {inf}", lambda value: isinstance(value, Real) and value == math.inf)

_COMMON: Mapping[str, tuple[Allowed, ...]] = {
    "hidden_layer_sizes": (_ARRAY, _integers(1)),
    "activation": (_texts("identity", "logistic", "relu", "tanh"),),
    "solver": (_texts("adam", "lbfgs", "sgd"),),
    "alpha": (_floats("[)", 0.0),),
    "batch_size": (_texts("auto"), _integers(1)),
    "learning_rate": (_texts("adaptive", "constant", "invscaling"),),
    "learning_rate_init": (_floats("()", 0.0),),
    "power_t": (_floats("[)", 0.0),),
    "max_iter": (_integers(1),),
    "shuffle": _FLAG,
    "random_state": (_integers(0, 2**32 - 1), _instances(np.random.RandomState), _NONE),
    "tol": (_floats("[)", 0.0),),
    "verbose": (_integers(0), *_FLAG),
    "warm_start": _FLAG,
    "momentum": (_floats("[]", 0.0, 1.0),),
    "nesterovs_momentum": _FLAG,
    "early_stopping": _FLAG,
    "validation_fraction": (_floats("[)", 0.0, 1.0),),
    "beta_1": (_floats("[)", 0.0, 1.0),),
    "beta_2": (_floats("[)", 0.0, 1.0),),
    "epsilon": (_floats("()", 0.0),),
    "n_iter_no_change": (_integers(1), _INFINITY),
    "max_fun": (_integers(1),),
    "dtype": (_texts("float32", "float64"), _NONE),
    "n_jobs": (_instances(Integral), _NONE),
    "max_time": (_floats("()", 0.0), _NONE),
    "callbacks": (_ARRAY, _NONE),
    "linear_tail": (_floats("[)", 0.0, 1.0),),
    "diagnose": _FLAG,
}
OF_CLASSIFIER = {**_COMMON, "class_weight": (_instances(dict), _texts("balanced"), _NONE)}
OF_REGRESSOR = {**_COMMON, "loss": (_texts("poisson", "squared_error"),)}
_OF_TABLES: Mapping[str, tuple[Allowed, ...]] = {
    "members": (_texts("auto"), _integers(1)),
    "effort": (_texts("default", "fast", "high"),),
    "categorical_features": (_texts("from_dtype"), _ARRAY),
    "text_features": (_texts("auto"), _ARRAY),
    "out_of_fold": _FLAG,
    "early_stopping": (_texts("auto"), *_FLAG),
    "scoring": (_instances(str), Allowed("a callable", callable), _NONE),
    **{
        name: _COMMON[name]
        for name in ("callbacks", "diagnose", "max_time", "n_jobs", "random_state", "verbose", "warm_start")
    },
}
OF_AUTOENCODER = {
    "n_components": (_integers(1),),
    "hidden_layer_sizes": _COMMON["hidden_layer_sizes"],
    "activation": (_texts(*get_args(ActivationName)),),
    "code_activation": (_texts(*get_args(ActivationName)),),
    "loss": (_texts("absolute_error", "logistic", "squared_error"),),
    "tied": _FLAG,
    "noise": (_floats("[)", 0.0, 1.0),),
    "n_iter_no_change": (_integers(1),),
    "solver": (_texts("adam", "lbfgs"), _instances(Rule), _instances(Solver)),
    **{
        name: _COMMON[name]
        for name in (
            *(
                "batch_size",
                "dtype",
                "early_stopping",
                "learning_rate_init",
                "max_iter",
                "max_time",
                "n_jobs",
            ),
            *("random_state", "tol", "validation_fraction", "verbose"),
        )
    },
}
OF_TABLE_CLASSIFIER = {**_OF_TABLES, "class_weight": OF_CLASSIFIER["class_weight"]}
OF_TABLE_REGRESSOR = {
    **_OF_TABLES,
    "loss": (_texts("absolute_error", "gamma", "huber", "poisson", "quantile", "squared_error"),),
    "quantile": (_floats("()", 0.0, 1.0), _LEVELS),
}


def keep(estimator: Any, parameters: Mapping[str, Any]) -> None:
    """Set the parameters of a constructor, its local names, as attributes."""
    for name, value in parameters.items():
        if name not in ("self", "__class__"):
            setattr(estimator, name, value)


def check_parameters(estimator: Any, allowed: Mapping[str, tuple[Allowed, ...]]) -> None:
    """Raise InvalidParameterError unless all parameters of an estimator have allowed values."""
    for name, value in estimator.get_params(deep=False).items():
        sets = allowed.get(name, ())  # a subclass may have more parameters
        if sets and not any(one.includes(value) for one in sets):
            *others, last = (one.name for one in sets)
            expected = f"{', '.join(others)} or {last}" if others else last
            raise InvalidParameterError(
                f"The {name!r} parameter of {type(estimator).__name__} must be {expected}. Got {value!r} instead."
            )


def plain_parameters(estimator: Any) -> dict[str, Any]:
    """Return the parameters that are numbers, text, or lists of them."""
    plain = {}
    for name, given in estimator.get_params(deep=False).items():
        value = _listed(given)
        several = [_listed(one) for one in value] if isinstance(value, list | tuple) else [value]
        if all(isinstance(one, bool | int | float | str) for one in several):
            plain[name] = several if isinstance(value, list | tuple) else value
    return plain
