"""`cv_results_` of a search: a row for each rung of each trial."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.ma import MaskedArray
    from numpy.typing import NDArray

    from fanin.search.trials import Outcome, Trial

Row = tuple["Trial", "Outcome"]


def rows_of_results(trials: Sequence[Trial]) -> list[Row]:
    """Return the trials with their outcomes, rung by rung and round by round, as scikit-learn's halving lists them."""
    rows = [(trial, outcome) for trial in trials for outcome in trial.outcomes]
    return sorted(rows, key=lambda row: (row[0].round, row[1].epochs, row[0].number))


def cv_results(rows: Sequence[Row], rungs: Sequence[int]) -> dict[str, Any]:
    """Return the columns of `cv_results_`."""
    outcomes = [outcome for _, outcome in rows]
    results: dict[str, Any] = {
        "round": np.array([trial.round for trial, _ in rows]),
        "iter": np.array([rungs.index(outcome.epochs) for outcome in outcomes]),
        "n_epochs": np.array([outcome.epochs for outcome in outcomes]),
    }
    for name in ("fit_time", "score_time"):
        _add(results, name, np.array([outcome.details[name] for outcome in outcomes]), splits=False)
    params = [dict(trial.params) for trial, _ in rows]
    for name in dict.fromkeys(name for given in params for name in given):
        results[f"param_{name}"] = _column([given.get(name, _ABSENT) for given in params])
    results["params"] = params
    scores = np.array([outcome.scores for outcome in outcomes])
    _add(results, "test_score", scores)
    results["rank_test_score"] = _ranks(results["mean_test_score"])
    if "train_score" in outcomes[0].details:
        _add(results, "train_score", np.array([outcome.details["train_score"] for outcome in outcomes]))
    return results


_ABSENT = object()


def _add(results: dict[str, Any], name: str, values: NDArray[np.float64], splits: bool = True) -> None:
    """Add the columns of figures (rows, folds): each fold's, if asked for, the mean, and the standard deviation."""
    if splits:
        for fold, column in enumerate(values.T):
            results[f"split{fold}_{name}"] = column
    with np.errstate(invalid="ignore"):  # of infinite scores
        results[f"mean_{name}"] = values.mean(axis=1)
        results[f"std_{name}"] = values.std(axis=1)


def _column(values: Sequence[Any]) -> MaskedArray[Any, Any]:
    """Return values as a masked array, of numbers if all are; what is absent is masked."""
    present = [value for value in values if value is not _ABSENT]
    numeric = all(isinstance(value, int | float) and not isinstance(value, bool) for value in present)
    dtype = np.array(present).dtype if numeric else np.dtype(object)
    column: MaskedArray[Any, Any] = np.ma.masked_all(len(values), dtype)  # type: ignore[no-untyped-call]
    for place, value in enumerate(values):
        if value is not _ABSENT:
            column[place] = value
    return column


def _ranks(scores: NDArray[np.float64]) -> NDArray[np.int32]:
    """Return the rank of each score, 1 for the best; equal scores share the best of their ranks, NaN come last."""
    comparable = np.where(np.isnan(scores), -np.inf, scores)
    return np.array([1 + np.sum(comparable > score) for score in comparable], dtype=np.int32)
