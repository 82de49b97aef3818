"""A fitted model of sparse X or of tables with text, which Python alone predicts with."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin.losses import Huber, Logistic, Quantile
from fanin.tables.encoder import TableEncoder
from fanin.tables.model import TableModel, plain, trainable
from fanin.tables.sparse_encoder import SparseEncoder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fanin.losses import Loss
    from fanin.storage import Path
    from fanin.tables.fitted import FittedTable

    Float = NDArray[np.float64]


class SparseModel:
    """Predicts sparse rows, or those of a table with text: what `TableModel` does, but for files."""

    def __init__(self, fitted: FittedTable, labels: Sequence[str], about: Mapping[str, Any]) -> None:
        self.encoder, self.labels, self.about = fitted.encoder, list(labels), dict(about)
        self.weights = list(fitted.weights)
        self._networks = [trainable(net._core) for net in fitted.networks]
        several = fitted.networks[0].n_outputs > 1 and isinstance(self._learned, Logistic)
        self.several_labels = bool(labels) and several
        columns = (fitted.target_mean, fitted.target_scale, *fitted.target_range)
        outputs = fitted.networks[0].n_outputs
        of_outputs = np.stack([np.broadcast_to(column, outputs) for column in columns], axis=1)
        self.targets = [] if labels else of_outputs.tolist()
        self._notes = "{}"

    @property
    def notes(self) -> dict[str, Any]:
        """What a program says about the model, as JSON can hold it."""
        return dict(json.loads(self._notes))

    @notes.setter
    def notes(self, notes: Mapping[str, Any]) -> None:
        self._notes = json.dumps(dict(notes), default=plain)

    @property
    def networks(self) -> list[Any]:
        """The networks of the core."""
        return [net._core for net in self._networks]

    @property
    def outputs(self) -> int:
        """Columns of predictions: classes, targets or quantiles."""
        return len(self.labels) or self._networks[0].n_outputs

    @property
    def _learned(self) -> Loss:
        return self._networks[0]._loss

    @property
    def loss(self) -> Loss:
        """The loss of the fit, in the units of the targets."""
        loss = self._learned
        return replace(loss, delta=loss.delta * self.targets[0][1]) if isinstance(loss, Huber) else loss

    @property
    def members(self) -> int:
        """Number of networks."""
        return len(self._networks)

    def predict(self, X: Any, spread: bool = False) -> tuple[Float, Float]:
        """Return means and, if wanted, weighted standard deviations of what the networks predict.

        Both have shape (rows, classes or targets).
        """
        rows = self.encoder.transform(X)
        mean, squares, total = np.zeros((rows.shape[0], self.outputs)), np.zeros((1, 1)), 0.0
        for found, weight in zip(self._found(rows), self.weights, strict=True):
            total += weight
            before, mean = mean, mean + (found - mean) * (weight / total)
            squares = squares + weight * (found - before) * (found - mean) if spread else squares
        return mean, np.sqrt(squares / total)

    def staged(self, X: Any) -> list[Float]:
        """Return the means of what the first 1, 2, ... networks predict; the last one has the bits of `predict`."""
        mean: Float = np.zeros((1, 1))
        total, staged = 0.0, []
        for found, weight in zip(self._found(self.encoder.transform(X)), self.weights, strict=True):
            total += weight
            mean = mean + (found - mean) * (weight / total)
            staged.append(mean)
        return staged

    def _found(self, rows: Any) -> list[Float]:
        """Return what each network predicts."""
        return [self._predicted(net.predict(rows)) for net in self._networks]

    def _predicted(self, outputs: NDArray[Any]) -> Float:
        """Return the prediction that is made of the outputs of a network."""
        raw: Float = np.asarray(outputs, np.float64).reshape(len(outputs), -1)
        if not self.labels:
            mean, scale, low, high = np.array(self.targets).T
            raw = np.sort(raw, axis=1) if isinstance(self._learned, Quantile) else raw
            clipped: Float = np.clip(raw * scale + mean, low, high)
            return clipped
        return raw if raw.shape[1] > 1 else np.hstack([1 - raw, raw])

    def save(self, path: Path) -> None:
        """Raise ValueError: there is no file of such a model that C++ could read."""
        what = "sparse X" if isinstance(self.encoder, SparseEncoder) else "columns of text"
        raise ValueError(f"save: expected a model of a table, got one of {what}; use pickle or joblib for it")


Model = TableModel | SparseModel


def model_of(fitted: FittedTable, labels: Sequence[str], about: Mapping[str, Any]) -> Model:
    """Return the model of a fit, with the names of classes, and what else it says about itself."""
    kind = TableModel.of if isinstance(fitted.encoder, TableEncoder) else SparseModel
    return kind(fitted, labels, about)
