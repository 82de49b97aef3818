"""What differs between scikit-learn 1.4 and the newest: checks of X with its column names, and tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils import check_array, check_X_y, validation

from fanin.data.frames import check_in_memory
from fanin.sklearn.notices import warn

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NO_Y = object()


def _validated(estimator: Any, X: Any, y: Any = _NO_Y, *, reset: bool, **checks: Any) -> Any:
    """Return X, or X and y, after scikit-learn's checks; set or check the number of columns and their names."""
    set_or_check_names(estimator, X, reset)
    if "ensure_all_finite" in checks:  # its name from 1.6 on
        checks["force_all_finite"] = checks.pop("ensure_all_finite")
    if y is _NO_Y:
        X = result = check_array(X, input_name="X", estimator=estimator, **checks)
    elif y is None:
        kind = type(estimator).__name__
        raise ValueError(f"This {kind} estimator requires y to be passed, but the target y is None.")
    else:
        X, y = result = check_X_y(X, y, estimator=estimator, **checks)
    if reset:
        estimator.n_features_in_ = X.shape[1]
    elif X.shape[1] != getattr(estimator, "n_features_in_", X.shape[1]):
        raise ValueError(
            f"X has {X.shape[1]} features, but {type(estimator).__name__} is expecting "
            f"{estimator.n_features_in_} features as input."
        )
    return result


_validate_data = getattr(validation, "validate_data", _validated)  # public from 1.6 on


def validated(estimator: Any, X: Any, *y: Any, **checks: Any) -> Any:
    """Return X, or X and y, after scikit-learn's checks."""
    check_in_memory("X", X)
    return _validate_data(estimator, X, *y, **checks)


def _names(X: Any) -> NDArray[Any] | None:
    """Return the names of a frame's columns if all are strings; TypeError if only some are."""
    columns = getattr(X, "columns", ())
    names = np.asarray(list(columns), dtype=object)
    kinds = sorted({type(name).__qualname__ for name in names})
    if len(kinds) > 1 and "str" in kinds:
        raise TypeError(
            "Feature names are only supported if all input features have string names, but your input has "
            f"{kinds} as feature name / column name types. If you want feature names to be stored and validated, "
            "you must convert them all to strings, by using X.columns = X.columns.astype(str) for example. "
            "Otherwise you can remove feature / column names from your input data, or convert them all to a "
            "non-string data type."
        )
    return names if kinds == ["str"] else None


def set_or_check_names(estimator: Any, X: Any, reset: bool) -> None:
    """Set `feature_names_in_` to the names of a frame's columns, or compare them with it."""
    names = _names(X)
    if reset:
        if names is not None:
            estimator.feature_names_in_ = names
        else:
            vars(estimator).pop("feature_names_in_", None)
        return
    known, kind = getattr(estimator, "feature_names_in_", None), type(estimator).__name__
    if known is not None and names is not None:
        if not np.array_equal(known, names):
            raise ValueError(_mismatch(list(known), list(names)))
    elif names is not None:
        warn(f"X has feature names, but {kind} was fitted without feature names")
    elif known is not None:
        warn(f"X does not have valid feature names, but {kind} was fitted with feature names")


def _mismatch(known: list[str], names: list[str]) -> str:
    message = "The feature names should match those that were passed during fit.\n"
    parts = {
        "Feature names unseen at fit time:\n": sorted(set(names) - set(known)),
        "Feature names seen at fit time, yet now missing:\n": sorted(set(known) - set(names)),
    }
    for title, listed in parts.items():
        if listed:
            message += title + "".join(f"- {name}\n" for name in listed[:5])
            message += "- ...\n" if len(listed) > 5 else ""
    if not any(parts.values()):
        message += "Feature names must be in the same order as they were in fit.\n"
    return message
