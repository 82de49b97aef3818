"""The labels of MLPClassifier, and what its network is trained on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils.multiclass import unique_labels

from fanin.sklearn.base import Perceptron
from fanin.sklearn.data import Data, weights_of_classes

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


class LabelledPerceptron(Perceptron):
    """The part of MLPClassifier that knows the labels."""

    class_weight: Mapping[Any, float] | Literal["balanced"] | None
    warm_start: bool
    classes_: NDArray[Any]

    def _learn_classes(self, y: Any, *, incremental: bool) -> None:
        if not hasattr(self, "classes_") or not (self.warm_start or incremental):
            self._label_binarizer = LabelBinarizer().fit(y)
            self.classes_ = self._label_binarizer.classes_
            return
        if not hasattr(self, "_label_binarizer"):  # users assigned weights and classes
            self._label_binarizer = LabelBinarizer().fit(y if y.ndim == 2 else self.classes_)
        if not self.warm_start:
            self._check_classes(y)
        elif set(classes := unique_labels(y)) != set(self.classes_):
            raise ValueError(
                "warm_start can only be used where `y` has the same classes as in the previous call to fit. "
                f"Previously got {self.classes_}, `y` has {classes}"
            )

    def _check_classes(self, y: Any) -> None:
        classes = unique_labels(y)
        if len(np.setdiff1d(classes, self.classes_, assume_unique=True)):
            raise ValueError(
                f"`y` has classes not in `self.classes_`. `self.classes_` has {self.classes_}. 'y' has {classes}."
            )

    def _data(self, X: Any, y: Any, weights: NDArray[Any] | None, *, incremental: bool = False) -> Data:
        if self.class_weight is not None:
            if incremental and isinstance(self.class_weight, str):
                raise ValueError(
                    "class_weight: partial_fit does not see all samples, as 'balanced' needs; expected a dict, such as "
                    "one made with sklearn.utils.class_weight.compute_class_weight"
                )
            of_class = weights_of_classes(self.class_weight, y)
            weights = of_class if weights is None else weights * of_class
            if not weights.any():
                raise ValueError("class_weight: leaves no sample with a weight other than 0")
        kind = self._label_binarizer.y_type_
        if y.ndim == 2 or kind.startswith("multilabel"):
            labels = self._label_binarizer.transform(y).astype(X.dtype)
            return Data(X, labels, weights, labels.shape[1])
        if kind == "multiclass":
            labels = np.searchsorted(self.classes_, y).astype(np.int32)
            return Data(X, labels, weights, len(self.classes_))
        second = y == self.classes_[1] if len(self.classes_) > 1 else np.zeros(len(y))
        return Data(X, second.astype(X.dtype), weights, 1)  # the core gathers its own type fastest

    def _output_activation(self) -> str:
        if (binarizer := getattr(self, "_label_binarizer", None)) is not None:
            return "softmax" if binarizer.y_type_ == "multiclass" else "logistic"
        return "logistic" if len(self.intercepts_[-1]) == 1 else "softmax"

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the most probable label of each row.

        Parameters
        ----------
        X : array, frame or sparse matrix of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        array of shape (n_samples,)
            For several labels per row an indicator matrix of those more probable than 1/2, (n_samples, n_labels).

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before a fit.
        ValueError
            For invalid data.
        """
        outputs = self._outputs(X)
        labels: NDArray[Any]
        if outputs.ndim == 2 and self._form.output != "softmax":
            labels = self._label_binarizer.inverse_transform(outputs)
            return labels
        if not hasattr(self, "classes_"):
            raise AttributeError("classes_ is not set, but the weights are; expected labels in classes_")
        chosen = outputs.argmax(axis=1) if outputs.ndim == 2 else (outputs > 0.5).view(np.int8)
        labels = self.classes_.take(chosen, mode="clip")  # a single class is always the prediction
        return labels

    def predict_proba(self, X: ArrayLike) -> NDArray[Any]:
        """Return the probability of each class.

        Parameters
        ----------
        X : array, frame or sparse matrix of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        array of shape (n_samples, n_classes)
            In the order of `classes_`.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before a fit.
        ValueError
            For invalid data.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from fanin.sklearn import MLPClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = MLPClassifier(learning_rate_init=0.01, tol=0.01, random_state=0).fit(X, y)
        >>> model.predict_proba(X[:2]).shape
        (2, 3)
        """
        outputs = self._outputs(X)
        return np.vstack([1 - outputs, outputs]).T if outputs.ndim == 1 else outputs

    def predict_log_proba(self, X: ArrayLike) -> NDArray[Any]:
        """Return the logarithms of `predict_proba`.

        Parameters
        ----------
        X : array, frame or sparse matrix of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        array of shape (n_samples, n_classes)

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before a fit.
        ValueError
            For invalid data.
        """
        probabilities: NDArray[Any] = np.log(self.predict_proba(X))
        return probabilities
