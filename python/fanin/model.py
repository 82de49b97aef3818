"""A network without training: layers, a loss and weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import compress
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin import _core
from fanin.checks import check_integer
from fanin.data.inputs import Labels, as_array, as_data, error_context
from fanin.data.sequences import as_sequences
from fanin.layers import Embedding, Layer, Tied, columns_through
from fanin.layers.weights import checked_weights
from fanin.losses import Loss

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Float = NDArray[Any]
    State = _core.RecurrentStateFloat32 | _core.RecurrentStateFloat64


def check_model(net: object) -> None:
    """Raise TypeError unless this is a network."""
    if not isinstance(net, Model):
        raise TypeError(f"net: expected a fanin.Network, got {type(net).__name__}")


class Model:
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

        Outputs are probabilities for softmax_cross_entropy and logistic, and means for poisson and gamma. `out`, if
        given, is a C-contiguous array of the network's dtype, for a single output of either shape; the result is
        written to it and it is returned. Columns of a frame are matched to `column_names` by name.

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
        """Return a dict of the (weighted) mean "loss" and the metric by its name, such as "accuracy" or "rmse"."""
        X, y, sample_weight, labels = as_data(self, X, y, sample_weight, self._core.column_names)
        with error_context(labels=labels):
            loss, metric = self._core.evaluate(X, y, sample_weight)
        return {"loss": loss, self._metric: metric}

    def new_state(self, rows: int = 1) -> State:
        """Return the state of a recurrent network before the first step of `rows` sequences; see `step`.

        ``state.reset()`` returns to that point, ``state.copy()`` branches off, ``state.rows`` is their number.

        Raises
        ------
        ValueError, TypeError
            For a network without recurrent layers, or rows below 1.
        """
        check_integer("rows", rows, 1, 32)
        state: State = self._core.new_state(int(rows))
        return state

    def step(self, x: ArrayLike, state: State, out: Float | None = None) -> Float:
        """Return the outputs after one more step of each sequence, and update the state in place.

        The outputs are those of `predict` on all steps so far, bit for bit, at the cost of one step; nothing is
        allocated but the result.

        Parameters
        ----------
        x : array_like, shape (n_inputs,) or (rows, n_inputs)
            The next step of one sequence, or of each of `rows` sequences.
        state : RecurrentState
            From `new_state` of this network, for as many rows. Weights may change between steps.
        out : ndarray, optional
            For the result, C-contiguous, in the network's dtype.

        Returns
        -------
        ndarray, shape (n_outputs,) or (rows, n_outputs)

        Raises
        ------
        ValueError, TypeError
            For the state of another network, other shapes, and numbers that are not finite; the state is unchanged.

        Examples
        --------
        >>> import numpy as np, fanin
        >>> net = fanin.Network(2, [fanin.GRU(4), fanin.Dense(1)])
        >>> X = np.random.default_rng(0).normal(size=(10, 2)).astype("float32")
        >>> state = net.new_state()
        >>> for x in X:
        ...     y = net.step(x, state)
        >>> bool(y == net.predict(X[None])[0])
        True
        """
        try:
            result: Float = self._core.step(x, state, out)
        except TypeError:
            if isinstance(state, type(self.new_state())):
                raise
            raise TypeError(
                f"state: expected the result of new_state of this network, got {type(state).__name__}"
            ) from None
        return result

    def get_weights(self, *, averaged: bool = True) -> dict[str, Float]:
        """Return copies of all parameters: "layer1.weight" (n_in, units), "layer1.bias" (units,), "layer2...".

        After a fit with averaged weights (by default, and with ``optim.Around(..., average_share=...)``) these are the
        averages over its steps; averaged=False returns the weights after its last step instead.

        Instead of a bias, a layer with batch norm has "layer1.gamma", "layer1.beta", "layer1.running_mean" and
        "layer1.running_variance", each (units,). A separate `BatchNorm` has only these, a `Dropout` has nothing.
        ValueError before an input layer has learned whose number of columns depends on the data.
        Layers are numbered by their position in the list of layers. Arrays inside a `Residual` have the names of both
        layers: "layer3.layer1.weight".
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
        """Set all parameters, with the names and shapes of `get_weights`; if a check fails, nothing is changed."""
        shapes = {name: shape for name, shape, _ in self._core.arrays}
        self._core.set_arrays(list(checked_weights(weights, shapes, self._dtype).values()))
