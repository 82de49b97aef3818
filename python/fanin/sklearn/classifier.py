"""MLPClassifier."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import type_of_target, unique_labels

from fanin.sklearn.base import Perceptron, is_stochastic
from fanin.sklearn.conversion import to_sklearn
from fanin.sklearn.data import Data, checked_weights
from fanin.sklearn.parameters import OF_CLASSIFIER, check_parameters

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from typing_extensions import Self


class MLPClassifier(ClassifierMixin, Perceptron):  # type: ignore[misc]
    """DOCSTRING."""

    _allowed = OF_CLASSIFIER
    _numeric_targets: ClassVar[bool] = False
    loss = "log_loss"

    def __init__(
        self,
        hidden_layer_sizes: Iterable[int] | int = (100,),
        activation: Literal["identity", "logistic", "tanh", "relu"] = "relu",
        *,
        solver: Literal["lbfgs", "sgd", "adam"] = "adam",
        alpha: float = 0.0001,
        batch_size: int | Literal["auto"] = "auto",
        learning_rate: Literal["constant", "invscaling", "adaptive"] = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: int | np.random.RandomState | None = None,
        tol: float = 1e-4,
        verbose: bool | int = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        class_weight: Mapping[Any, float] | Literal["balanced"] | None = None,
        dtype: Literal["float32", "float64"] | None = None,
        n_jobs: int | None = None,
        max_time: float | None = None,
        callbacks: Iterable[Any] | None = None,
    ) -> None:
        self._keep(locals())

    @available_if(is_stochastic)  # type: ignore[untyped-decorator]
    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        classes: ArrayLike | None = None,
    ) -> Self:
        """Train for one epoch; the update rule continues from the last call.

        Parameters
        ----------
        X, y, sample_weight
            As in `fit`.
        classes : array of shape (n_classes,), optional
            All classes that y may ever have; the first call needs them, later ones may omit them.

        Returns
        -------
        self : the estimator
        """
        check_parameters(self, self._allowed)
        known = getattr(self, "classes_", None)
        if known is None:
            if classes is None:
                raise ValueError("classes must be passed on the first call to partial_fit.")
            self.classes_ = unique_labels(classes)
            several = type_of_target(y).startswith("multilabel")
            self._label_binarizer = LabelBinarizer().fit(y if several else classes)
        elif classes is not None and not np.array_equal(known, unique_labels(classes)):
            raise ValueError(
                f"`classes={classes!r}` is not the same as on last call to partial_fit, was: {known!r}"
            )
        return self._fit(X, y, sample_weight, (None, None, None), incremental=True)

    def _learn_classes(self, y: Any, *, incremental: bool) -> None:
        if not hasattr(self, "classes_") or not (self.warm_start or incremental):
            self._label_binarizer = LabelBinarizer().fit(y)
            self.classes_ = self._label_binarizer.classes_
        elif self.warm_start and set(classes := unique_labels(y)) != set(self.classes_):
            raise ValueError(
                "warm_start can only be used where `y` has the same classes as in the previous call to fit. "
                f"Previously got {self.classes_}, `y` has {classes}"
            )

    def _data(self, X: Any, y: Any, sample_weight: Any, *, incremental: bool = False) -> Data:
        classes = unique_labels(y)
        if len(np.setdiff1d(classes, self.classes_, assume_unique=True)):
            raise ValueError(
                f"`y` has classes not in `self.classes_`. `self.classes_` has {self.classes_}. 'y' has {classes}."
            )
        weights = checked_weights(sample_weight, X.shape[0])
        if self.class_weight is not None:
            if incremental and isinstance(self.class_weight, str):
                raise ValueError(
                    "class_weight: partial_fit does not see all samples, as 'balanced' needs; expected a dict, such as "
                    "one made with sklearn.utils.class_weight.compute_class_weight"
                )
            of_class = compute_sample_weight(self.class_weight, y)
            weights = of_class if weights is None else weights * of_class
            if not weights.any():
                raise ValueError("class_weight: leaves no sample with a weight other than 0")
        kind = self._label_binarizer.y_type_
        if y.ndim == 2 or kind.startswith("multilabel"):
            labels = self._label_binarizer.transform(y).astype(bool)
            return Data(X, labels, weights, labels.shape[1])
        if kind == "multiclass":
            labels = np.searchsorted(self.classes_, y).astype(np.int32)
            return Data(X, labels, weights, len(self.classes_))
        return Data(
            X, y == self.classes_[1] if len(self.classes_) > 1 else np.zeros(len(y), bool), weights, 1
        )

    def _output_activation(self) -> str:
        if (binarizer := getattr(self, "_label_binarizer", None)) is not None:
            return "softmax" if binarizer.y_type_ == "multiclass" else "logistic"
        return "logistic" if len(self.intercepts_[-1]) == 1 else "softmax"

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the most probable label of each row, or an indicator matrix of the labels more probable than 1/2."""
        outputs = self._outputs(X)
        labels: NDArray[Any]
        if outputs.ndim == 2 and self._form.output != "softmax":
            labels = self._label_binarizer.inverse_transform(outputs)
            return labels
        classes = self._known_classes()
        chosen = outputs.argmax(axis=1) if outputs.ndim == 2 else (outputs > 0.5).view(np.int8)
        labels = classes.take(chosen, mode="clip")  # a single class is always the prediction
        return labels

    def _known_classes(self) -> NDArray[Any]:
        known: NDArray[Any] | None = getattr(self, "classes_", None)
        classes: NDArray[Any] = self._label_binarizer.classes_ if known is None else known
        return classes

    def predict_proba(self, X: ArrayLike) -> NDArray[Any]:
        """Return the probability of each class, in the order of `classes_`, of shape (n_samples, n_classes)."""
        outputs = self._outputs(X)
        return np.vstack([1 - outputs, outputs]).T if outputs.ndim == 1 else outputs

    def predict_log_proba(self, X: ArrayLike) -> NDArray[Any]:
        """Return the logarithms of `predict_proba`."""
        probabilities: NDArray[Any] = np.log(self.predict_proba(X))
        return probabilities

    def to_sklearn(self) -> Any:
        """Return scikit-learn's own fitted estimator with copies of these weights, for tools that know only that.

        Its fitted attributes are set, including the private one in which it keeps labels; a later `fit` or
        `partial_fit` of it begins with a new optimizer.
        """
        return to_sklearn(self, "MLPClassifier")

    def __sklearn_tags__(self) -> Any:
        """Return scikit-learn's tags (from 1.6 on)."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def _more_tags(self) -> dict[str, bool]:
        """Return scikit-learn's tags (before 1.6)."""
        return {"multilabel": True}
