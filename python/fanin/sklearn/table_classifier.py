"""FaninClassifier."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from sklearn.base import ClassifierMixin

from fanin.data.inputs import error_context
from fanin.losses import Logistic, Loss, SoftmaxCrossEntropy
from fanin.sklearn.data import weights_of_classes
from fanin.sklearn.parameters import OF_TABLE_CLASSIFIER, keep
from fanin.sklearn.table_base import TableEstimator
from fanin.sklearn.table_labels import checked_labels
from fanin.sklearn.table_quality import Quality, quality_of_classes, quality_of_labels

if TYPE_CHECKING:
    from typing import Self

    from numpy.typing import ArrayLike, NDArray

    from fanin.tables.model import TableModel
    from fanin.tables.progress import Progress


class FaninClassifier(ClassifierMixin, TableEstimator):  # type: ignore[misc]
    """Classes of the rows of a table: networks on the codes of its columns, chosen and weighed by rows held out.

    Numbers, categories, booleans, dates and missing values are coded by `fanin.TableEncoder`. Several networks are
    trained together, and the probabilities of a row are the weighted mean of theirs, of linear models and of a
    constant, with weights that suit rows held out.

    With an indicator matrix (n_samples, n_labels) of 0 and 1 as targets, a row may have several labels or none:
    networks then have a logistic output for each, and predictions are such a matrix too.

    Parameters
    ----------
    members : int or "auto"
        Networks of a setting that has the whole weight; "auto" leaves it to `effort`.
    effort : {"fast", "default", "high"}
        How much is tried, and how many networks are trained.
    max_time : float, optional
        Seconds for the fit. Less is tried, and networks are trained for fewer steps, with the whole schedule.
    out_of_fold : bool
        Whether `fit` sets `out_of_fold_`.
    random_state : int or RandomState, optional
        With an int, the same data give the same model, unless there is a time limit.
    n_jobs : int, optional
        Most threads of this estimator; without it, the limit of `fanin.set_num_threads`. Results do not depend on it.
    verbose : bool or int
        Print each trial.
    class_weight : dict or "balanced", optional
        Weight of each label, which multiplies the sample weights; "balanced" is ``n / (classes * count)``, and for an
        indicator matrix the product over its columns.
    early_stopping : bool or "auto"
        Whether each network keeps the weights of its epoch that is best on validation rows, and ends its training after
        10 epochs that are not better. The rows are `X_val`, or a tenth of each class. "auto" is no: on two tables it
        changed errors by .2 % with the same `X_val`, and raised them by up to 2 % with a tenth of the rows held out.
    scoring : str or callable, optional
        What early stopping watches and `validation_score_` is, as in scikit-learn; without it, the mean loss.
    warm_start : bool
        Whether `fit` trains the networks of the last fit further, if there was one.
    callbacks : list of functions, optional
        Each is called with a `fanin.tables.progress.Progress` during a fit. An exception ends the fit and leaves the
        estimator as it was.
    categorical_features : "from_dtype", or list of str, int or bool
        Columns that are categories, by names, by positions or as a mask, besides those of text and of a categorical
        type: numbers that are codes, say.

    Attributes
    ----------
    classes_ : array
        The labels, sorted; 0, 1, ... for an indicator matrix.
    encoder_ : fanin.TableEncoder
        How the columns were read: `encoder_.describe()`.
    out_of_fold_ : array of shape (n_samples, n_classes)
        Probabilities of the training rows by networks that were not trained on them; NaN for rows of weight 0.
    out_of_fold_score_ : float or None
        The mean loss of such predictions, of all rows or of those that some networks left out, summed over labels,
        targets or quantiles; None with validation rows.
    validation_score_ : float
        The score of the validation rows, if there are any: by `scoring`, or their mean loss.
    trials_, seconds_ : tuple, dict
        What was tried, with scores; and the seconds of each part.
    n_features_in_, feature_names_in_ : int, array of str
        Columns of X, and their names if X was a frame with names. Later frames may have them in another order.

    Notes
    -----
    Equal rows of a small table of numbers (1,000 rows at most) are trained on as one row with the sum of their weights.

    Examples
    --------
    >>> from fanin.sklearn import FaninClassifier
    >>> X = [[age, job] for age in range(20, 60) for job in ("clerk", "smith")]
    >>> y = ["yes" if age > 40 and job == "smith" else "no" for age, job in X]
    >>> model = FaninClassifier(effort="fast", random_state=0).fit(X, y)
    >>> model.predict([[25, "smith"], [55, "smith"], [55, "clerk"]])
    array(['no', 'yes', 'no'], dtype='<U3')
    >>> print(model.report().text().splitlines()[0])
    FaninClassifier: the mean of 13 networks (256-256) on 2 columns
    """

    _allowed = OF_TABLE_CLASSIFIER

    def __init__(
        self,
        *,
        members: int | Literal["auto"] = "auto",
        effort: Literal["fast", "default", "high"] = "default",
        max_time: float | None = None,
        out_of_fold: bool = False,
        random_state: int | np.random.RandomState | None = None,
        n_jobs: int | None = None,
        verbose: bool | int = False,
        class_weight: Mapping[Any, float] | Literal["balanced"] | None = None,
        early_stopping: bool | Literal["auto"] = "auto",
        scoring: str | Callable[..., float] | None = None,
        warm_start: bool = False,
        callbacks: Sequence[Callable[[Progress], object]] | None = None,
        categorical_features: Literal["from_dtype"] | Sequence[Any] = "from_dtype",
    ) -> None:
        keep(self, locals())

    def _learned(self, y: Any) -> NDArray[Any]:
        labels = checked_labels(y)
        self._several = labels.ndim == 2
        if self._several:
            self.classes_: NDArray[Any] = np.arange(labels.shape[1])
            return labels
        self.classes_, learned = np.unique(labels, return_inverse=True)
        places: NDArray[Any] = learned.ravel()
        return places

    def _weighted(self, weights: NDArray[Any] | None, learned: NDArray[Any]) -> NDArray[Any] | None:
        if self.class_weight is None:
            return weights
        of_class = weights_of_classes(self.class_weight, learned if self._several else self.classes_[learned])
        weights = of_class if weights is None else weights * of_class
        if not weights.any():
            raise ValueError("class_weight: leaves no sample with a weight other than 0")
        return weights

    def _loss(self, y: NDArray[Any]) -> Loss:
        return Logistic() if self._several or len(self.classes_) == 2 else SoftmaxCrossEntropy()

    def _check(self, learned: NDArray[Any]) -> None:
        if self._several:
            if (learned == learned[0]).all():
                raise ValueError("y: expected rows with a weight that differ in a label, got the same in all")
        elif len(found := np.unique(learned)) < 2:
            only = self.classes_.tolist()[found[0]]
            raise ValueError(
                f"y: expected at least two classes in rows with a weight, got one class: {only!r}"
            )

    def _given(self, learned: NDArray[Any]) -> NDArray[Any]:
        return self.classes_[learned] if learned.ndim == 1 else learned

    def _known(self, y: Any) -> NDArray[Any]:
        labels = checked_labels(y)
        if (labels.ndim == 2) != self._several or (self._several and labels.shape[1] != len(self.classes_)):
            expected = f"(n_samples, {len(self.classes_)})" if self._several else "(n_samples,)"
            raise ValueError(f"y: expected labels of shape {expected}, as in the fit, got {labels.shape}")
        if self._several:
            return labels
        if len(unknown := np.setdiff1d(labels, self.classes_)):
            raise ValueError(f"y: expected labels of the fit, got {unknown.tolist()[0]!r}")
        return np.searchsorted(self.classes_, labels)

    def _judged(self, y: Any, predicted: Any, weights: Any, origin: str) -> Quality:
        quality = quality_of_labels if self._several else quality_of_classes
        return quality(y, predicted, weights, origin)

    def _shaped(self, predictions: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.hstack([1 - predictions, predictions]) if predictions.shape[1] == 1 else predictions

    def partial_fit(
        self, X: Any, y: ArrayLike, classes: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Train each network by one pass over some rows.

        The first call learns the code of the columns from its rows, so they should be many. After `fit`, its networks
        are trained. The state of the update rule carries over from call to call. No rows are held out, and
        nothing is chosen.

        Parameters
        ----------
        X, y, sample_weight
            As in `fit`, two rows or more in the first call.
        classes : array, optional
            All labels that there will be, for the first call unless it follows `fit` or y is an indicator matrix.

        Returns
        -------
        self : the estimator

        Raises
        ------
        ValueError, TypeError
            As in `fit`, for labels that are none of the classes, and if columns or classes are others than before.

        Examples
        --------
        >>> import numpy as np
        >>> from fanin.sklearn import FaninClassifier
        >>> model, X = FaninClassifier(members=2, random_state=0), np.linspace(0, 1, 500)[:, None]
        >>> for _ in range(20):
        ...     model = model.partial_fit(X, X[:, 0] > 0.5, classes=[False, True])
        >>> model.predict([[0.2], [0.8]])
        array([False,  True])
        """
        with self._or_as_before():
            if self.class_weight == "balanced":
                raise ValueError(
                    "class_weight: 'balanced' needs all rows; for partial_fit, expected a dict or None"
                )
            self._set_classes(y, classes)
            self._partial_fit(X, y, sample_weight)
        return self

    def _first_learned(self, y: Any) -> NDArray[Any]:
        return self._known(y)

    def _set_classes(self, y: Any, given: ArrayLike | None) -> None:
        """Set the classes of a first call, and check those of others."""
        known = self._model is not None
        if not known:
            labels = checked_labels(y)
            self._several = known = labels.ndim == 2
            self.classes_ = np.arange(labels.shape[1] if known else 0)
        if given is None:
            if not known:
                raise ValueError("classes must be passed on the first call to partial_fit.")
            return
        with error_context("classes: "):
            classes = np.unique(checked_labels(given))
        if known:
            if not np.array_equal(classes, self.classes_):
                raise ValueError(
                    f"classes: expected {self.classes_.tolist()}, as before, got {classes.tolist()}"
                )
        elif len(classes) < 2:
            raise ValueError(f"classes: expected at least two, got {classes.tolist()}")
        self.classes_ = classes

    def staged_predict(self, X: ArrayLike) -> Iterator[NDArray[Any]]:
        """Return an iterator of the predictions of the first network, the first two, and so on, in order of weight."""
        return map(self._decided, self._staged(X))

    def staged_predict_proba(self, X: ArrayLike) -> Iterator[NDArray[np.float64]]:
        """Return an iterator of the probabilities by the first network, the first two, ..., in order of weight."""
        return self._staged(X)

    def __sklearn_tags__(self) -> Any:
        """Return scikit-learn's tags (from 1.6 on)."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def _more_tags(self) -> dict[str, Any]:
        """Return scikit-learn's tags (before 1.6)."""
        return super()._more_tags() | {"multilabel": True}

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the most probable label of each row; of several labels, 1 for those with a probability above 1/2."""
        return self._decided(self._predictions(X)[0])

    def _decided(self, probabilities: NDArray[np.float64]) -> NDArray[Any]:
        """Return what these probabilities speak for."""
        if self._several:
            return (probabilities > 0.5).astype(np.int64)
        labels: NDArray[Any] = self.classes_[probabilities.argmax(axis=1)]
        return labels

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the probability of each class, in the order of `classes_`, of shape (n_samples, n_classes).

        Those of a row have the sum 1, unless the targets were an indicator matrix.
        """
        return self._predictions(X)[0]

    def _about(self) -> dict[str, Any]:
        return super()._about() | {"classes": self.classes_.tolist(), "dtype": self.classes_.dtype.str}

    def _restore(self, model: TableModel) -> None:
        super()._restore(model)
        self._several = model.several_labels
        dtype = np.dtype(model.about.get("dtype", "U"))
        if dtype.kind not in "biufUOM":
            raise ValueError(f"classes of dtype {dtype}")
        classes = model.about.get("classes", model.labels)
        self.classes_ = np.array(classes, dtype="U" if dtype.kind == "U" else dtype)  # as wide as they are
        if self.classes_.shape != (len(model.labels),):
            raise ValueError(f"expected {len(model.labels)} classes")
