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
    from numpy.typing import NDArray


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
