"""Loading a model of a table, whatever it predicts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from fanin.csv.errors import UserError
from fanin.tables.model import TableModel


def quantiles_of(model: Any) -> list[float]:
    """Return the quantiles that an estimator predicts; none if it predicts something else."""
    levels: list[float] = np.atleast_1d(getattr(model, "quantile", ())).tolist()
    return levels if getattr(model, "loss", "") == "quantile" else []


def load_model(path: Path) -> Any:
    """Return the estimator that a file holds; raise UserError if it holds none.

    It matches columns by name; those of an array are called x0, x1, ...
    """
    model = _loaded(path)
    model.encoder_._named = True
    model.feature_names_in_ = np.array(model.encoder_._names, dtype=object)
    return model


def _loaded(path: Path) -> Any:
    from fanin.sklearn import FaninClassifier, FaninRegressor

    try:
        kind = FaninClassifier if TableModel.load(path).labels else FaninRegressor
        return kind.load(path)
    except FileNotFoundError:
        raise UserError(f"there is no file {path}") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        message = str(error)
        raise UserError(message if str(path) in message else f"{path}: {message}") from None
