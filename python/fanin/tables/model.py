"""A fitted model of tables: the encoder, and the networks in the core that predict raw rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin import _core
from fanin.layers import Dense
from fanin.losses import Huber
from fanin.network import Network
from fanin.storage import as_path
from fanin.tables.encoder import TableEncoder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fanin.losses import Loss
    from fanin.storage import Path
    from fanin.tables.fitted import FittedTable

_ABOUT = "fanin"  # the name of the text that Python saves
_NOTES = "notes"  # and of the one with what a program says about the model


def plain(value: Any) -> Any:
    """Return what JSON can hold of other labels and parameters."""
    return value.item() if isinstance(value, np.generic) else str(value)


class TableModel:
    """Predicts the rows of a table; with the same bits in C++, which reads its file with `fanin::load_table_model`."""

    def __init__(self, core: _core.TableModel) -> None:
        self._core = core
        try:
            about = json.loads(core.metadata[_ABOUT])
            named, self.about = bool(about["named"]), dict(about["about"])
        except (KeyError, TypeError, ValueError, RecursionError):
            named, self.about = True, {}
        self.encoder = TableEncoder()
        self.encoder._set_columns(core.encoder.columns)
        self.encoder._named = named

    @classmethod
    def of(cls, fitted: FittedTable, labels: Sequence[str], about: Mapping[str, Any]) -> TableModel:
        """Return the model of a fit, with the names of classes, and what else a file says about it."""
        outputs = fitted.networks[0].n_outputs
        columns = (fitted.target_mean, fitted.target_scale, *fitted.target_range)
        targets = np.stack([np.broadcast_to(column, outputs) for column in columns], axis=1)
        assert isinstance(fitted.encoder, TableEncoder)
        core = _core.TableModel(
            fitted.encoder._encoder,
            [net._core for net in fitted.networks],
            list(fitted.weights),
            list(labels),
            [] if labels else targets.tolist(),
            {_ABOUT: json.dumps({"named": fitted.encoder._named, "about": about}, default=plain)},
        )
        return cls(core)

    @property
    def notes(self) -> dict[str, Any]:
        """What a program says about the model; a file holds it as JSON."""
        try:
            return dict(json.loads(self._core.metadata.get(_NOTES, "{}")))
        except (TypeError, ValueError, RecursionError):
            return {}

    @notes.setter
    def notes(self, notes: Mapping[str, Any]) -> None:
        self._core.set_metadata({**self._core.metadata, _NOTES: json.dumps(dict(notes), default=plain)})

    @property
    def labels(self) -> list[str]:
        """The names of classes; none for numbers."""
        return self._core.labels

    @property
    def several_labels(self) -> bool:
        """Whether a row may have several of the labels, or none."""
        return self._core.several_labels

    @property
    def outputs(self) -> int:
        """Columns of predictions: classes, targets or quantiles."""
        return self._core.outputs

    @property
    def loss(self) -> Loss:
        """The loss of the fit, in the units of the targets."""
        loss = Network._of_core(self._core.networks[0])._loss
        return replace(loss, delta=loss.delta * self._core.targets[0][1]) if isinstance(loss, Huber) else loss

    @property
    def networks(self) -> list[Any]:
        """The networks of the core."""
        return self._core.networks

    @property
    def weights(self) -> list[float]:
        """The weight of each network."""
        return self._core.weights

    @property
    def targets(self) -> list[Any]:
        """Mean, scale and range of each target; none for classes."""
        return self._core.targets

    @property
    def members(self) -> int:
        """Number of networks."""
        return self._core.members

    def predict(self, X: Any, spread: bool = False) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return means and, if wanted, weighted standard deviations of what the networks predict.

        Both have shape (rows, classes or targets).
        """
        return self._core.predict(*self._read(X), spread)

    def _read(self, X: Any) -> tuple[list[str], list[Any], int]:
        """Return the names of columns, the columns, and the number of rows."""
        encoder, names = self.encoder, self.encoder._needed()
        table = encoder._read(X)
        return names, [encoder._column(table, name) for name in names], table.rows

    def staged(self, X: Any) -> list[NDArray[np.float64]]:
        """Return the means of what the first 1, 2, ... networks predict; the last one has the bits of `predict`."""
        core, (names, columns, rows) = self._core, self._read(X)
        mean: NDArray[np.float64] = np.zeros((1, 1))
        total, staged = 0.0, []
        for network, weight in zip(core.networks, core.weights, strict=True):
            one = _core.TableModel(core.encoder, [network], [weight], core.labels, core.targets, {})
            found, _ = one.predict(names, columns, rows, False)
            mean = mean + (found - mean) * (weight / (total + weight))
            total += weight
            staged.append(mean)
        return staged

    def save(self, path: Path) -> None:
        """Save the model to a file, as `Network.save` does."""
        self._core.save(as_path(path))

    @classmethod
    def load(cls, path: Path) -> TableModel:
        """Load a model from a file; raise ValueError if it is none, or is damaged."""
        return cls(_core.load_table_model(as_path(path)))

    @classmethod
    def from_bytes(cls, data: bytes) -> TableModel:
        """Return the model with these bytes of a file."""
        return cls(_core.table_model_from_bytes(data))

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle by the bytes of a file."""
        return type(self).from_bytes, (self._core.to_bytes(),)


def trainable(core: Any) -> Network:
    """Return a network with the same weights, biases included, which its first epoch leaves as they are."""
    stored = Network._of_core(core)
    *layers, last = stored.layers
    assert isinstance(last, Dense)
    last = replace(last, bias_initializer="zeros")
    network = Network(stored.n_inputs, [*layers, last], stored._loss, seed=stored.seed)
    network.set_weights(stored.get_weights())
    return network
