"""FaninClassifier."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from sklearn.base import ClassifierMixin

from fanin.export.onnx.tables import save_table_classifier
from fanin.export.onnx.versions import OPSET
from fanin.sklearn.parameters import OF_TABLE_CLASSIFIER, keep
from fanin.sklearn.table_classes import LabelledTables

if TYPE_CHECKING:
    from typing import Self

    from numpy.typing import ArrayLike, NDArray

    from fanin.storage import Path
    from fanin.tables.progress import Progress


class FaninClassifier(ClassifierMixin, LabelledTables):  # type: ignore[misc]
    """Classifies the rows of a table by networks on coded columns, chosen and weighted by held-out rows.

    Numbers, categories, booleans, dates and missing values are coded by `fanin.TableEncoder`. Several networks are
    trained together, and the probabilities of a row are the weighted mean of theirs, of linear models and of a
    constant, with weights that suit rows held out.

    Sparse X, in any format of SciPy, is never made dense: networks with one hidden layer read its numbers as they are,
    without columns that are empty in training. Columns of text are sparse rows, too: `fanin.HashedText` hashes their
    words and pairs of words. X may also be a list, an array or a series of texts. Models of sparse rows and texts can
    be pickled, but not saved.

    With an indicator matrix (n_samples, n_labels) of 0 and 1 as targets, a row may have several labels or none:
    networks then have a logistic output for each, and predictions are such a matrix too.

    Parameters
    ----------
    members : int or "auto"
        Number of networks, if one setting has the whole weight; "auto": it depends on `effort`.
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
        Within ``with joblib.parallel_backend("dask")`` networks are trained on the cluster, on a thread each.
    verbose : bool or int
        Print each trial.
    class_weight : dict or "balanced", optional
        Weight of each label, which multiplies the sample weights; "balanced" is ``n / (classes * count)``, and for an
        indicator matrix the product over its columns.
    early_stopping : bool or "auto"
        Whether each network keeps the weights of its epoch that is best on validation rows, and ends its training after
        10 epochs that are not better. The rows are `X_val`, or a tenth of each class. "auto" is False: on two tables it
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
    text_features : "auto", or list of str, int or bool
        Columns that are text, by names, by positions or as a mask, whose words and pairs of words networks see as
        hashed columns; "auto": those of free text, most of them different and longer than 20 characters on average.
    diagnose : bool
        Watch the fits of the networks: `diagnoses_` says what is wrong with them. The model has the same bits.

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
    diagnoses_ : tuple of fanin.diagnose.Diagnosis
        After a `fit` with ``diagnose=True``, of the fit of each network that predicts, in order of weight; without
        findings about epochs, rate and decay, which rows held out have chosen. Inputs of `diagnosis.start` are coded
        rows. Neither files nor pickles and copies hold them.
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
    >>> texts = ["a good film", "not a good film", "good fun", "not good at all"] * 25
    >>> model = FaninClassifier(effort="fast", random_state=0).fit(texts, ["+", "-"] * 50)
    >>> model.predict(["good", "not a good one"])
    array(['+', '-'], dtype='<U1')
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
        text_features: Literal["auto"] | Sequence[Any] = "auto",
        diagnose: bool = False,
    ) -> None:
        keep(self, locals())

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

    def staged_predict(self, X: ArrayLike) -> Iterator[NDArray[Any]]:
        """Yield the predictions of the first network, the first two, and so on, in order of weight.

        Parameters
        ----------
        X : frame, array, sparse matrix or list of str
            Rows, with the columns of `fit`.

        Yields
        ------
        array, as from `predict`
        """
        return map(self._decided, self._staged(X))

    def staged_predict_proba(self, X: ArrayLike) -> Iterator[NDArray[np.float64]]:
        """Yield the probabilities by the first network, the first two, and so on, in order of weight.

        Parameters
        ----------
        X : frame, array, sparse matrix or list of str
            Rows, with the columns of `fit`.

        Yields
        ------
        array, as from `predict_proba`
        """
        return self._staged(X)

    def to_onnx(self, path: Path, *, opset: int = OPSET) -> None:
        """Write the classifier as an ONNX model, with the code of columns and all networks; it needs onnx.

        Its outputs are "label", what `predict` returns, and "probabilities", what `predict_proba` returns.

        The model codes numbers, booleans, categories, dates and missing values as columns were read in training: see
        the attribute `encoder_`. Fitted to an array of numbers, it has one input, "X", (rows, columns), in float64.
        Otherwise it has an input for each column that it uses, (rows, 1), with the name of the column: numbers,
        booleans as 0 and 1, durations in days and dates as days since 1970-01-01 in float64, NaN where missing;
        categories as text, empty where missing. This text is ``str(level)`` without blanks around it, of numbers in
        float64: "True", "3" (also for 3.0), "0.5". Numbers given as text, which `predict` reads, must be converted
        first. If a column is called "label", the output is "label_2".

        Parameters
        ----------
        path : str, bytes or path
            By convention, it ends in ".onnx".
        opset : int
            As in `fanin.Network.to_onnx`.

        Raises
        ------
        ImportError, ValueError, TypeError, OSError
            As in `fanin.Network.to_onnx`, and for columns of text, whose words ONNX cannot hash; for classes other
            than text, numbers or booleans.
        """
        save_table_classifier(*self._exported(), None if self._several else self.classes_, path, opset)

    def __sklearn_tags__(self) -> Any:
        """Return scikit-learn's tags (from 1.6 on)."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def _more_tags(self) -> dict[str, Any]:
        """Return scikit-learn's tags (before 1.6)."""
        return super()._more_tags() | {"multilabel": True}

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the most probable label of each row.

        Parameters
        ----------
        X : frame, array, sparse matrix or list of str
            Rows, with the columns of `fit`.

        Returns
        -------
        array of shape (n_samples,)
            For an indicator matrix as targets (n_samples, n_labels): 1 for those with a probability above 1/2.
        """
        return self._decided(self._predictions(X)[0])

    def _decided(self, probabilities: NDArray[np.float64]) -> NDArray[Any]:
        """Return what these probabilities speak for."""
        if self._several:
            return (probabilities > 0.5).astype(np.int64)
        labels: NDArray[Any] = self.classes_[probabilities.argmax(axis=1)]
        return labels

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the probability of each class.

        Parameters
        ----------
        X : frame, array, sparse matrix or list of str
            Rows, with the columns of `fit`.

        Returns
        -------
        array of shape (n_samples, n_classes)
            In the order of `classes_`; rows have the sum 1, unless the targets were an indicator matrix.
        """
        return self._predictions(X)[0]
