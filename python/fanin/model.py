"""A network without training: layers, a loss and weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import compress
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin import _core
from fanin.data.inputs import Labels, as_array, as_data, error_context
from fanin.data.sequences import as_sequences
from fanin.layers import Embedding, Layer, Tied, columns_through
from fanin.layers.weights import checked_weights
from fanin.losses import Loss
from fanin.stepped import Stepped

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Float = NDArray[Any]


def check_model(net: object) -> None:
    """Raise TypeError unless this is a network."""
    if not isinstance(net, Model):
        raise TypeError(f"net: expected a fanin.Network, got {type(net).__name__}")


class Model(Stepped):
    """The part of `fanin.Network` that does not train: prediction, and getting and setting weights."""

    def __init__(self, core: Any, layers: Sequence[Layer], loss: Loss) -> None:
        single = isinstance(core, _core.NetworkFloat32)
        self._core, self._layers, self._loss = core, tuple(layers), loss
        self._dtype: np.dtype[Any] = np.dtype("float32" if single else "float64")
        exact = core.has_input_layer or isinstance(self._layers[0], Embedding)
        self._data_dtype = np.dtype("float64") if exact else self._dtype  # of frames
        self._n_inputs, self._seed = int(core.n_inputs), int(core.seed)
        self._recurrent = bool(core.recurrent)
        self._metric = _core.loss_traits()[loss.name][0]
        self._trained = list(core.trained_names)
        self._training: Any = _core.TrainingFloat32 if single else _core.TrainingFloat64

    @property
    def n_inputs(self) -> int:
        """Number of columns of X."""
        return self._n_inputs

    @property
    def n_outputs(self) -> int:
        """Units of the last layer."""
        return int(self._core.n_outputs)

    @property
    def n_parameters(self) -> int:
        """Number of weights and biases, gamma and beta.

        ValueError while it depends on what the input layer is still to learn, such as the number of indicators.
        """
        return int(self._core.n_parameters)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers that were passed to the constructor."""
        return self._layers

    @property
    def loss(self) -> str:
        """Name of the loss."""
        return self._loss.name

    @property
    def seed(self) -> int:
        """Seed of the initial weights, of dropout and, by default, of the order of samples."""
        return self._seed

    @property
    def dtype(self) -> np.dtype[Any]:
        """Data type of the weights and of all arithmetic."""
        return self._dtype

    @property
    def metric(self) -> str:
        """Name of the loss's metric, such as "accuracy" or "rmse"."""
        return self._metric

    @property
    def column_names(self) -> Mapping[str, Sequence[str]]:
        """Names of the columns that the network was trained on, in order: of "X", and of "y" if it has several.

        They come from the first frame (pandas, polars) that the network was trained on; until then, and if a name is
        not a string, there are none. Every method reorders the columns of later frames by name; these must have
        exactly the same columns. Arrays are matched by position.
        """
        return MappingProxyType(self._core.column_names)

    def __repr__(self) -> str:
        """Return the architecture in one line."""
        first = self._core.first_columns if self._core.has_input_layer else self.n_inputs
        _, *columns = columns_through(first or 0, self._layers)  # 0: not known
        sized = [layer.width is not None or isinstance(layer, Embedding | Tied) for layer in self._layers]
        sizes = "-".join(map(str, (self.n_inputs, *compress((n or "?" for n in columns), sized))))
        activations = ", ".join(layer.in_brief for layer in self._layers)
        known = self._core.first_columns is not None
        parameters = f"{self.n_parameters:,} parameters" if known else "not laid out yet"
        return f"<fanin.Network {sizes} ({activations}), {self.loss}, {self.dtype}, {parameters}>"

    def predict(self, X: ArrayLike, out: Float | None = None) -> Any:
        """Return the outputs for each row of X, shape (n_samples, n_outputs).

        For sequences with outputs at every step, the shape is (n_samples, time, n_outputs), or, if X is a list, the
        result is a list of arrays (time_i, n_outputs).

        After a fit of a single output with y of shape (n_samples,), the result has that shape too, as has the result
        of a loaded network.

        If the last fit averaged the weights, as it does by default, the outputs are those of the averages.

        Outputs are probabilities for softmax_cross_entropy and logistic, and means for poisson and gamma.

        Parameters
        ----------
        X : array_like, frame or sparse matrix, shape (n_samples, n_inputs)
            Columns of a frame are matched to `column_names` by name. Sequences as in `fit`.
        out : ndarray, optional
            For the result: C-contiguous, in the network's dtype, for a single output of either shape.

        Returns
        -------
        ndarray, shape (n_samples, n_outputs)
            In the network's dtype.

        Raises
        ------
        ValueError, TypeError
            For another number of columns, NaN and infinity, and an `out` that cannot be written in place.

        Examples
        --------
        >>> import fanin
        >>> net = fanin.Network(1, [fanin.Dense(1)])
        >>> net.predict([[0.0], [1.0]]).shape
        (2, 1)
        >>> history = net.fit([[0.0], [1.0]], [1.0, 3.0], rule=fanin.optim.SGD(0.1))
        >>> net.predict([[0.0], [1.0]]).shape
        (2,)
        """
        result: Float
        if type(X) is np.ndarray and not self._recurrent:
            result = self._core.predict(X, out)  # a fast path, because one row takes only microseconds
            return result
        labels: Labels = {}
        given = as_array("X", as_sequences(self, X), self._data_dtype, labels, self._core.column_names)
        steps = given if self._core.many_to_many else None
        with error_context(labels=labels):
            result = self._core.predict(given, out if steps is None else steps.joined(out))
        if steps is None:
            return result
        return steps.cut(result) if out is None else out

    def evaluate(
        self, X: ArrayLike, y: ArrayLike, *, sample_weight: ArrayLike | None = None
    ) -> dict[str, float]:
        """Return the mean loss over samples, and the metric, such as the accuracy.

        Parameters
        ----------
        X, y
            As in `fit`.
        sample_weight : array_like, shape (n_samples,), optional
            Weights of the means, at least 0.

        Returns
        -------
        dict
            "loss" and, by its name, the `metric`, such as "accuracy" or "rmse".

        Raises
        ------
        ValueError, TypeError
            As `fit` does.

        Examples
        --------
        >>> import fanin
        >>> net = fanin.Network(1, [fanin.Dense(1, initializer="zeros")])
        >>> net.evaluate([[0.0], [1.0]], [1.0, 3.0])["loss"]
        2.5
        """
        X, y, sample_weight, labels = as_data(self, X, y, sample_weight, self._core.column_names)
        with error_context(labels=labels):
            loss, metric = self._core.evaluate(X, y, sample_weight)
        return {"loss": loss, self._metric: metric}

    def get_weights(self, *, averaged: bool = True) -> dict[str, Float]:
        """Return copies of all parameters: "layer1.weight" (n_in, units), "layer1.bias" (units,), "layer2...".

        Fits average weights by default, and with ``optim.Around(..., average_share=...)``.

        Instead of a bias, a layer with batch norm has "layer1.gamma", "layer1.beta", "layer1.running_mean" and
        "layer1.running_variance", each (units,). A separate `BatchNorm` has only these, a `Dropout` has nothing.
        Layers are numbered by their position in the list of layers. Arrays inside a `Residual` have the names of both
        layers: "layer3.layer1.weight".

        Parameters
        ----------
        averaged : bool
            The averages, if the last fit averaged the weights; False: the weights after its last step.

        Returns
        -------
        dict of name -> ndarray
            In the network's dtype.

        Raises
        ------
        ValueError
            Before an input layer has learned whose number of columns depends on the data.

        Examples
        --------
        >>> import fanin
        >>> net = fanin.Network(2, [fanin.Dense(3, "relu"), fanin.Dense(1)])
        >>> {name: array.shape for name, array in net.get_weights().items()}
        {'layer1.weight': (2, 3), 'layer1.bias': (3,), 'layer2.weight': (3, 1), 'layer2.bias': (1,)}
        """
        return dict(zip(self._array_names(), self._core.get_arrays(bool(averaged)), strict=True))

    def _array_names(self) -> list[str]:
        return [name for name, _, _ in self._core.arrays]

    def _copy_weights(self, weights: dict[str, Float]) -> dict[str, Float]:
        """Return all parameters, in the arrays of an earlier call if there was one."""
        if not weights:
            return self.get_weights()
        self._core.copy_arrays([weights[name] for name in self._array_names()])
        return weights

    def set_weights(self, weights: Mapping[str, ArrayLike]) -> None:
        """Set all parameters; if a check fails, nothing is changed.

        Parameters
        ----------
        weights : dict of name -> array_like
            With the names and shapes of `get_weights`, all of them.

        Raises
        ------
        ValueError, TypeError
            For missing and unknown names, other shapes, and values that are not finite.

        Examples
        --------
        >>> import fanin
        >>> net = fanin.Network(1, [fanin.Dense(1)])
        >>> net.set_weights({"layer1.weight": [[2.0]], "layer1.bias": [1.0]})
        >>> net.predict([[3.0]])
        array([[7.]], dtype=float32)
        """
        shapes = {name: shape for name, shape, _ in self._core.arrays}
        self._core.set_arrays(list(checked_weights(weights, shapes, self._dtype).values()))
