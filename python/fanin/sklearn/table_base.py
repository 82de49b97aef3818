"""What FaninClassifier and FaninRegressor have in common: fit, prediction, and files."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils import check_consistent_length
from sklearn.utils.validation import check_is_fitted

from fanin.network import Network
from fanin.sklearn.parameters import check_parameters
from fanin.sklearn.table_data import checked_table
from fanin.sklearn.table_fitting import TableFitting
from fanin.sklearn.table_inspection import importance_of, partial_dependence_of
from fanin.sklearn.table_report import Report, report_of
from fanin.sklearn.threads import limited
from fanin.tables.model import TableModel

if TYPE_CHECKING:
    from typing import Self

    from numpy.typing import ArrayLike, NDArray
    from sklearn.inspection import PartialDependenceDisplay

    from fanin.sklearn.table_quality import Quality
    from fanin.storage import Path


class TableEstimator(TableFitting):
    """The base class of both estimators: what they do once they are fitted."""

    def report(self, X: Any = None, y: ArrayLike | None = None, *, importance: bool = False) -> Report:
        """Return what the fit did, and how good the model is; printed, it is a page of text.

        The score, with the calibration, is that of the validation rows if the fit had some, else of rows predicted by
        networks that were not trained on them: all rows (classes, small tables, `out_of_fold=True`), or some. The
        report says which.

        Parameters
        ----------
        X, y : frame or array, and its targets, optional
            Rows to score instead; ones that the model was not fitted to.
        importance : bool
            By how much the loss rises if a column of at most 2,000 of these rows is shuffled, as scikit-learn's
            `permutation_importance` finds it in five repetitions.

        Returns
        -------
        Report

        Raises
        ------
        ValueError
            If there is only one of X and y, or neither for `importance`, and for invalid data.
        """
        check_is_fitted(self)
        if (X is None) != (y is None) or (importance and X is None):
            raise ValueError("report: expected X and y together, and both for importance=True")
        if X is None:
            return report_of(self, self._examined)
        X, y = checked_table(self, X, reset=False), self._known(y)
        check_consistent_length(X, y)
        found = replace(self._examined, quality=self._quality_on(X, y))
        return report_of(self, found, importance_of(self, X, y) if importance else ())

    def partial_dependence(self, X: Any, columns: Sequence[Any], **options: Any) -> PartialDependenceDisplay:
        """Plot how predictions depend on columns, averaged over at most 200 rows of X; it needs matplotlib.

        Parameters
        ----------
        X : frame or array
            Rows without missing values in these columns are used.
        columns : list of str or int, or of pairs of them
            Numbers and categories.
        **options
            Those of scikit-learn's `PartialDependenceDisplay.from_estimator`, such as `kind`, `ax`, `grid_resolution`
            (here 20), and `target`, which it needs for more than two classes.

        Returns
        -------
        sklearn.inspection.PartialDependenceDisplay

        Raises
        ------
        ValueError
            For other columns.
        """
        check_is_fitted(self)
        return partial_dependence_of(self, checked_table(self, X, reset=False), columns, options)

    def _quality_on(self, X: Any, y: NDArray[Any]) -> Quality:
        """Return the quality of predictions of these rows; y as networks learn it."""
        return self._judged(y, self._shaped(self._predictions(X)[0]), None, "given rows")

    def _predictions(self, X: Any, spread: bool = False) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        check_is_fitted(self)
        assert self._model is not None
        X = checked_table(self, X, reset=False)
        with limited(self.n_jobs):
            return self._model.predict(X, spread)

    def _staged(self, X: Any) -> Iterator[NDArray[np.float64]]:
        """Return what the first 1, 2, ... networks predict."""
        check_is_fitted(self)
        assert self._model is not None
        X = checked_table(self, X, reset=False)
        with limited(self.n_jobs):
            return iter(self._model.staged(X))

    @property
    def encoder_(self) -> Any:
        """How the columns were read: `encoder_.describe()` is a text about it; see `fanin.TableEncoder`."""
        check_is_fitted(self)
        assert self._model is not None
        return self._model.encoder

    @property
    def notes_(self) -> dict[str, Any]:
        """What a program says about the model, as a dict that JSON can hold; set it before `save`, `load` reads it."""
        check_is_fitted(self)
        assert self._model is not None
        return self._model.notes

    @notes_.setter
    def notes_(self, notes: Mapping[str, Any]) -> None:
        check_is_fitted(self)
        assert self._model is not None
        self._model.notes = notes

    def save(self, path: Path) -> None:
        """Save the fitted model to a file, with the code of its columns, its labels, parameters and `notes_`.

        It is a safetensors file, written as by `Network.save`, which `fanin::load_table_model` reads in C++, for
        predictions with the same bits. Parameters that are neither numbers, text nor lists of them become their
        defaults.

        Parameters
        ----------
        path : str, bytes or path
            By convention, it ends in ".safetensors".

        Raises
        ------
        OSError
            If the file cannot be written; an existing file is then unchanged.
        """
        check_is_fitted(self)
        assert self._model is not None
        self._model.save(path)

    def _exported(self) -> tuple[Any, list[Network], str]:
        """Return the model, its networks, and a text about them."""
        check_is_fitted(self)
        assert self._model is not None
        nets = [Network._of_core(core) for core in self._model.networks]
        return self._model, nets, f"{self!r}\n{self._model.encoder.describe()}"

    @classmethod
    def load(cls, path: Path) -> Self:
        """Return the fitted estimator that `save` wrote; loading executes nothing from the file.

        Parameters
        ----------
        path : str, bytes or path
            That of the file.

        Returns
        -------
        FaninClassifier or FaninRegressor

        Raises
        ------
        OSError, ValueError
            If the file cannot be read, or is damaged, or is that of another estimator.

        Examples
        --------
        >>> import tempfile
        >>> from fanin.sklearn import FaninRegressor
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]] * 9, [0.0, 1.0, 2.0, 3.0] * 9
        >>> model = FaninRegressor(effort="fast", random_state=0).fit(X, y)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     model.save(f"{folder}/model.safetensors")
        ...     same = FaninRegressor.load(f"{folder}/model.safetensors")
        >>> bool((same.predict(X) == model.predict(X)).all())
        True
        """
        model = TableModel.load(path)
        try:
            if bool(model.labels) != issubclass(cls, ClassifierMixin):
                raise ValueError(f"it predicts {'classes' if model.labels else 'numbers'}")
            estimator = cls(**model.about.get("parameters", {}))
            check_parameters(estimator, cls._allowed)
            estimator._restore(model)
        except (TypeError, ValueError, OverflowError) as error:
            raise ValueError(f"{os.fsdecode(path)}: not a {cls.__name__}: {error}") from None
        estimator._model = model
        return estimator

    def _restore(self, model: TableModel) -> None:
        """Set the attributes of a fit to those of a file."""
        names = model.encoder._names
        self.n_features_in_ = len(names)
        if model.about.get("named"):
            self.feature_names_in_ = np.array(names, dtype=object)

    def __sklearn_is_fitted__(self) -> bool:
        """Return whether there is a model."""
        return self._model is not None

    def __sklearn_tags__(self) -> Any:
        """Return scikit-learn's tags (from 1.6 on)."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = tags.input_tags.string = tags.input_tags.categorical = True
        tags.input_tags.sparse = True
        return tags

    def _more_tags(self) -> dict[str, Any]:
        """Return scikit-learn's tags (before 1.6)."""
        return {"allow_nan": True, "X_types": ["2darray", "sparse", "string", "categorical"]}
