"""FaninRegressor."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_is_fitted

from fanin.export.onnx.tables import save_table_regressor
from fanin.export.onnx.versions import OPSET
from fanin.losses import BY_NAME, Huber, Loss, Quantile
from fanin.sklearn.parameters import OF_TABLE_REGRESSOR, keep
from fanin.sklearn.table_base import TableEstimator
from fanin.sklearn.table_data import checked_targets
from fanin.sklearn.table_quality import Quality, quality_of_numbers

if TYPE_CHECKING:
    from typing import Self

    from numpy.typing import ArrayLike, NDArray

    from fanin.storage import Path
    from fanin.tables.model import TableModel
    from fanin.tables.progress import Progress


class FaninRegressor(RegressorMixin, TableEstimator):  # type: ignore[misc]
    """Predicts numbers for the rows of a table by networks on coded columns, whose predictions are averaged.

    Numbers, categories, booleans, dates and missing values are coded by `fanin.TableEncoder`. Several networks are
    trained together, and the prediction for a row is the weighted mean of theirs, of linear models and of a constant,
    with weights that suit rows held out. It is within the range of the training targets.

    Parameters
    ----------
    loss : {"squared_error", "absolute_error", "huber", "quantile", "poisson", "gamma"}
        What is minimized: see `fanin.losses`. huber has the delta of the interquartile range of y / 1.349; poisson, for
        targets of at least 0, and gamma, for targets above 0, predict positive numbers by a logarithmic link.
    quantile : float or list of float
        Which quantile loss="quantile" predicts, between 0 and 1; or several, at most 32, in ascending order, which the
        same networks learn. Those of a row are sorted, so that none crosses another (Chernozhukov et al. 2010);
        `predict_quantiles` returns them.
    members, effort, max_time, out_of_fold, random_state, n_jobs, verbose, early_stopping, scoring
        Those of `FaninClassifier`.
    warm_start, callbacks, categorical_features, text_features, diagnose
        Those of `FaninClassifier`.

    Attributes
    ----------
    out_of_fold_ : array of shape (n_samples,), or (n_samples, n_outputs) of several targets or quantiles
        Predictions of the training rows by networks that were not trained on them; NaN for rows of weight 0.
    encoder_, out_of_fold_score_, validation_score_, trials_, seconds_, diagnoses_, n_features_in_, feature_names_in_
        Those of `FaninClassifier`.

    Examples
    --------
    >>> import numpy as np
    >>> from fanin.sklearn import FaninRegressor
    >>> X = np.random.default_rng(0).uniform(-1, 1, size=(500, 2))
    >>> model = FaninRegressor(random_state=0).fit(X, np.sin(3 * X[:, 0]) + X[:, 1])
    >>> mean, deviation = model.predict([[0.5, 0.0]], return_std=True)
    >>> bool(abs(mean[0] - np.sin(1.5)) < 0.1), bool(deviation[0] < 0.1)
    (True, True)
    """

    _allowed = OF_TABLE_REGRESSOR

    def __init__(
        self,
        *,
        loss: Literal[
            "squared_error", "absolute_error", "huber", "quantile", "poisson", "gamma"
        ] = "squared_error",
        quantile: float | Sequence[float] = 0.5,
        members: int | Literal["auto"] = "auto",
        effort: Literal["fast", "default", "high"] = "default",
        max_time: float | None = None,
        out_of_fold: bool = False,
        random_state: int | np.random.RandomState | None = None,
        n_jobs: int | None = None,
        verbose: bool | int = False,
        early_stopping: bool | Literal["auto"] = "auto",
        scoring: str | Callable[..., float] | None = None,
        warm_start: bool = False,
        callbacks: Sequence[Callable[[Progress], object]] | None = None,
        categorical_features: Literal["from_dtype"] | Sequence[Any] = "from_dtype",
        text_features: Literal["auto"] | Sequence[Any] = "auto",
        diagnose: bool = False,
    ) -> None:
        keep(self, locals())

    def _learned(self, y: Any) -> NDArray[Any]:
        targets = self._known(y)
        self._vector = targets.ndim == 1
        self._levels = self._wanted_levels()
        return targets

    def _loss(self, y: NDArray[Any]) -> Loss:
        if self.loss == "quantile":
            return Quantile(self._wanted_levels())
        if self.loss == "huber":
            quarter, three_quarters = np.quantile(y, [0.25, 0.75])
            return Huber(float(three_quarters - quarter) / 1.349 or 1.0)
        return BY_NAME[self.loss]()

    def _check(self, learned: NDArray[Any]) -> None:
        if self.loss == "poisson" and not learned.any(axis=0).all():
            raise ValueError("y: all values are 0; loss='poisson' needs some above 0")

    def _given(self, learned: NDArray[Any]) -> NDArray[Any]:
        return learned

    def _wanted_levels(self) -> tuple[float, ...]:
        if self.loss != "quantile":
            return ()
        return tuple(float(level) for level in np.atleast_1d(np.asarray(self.quantile, np.float64)))

    def _known(self, y: Any) -> NDArray[Any]:
        targets = checked_targets(y, self.loss)
        if self.loss == "quantile" and targets.ndim == 2:
            raise ValueError(f"y: loss='quantile' needs one target, got {targets.shape[1]}")
        return targets

    def _judged(self, y: Any, predicted: Any, weights: Any, origin: str) -> Quality:
        assert self._model is not None
        columns, expected = y.size // len(y), 1 if self._levels else self._model.outputs
        if columns != expected:
            raise ValueError(f"y: expected {expected} targets a row, as in the fit, got {columns}")
        return quality_of_numbers(self._model.loss, y, predicted, weights, origin)

    def _shaped(self, predictions: NDArray[np.float64]) -> NDArray[np.float64]:
        return predictions[:, 0] if self._vector and len(self._levels) < 2 else predictions

    def _central(self, predictions: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return predictions, (n, outputs), as `predict` does: of several quantiles, the one nearest to the median."""
        column = self._central_column
        return predictions if column is None else predictions[:, column]

    @property
    def _central_column(self) -> int | None:
        """The column of predictions that `predict` returns, or None for all of them."""
        if len(self._levels) < 2:
            return 0 if self._vector else None
        return int(np.abs(np.array(self._levels) - 0.5).argmin())

    def partial_fit(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train each network by one pass over some rows.

        The first call learns the code of the columns, and the scale of the targets, from its rows, so they should be
        many. After `fit`, its networks are trained. The state of the update rule carries over from call to
        call. No rows are held out, and nothing is chosen.

        Parameters
        ----------
        X, y, sample_weight
            As in `fit`, two rows or more in the first call.

        Returns
        -------
        self : the estimator

        Raises
        ------
        ValueError, TypeError
            As in `fit`, and if columns or the number of targets are others than before.

        Examples
        --------
        >>> import numpy as np
        >>> from fanin.sklearn import FaninRegressor
        >>> model, X = FaninRegressor(members=2, random_state=0), np.linspace(0, 1, 500)[:, None]
        >>> for _ in range(20):
        ...     model = model.partial_fit(X, 3 * X[:, 0])
        >>> bool(abs(model.predict([[0.5]])[0] - 1.5) < 0.1)
        True
        """
        with self._or_as_before():
            self._partial_fit(X, y, sample_weight)
        return self

    def staged_predict(self, X: ArrayLike) -> Iterator[NDArray[np.float64]]:
        """Yield the predictions of the first network, the first two, and so on, in order of weight.

        Parameters
        ----------
        X : frame, array, sparse matrix or list of str
            Rows, with the columns of `fit`.

        Yields
        ------
        array, as from `predict`
        """
        return map(self._central, self._staged(X))

    def predict(self, X: ArrayLike, return_std: bool = False) -> Any:
        """Return the predicted targets.

        Of several quantiles, it is the one nearest to the median, of two as near the lower one.

        Parameters
        ----------
        X : frame, array, sparse matrix or list of str
            Rows, with the columns of `fit`.
        return_std : bool
            Return also the standard deviations of what the voting models predict, in the same shape: how far they
            disagree, not how far targets scatter.

        Returns
        -------
        array of shape (n_samples,) or (n_samples, n_outputs)
            With `return_std`, a tuple of two.
        """
        means, deviations = self._predictions(X, return_std)
        return (self._central(means), self._central(deviations)) if return_std else self._central(means)

    def predict_quantiles(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the predicted quantiles of the fit, for ``loss="quantile"``.

        Parameters
        ----------
        X : frame, array, sparse matrix or list of str
            Rows, with the columns of `fit`.

        Returns
        -------
        array of shape (n_samples, n_quantiles)
            In ascending order: of a row, none is below the one before it.

        Raises
        ------
        ValueError
            For another loss, and for invalid data.

        Examples
        --------
        >>> import numpy as np
        >>> from fanin.sklearn import FaninRegressor
        >>> rng = np.random.default_rng(0)
        >>> X = rng.uniform(0, 1, size=(1000, 1))
        >>> y = X[:, 0] * rng.uniform(0, 1, size=1000)
        >>> model = FaninRegressor(loss="quantile", quantile=[0.1, 0.5, 0.9], random_state=0).fit(X, y)
        >>> bool(np.abs(model.predict_quantiles([[0.5]]) - [0.05, 0.25, 0.45]).max() < 0.05)
        True
        """
        check_is_fitted(self)
        if not self._levels:
            raise ValueError("predict_quantiles: expected a fit with loss='quantile'")
        return self._predictions(X)[0]

    def to_onnx(self, path: Path, *, opset: int = OPSET) -> None:
        """Write the regressor as an ONNX model, with the code of columns and all networks; it needs onnx.

        Its output is "prediction", what `predict` returns; if there are several quantiles, "quantiles" is another.

        The model codes numbers, booleans, categories, dates and missing values as columns were read in training: see
        the attribute `encoder_`. Fitted to an array of numbers, it has one input, "X", (rows, columns), in float64.
        Otherwise it has an input for each column that it uses, (rows, 1), with the name of the column: numbers,
        booleans as 0 and 1, durations in days and dates as days since 1970-01-01 in float64, NaN where missing;
        categories as text, empty where missing. This text is ``str(level)`` without blanks around it, of numbers in
        float64: "True", "3" (also for 3.0), "0.5". Numbers given as text, which `predict` reads, must be converted
        first. If a column is called "prediction", the output is "prediction_2".

        Parameters
        ----------
        path : str, bytes or path
            By convention, it ends in ".onnx".
        opset : int
            As in `fanin.Network.to_onnx`.

        Raises
        ------
        ImportError, ValueError, TypeError, OSError
            As in `fanin.Network.to_onnx`, and for columns of text, whose words ONNX cannot hash.
        """
        save_table_regressor(*self._exported(), self._central_column, path, opset)

    def _about(self) -> dict[str, Any]:
        return super()._about() | {"vector": self._vector}

    def _restore(self, model: TableModel) -> None:
        super()._restore(model)
        self._vector = bool(model.about.get("vector", True))
        self._levels = self._wanted_levels()
        if self._levels and len(self._levels) != model.outputs:
            raise ValueError(f"{len(self._levels)} quantiles for {model.outputs} outputs")

    def __sklearn_tags__(self) -> Any:
        """Return scikit-learn's tags (from 1.6 on)."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _more_tags(self) -> dict[str, Any]:
        """Return scikit-learn's tags (before 1.6)."""
        return super()._more_tags() | {"multioutput": True}
