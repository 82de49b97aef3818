"""Loading a model of a table, whatever it predicts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fanin.csv.errors import UserError


def load_model(path: Path) -> Any:
    """Return the estimator that a file holds; raise UserError if it holds none."""
    from fanin.sklearn import FaninClassifier, FaninRegressor

    try:
        try:
            return FaninClassifier.load(path)
        except ValueError as error:
            if "it predicts numbers" not in str(error):
                raise
            return FaninRegressor.load(path)
    except FileNotFoundError:
        raise UserError(f"there is no file {path}") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        told = str(error)
        raise UserError(told if str(path) in told else f"{path}: {told}") from None
