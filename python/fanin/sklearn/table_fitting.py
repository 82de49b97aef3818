"""How FaninClassifier and FaninRegressor are fitted."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_consistent_length, check_random_state

from fanin.distributed.workers import spread
from fanin.sklearn.data import checked_weights
from fanin.sklearn.parameters import Allowed, check_parameters, plain_parameters
from fanin.sklearn.table_columns import columns_of
from fanin.sklearn.table_data import checked_table, weighted_rows
from fanin.sklearn.table_diagnoses import diagnoses_of_tables
from fanin.sklearn.table_examination import Examination, examine
from fanin.sklearn.table_progress import callback_of
from fanin.sklearn.table_validation import held_rows, scorer_of, split, used_rows
from fanin.sklearn.threads import limited
from fanin.tables.continuing import continue_table, new_table, pass_over, table_of
from fanin.tables.fitting import fit_table
from fanin.tables.recipe import streamed
from fanin.tables.sparse_model import Model, model_of

if TYPE_CHECKING:
    from typing import Self

    from numpy.typing import ArrayLike, NDArray

    from fanin.losses import Loss
    from fanin.sklearn.table_quality import Quality
    from fanin.tables.fitted import FittedTable
    from fanin.tables.recipe import Setting


class TableFitting(BaseEstimator, ABC):  # type: ignore[misc]
    """The part of an estimator of tables that makes its model, and what the two estimators do differently in it."""

    _allowed: ClassVar[Mapping[str, tuple[Allowed, ...]]]
    _model: Model | None = None
    _settings: tuple[Setting, ...] = ()  # of its networks, if they are known
    _stream: FittedTable | None = None  # its networks with the state of their rules, after partial_fit
    _examined = Examination()

    @abstractmethod
    def __init__(self) -> None:
        """Keep the parameters."""

    @abstractmethod
    def _learned(self, y: Any) -> NDArray[Any]:
        """Return what the networks learn of y: labels 0, 1, ... or float64, (n,) or (n, outputs)."""

    @abstractmethod
    def _loss(self, y: NDArray[Any]) -> Loss:
        """Return the loss for these targets."""

    def _check(self, learned: NDArray[Any]) -> None:
        """Raise ValueError unless networks can learn from these targets alone."""

    def _first_learned(self, y: Any) -> NDArray[Any]:
        """Return what the networks learn of y in the first call of `partial_fit`."""
        learned = self._learned(y)
        self._check(learned)
        return learned

    @abstractmethod
    def _given(self, learned: NDArray[Any]) -> NDArray[Any]:
        """Return targets as users give them, of what networks learn."""

    @abstractmethod
    def _known(self, y: Any) -> NDArray[Any]:
        """Return what networks would learn of the targets of other rows than those of the fit."""

    @abstractmethod
    def _judged(
        self, y: NDArray[Any], predicted: NDArray[Any], weights: NDArray[Any] | None, origin: str
    ) -> Quality:
        """Return the quality of predictions of these rows."""

    def _weighted(self, weights: NDArray[Any] | None, learned: NDArray[Any]) -> NDArray[Any] | None:
        """Return the weights of samples, multiplied by those of their classes, if there are any."""
        return weights

    def _shaped(self, predictions: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return predictions, (n, outputs), in the shape that users get."""
        return predictions

    def _labels(self) -> list[str]:
        """Return the names of classes; none for numbers."""
        return [str(label) for label in getattr(self, "classes_", ())]

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: Any = None,
        y_val: ArrayLike | None = None,
        sample_weight_val: ArrayLike | None = None,
    ) -> Self:
        """Learn how to code the columns of X, choose settings, and train the networks.

        With `warm_start` and a fitted model, its networks are trained further instead: on these rows, with their
        settings, for as many steps as in a first fit. Columns and labels must be those of the first fit.

        Parameters
        ----------
        X : frame of pandas or polars, array or sparse matrix of shape (n_samples, n_features), or list of str
            Numbers, categories (text), booleans, dates and texts; missing values are allowed, but in a sparse matrix.
        y : array of shape (n_samples,), or of shape (n_samples, n_outputs)
            Labels, or an indicator matrix of 0 and 1 for several labels of a row; or numbers, of several targets too.
        sample_weight : array of shape (n_samples,), optional
            At least 0. Rows of weight 0 are left out.
        X_val, y_val, sample_weight_val : optional
            Validation rows, as X, y and sample_weight; both of the first two or neither. Settings, features and weights
            of networks are then chosen by the loss of these rows, and all networks see all rows of X.

        Returns
        -------
        self : the estimator

        Raises
        ------
        ValueError, TypeError
            For invalid data or parameters; missing targets are named with their rows. The estimator is then, as
            after an interrupted fit, what it was.
        """
        with self._or_as_before():
            self._fit(X, y, sample_weight, (X_val, y_val, sample_weight_val))
        return self

    @contextmanager
    def _or_as_before(self) -> Iterator[None]:
        """Return a context after which the estimator is what it was before, if there was an exception."""
        before = dict(self.__dict__)
        try:
            yield
        except BaseException:
            self.__dict__.clear()
            self.__dict__.update(before)
            raise

    def _fit(self, X: Any, y: ArrayLike, sample_weight: Any, validation: tuple[Any, Any, Any]) -> None:
        check_parameters(self, self._allowed)
        callback, model = callback_of(self), self._model if self.warm_start else None
        learn = self._known if model else self._learned
        given = X
        X, learned, weights = self._checked(X, y, sample_weight, learn, reset=model is None)
        random = check_random_state(self.random_state)
        rows = weighted_rows(X, learned, weights, random)
        if model is None:
            self._check(rows.y)
        loss, seed = self._loss(rows.y), int(random.randint(2**31))
        held = held_rows(self, *validation)
        stops = self.early_stopping != "auto" and bool(self.early_stopping)
        if self.out_of_fold and (stops or held is not None or model is not None):
            why = "X_val or early_stopping=True" if model is None else "warm_start and a fitted model"
            raise ValueError(f"out_of_fold: expected False with {why}, got True")
        if stops and held is None:
            rows, held = split(rows, seed, isinstance(self, ClassifierMixin))
        scorer = scorer_of(self, held)
        arguments: dict[str, Any] = {
            "loss": loss,
            "n_classes": len(self._labels()) or None,
            "sample_weight": rows.weights,
            "max_time": self.max_time,
            "callback": callback,
            "validation": held,
            "early_stopping": stops,
            "scorer": scorer,
            "diagnose": bool(self.diagnose),
        }
        with limited(self.n_jobs), spread():
            if model is not None:
                start = table_of(model, self._streamed()[0], self._settings)
                fitted = continue_table(start, rows.X, rows.y, **arguments)
            else:
                fitted = fit_table(
                    rows.X,
                    rows.y,
                    members=self.members,
                    effort=self.effort,
                    seed=seed,
                    out_of_fold=self.out_of_fold,
                    **columns_of(self, given, X),
                    **arguments,
                )
        self._take(fitted)
        if self.diagnose:
            self.diagnoses_ = diagnoses_of_tables(fitted.diagnoses, new=model is None)
        self.out_of_fold_score_ = None if held else fitted.score
        if held is not None:
            self.validation_score_ = fitted.score if scorer is None else scorer(fitted)
        self.trials_, self.seconds_ = fitted.trials, fitted.seconds
        with limited(self.n_jobs):
            self._examined = examine(self, rows, fitted, held)
        if self.out_of_fold and fitted.out_of_fold is not None:
            found = np.where((rows.places < 0)[:, None], np.nan, fitted.out_of_fold[rows.places])
            self.out_of_fold_ = self._shaped(found)

    def _partial_fit(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None) -> None:
        check_parameters(self, self._allowed)
        callback, start = callback_of(self), self._stream
        first = self._model is None
        learn = self._first_learned if first else self._known
        given = X
        X, learned, weights = self._checked(X, y, sample_weight, learn, reset=first)
        rows = used_rows(X, learned, weights)
        arguments: dict[str, Any] = {
            "loss": self._loss(rows.y),
            "n_classes": len(self._labels()) or None,
            "weight": rows.weights,
        }
        with limited(self.n_jobs):
            if self._model is None:
                seed = int(check_random_state(self.random_state).randint(2**31))
                columns = columns_of(self, given, X)
                setting, members = self._streamed(issparse(X) or bool(columns["texts"]))
                start = new_table(
                    rows.X,
                    rows.y,
                    setting=setting,
                    members=members,
                    seed=seed,
                    **columns,
                    **arguments,
                )
            elif start is None:
                start = table_of(self._model, self._streamed()[0], self._settings)
            fitted = pass_over(start, rows.X, rows.y, callback=callback, **arguments)
        self._take(fitted)
        self._stream, self._examined = fitted, Examination()
        self.out_of_fold_score_, self.trials_, self.seconds_ = None, (), {}

    def _checked(
        self, X: Any, y: Any, sample_weight: Any, learn: Callable[[Any], NDArray[Any]], *, reset: bool
    ) -> tuple[Any, NDArray[Any], NDArray[Any] | None]:
        """Return a table, what networks learn of its targets, and weights; `reset` sets what is known of columns."""
        X = checked_table(self, X, reset=reset)
        if y is None:
            kind = type(self).__name__
            raise ValueError(f"This {kind} estimator requires y to be passed, but the target y is None.")
        learned = learn(y)
        check_consistent_length(X, learned)
        return X, learned, self._weighted(checked_weights(sample_weight, len(learned)), learned)

    def _take(self, fitted: FittedTable) -> None:
        """Take the networks of a fit as the model."""
        for name in ("diagnoses_", "out_of_fold_", "validation_score_"):
            self.__dict__.pop(name, None)
        self._model = model_of(fitted, self._labels(), self._about())
        self._settings, self._stream = fitted.settings, None

    def _streamed(self, sparse: bool = False) -> tuple[Setting, int]:
        members = None if self.members == "auto" else self.members
        return streamed(isinstance(self, ClassifierMixin), self.effort, members, sparse)

    def __getstate__(self) -> dict[str, Any]:
        """Return what a copy needs, which has no diagnoses."""
        state: dict[str, Any] = super().__getstate__()
        return {name: value for name, value in state.items() if name != "diagnoses_"}

    def _about(self) -> dict[str, Any]:
        """Return what a file holds about the estimator."""
        return {"parameters": plain_parameters(self), "named": hasattr(self, "feature_names_in_")}
