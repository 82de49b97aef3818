"""The labels of FaninClassifier, and what its networks learn of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from fanin.data.inputs import error_context
from fanin.losses import Logistic, Loss, SoftmaxCrossEntropy
from fanin.sklearn.data import weights_of_classes
from fanin.sklearn.table_base import TableEstimator
from fanin.sklearn.table_labels import checked_labels
from fanin.sklearn.table_quality import Quality, quality_of_classes, quality_of_labels

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from fanin.tables.model import TableModel


class LabelledTables(TableEstimator):
    """The part of FaninClassifier that knows the labels."""

    class_weight: Mapping[Any, float] | Literal["balanced"] | None
    classes_: NDArray[Any]
    _several: bool  # labels of a row

    def _learned(self, y: Any) -> NDArray[Any]:
        labels = checked_labels(y)
        self._several = labels.ndim == 2
        if self._several:
            self.classes_ = np.arange(labels.shape[1])
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
