"""Layer-sequential unit-variance initialization."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin import functional as F
from fanin.checks import check_flag, check_integer
from fanin.condition import some_rows, some_rows_of
from fanin.data.inputs import as_array
from fanin.layers import Activation, BatchNorm, Dense, Embedding, Layer, Residual, Tied
from fanin.model import check_model
from fanin.network import Network
from fanin.values import check_number

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Float = NDArray[Any]


@dataclass(frozen=True)
class LsuvLayer:
    """A row of the report of `lsuv`: the name of a dense layer, its variance and what was done about it."""

    name: str
    before: float
    after: float
    factor: float
    trials: int
    note: str = ""


@dataclass(frozen=True, repr=False)
class LsuvReport:
    """What `lsuv` has changed.

    Attributes
    ----------
    layers : tuple of LsuvLayer
        For each dense layer in order its ``name``, the variance of its sums ``before`` and ``after``, the ``factor`` of
        its weights, the ``trials`` this took, and a ``note`` if the variance is not 1 within the tolerance.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> net = fanin.Network(4, [fanin.Dense(8, "tanh"), fanin.Dense(1)])
    >>> report = fanin.lsuv(net, np.random.default_rng(0).normal(size=(100, 4)))
    >>> [layer.name for layer in report.layers]
    ['layer1', 'layer2']
    """

    layers: tuple[LsuvLayer, ...]

    def __repr__(self) -> str:
        """Return a table."""
        width = max((len(layer.name) for layer in self.layers), default=5)
        lines = [f"{'layer':{width}}  variance    after   factor  trials"]
        for layer in self.layers:
            numbers = f"{layer.before:8.3g} {layer.after:8.3g} {layer.factor:8.3g}"
            lines.append(f"{layer.name:{width}}  {numbers}  {layer.trials:6}  {layer.note}".rstrip())
        return "\n".join(lines)


def lsuv(
    net: Network, X: ArrayLike, *, orthogonal: bool = True, tolerance: float = 0.01, trials: int = 10
) -> LsuvReport:
    """Scale the initial weights so that the sums Z = A W + b of every dense layer have variance 1 on X.

    Layer-sequential unit-variance initialization (Mishkin and Matas 2016). From the first dense layer to the last, with
    the layers before it as changed so far: W starts orthogonal, and while ``|var(Z) - 1| > tolerance``,
    ``W <- W / sqrt(var(Z))``. The variance is that of all elements of Z, before the activation, with every row counted
    alike. Signals then neither vanish nor explode with depth, whatever the activations. The weights are set all at once
    in the end; biases do not change.

    Dense layers inside a `Residual` count too. Layers with batch norm, which normalizes their sums anyway, keep their
    weights, as does a layer whose sums have no variance: a note says so. Batch norm uses the statistics of these rows,
    as in training, and dropout passes all values on.

    Parameters
    ----------
    net : Network
        Not trained yet. An input layer must have learned: call `Network.adapt` before.
    X : array_like, shape (n_samples, n_inputs)
        At least two rows; 2,000 of them, evenly spaced, are used if there are more.
    orthogonal : bool
        Start from new weights of the initializer "orthogonal", or else from those that the network has.
    tolerance : float
        Above 0.
    trials : int
        Scale a layer at most so many times. Once is enough unless its biases differ.

    Returns
    -------
    LsuvReport
        The variances before and after, and the factors; it prints as a table.

    Raises
    ------
    ValueError, TypeError
        For an invalid X, or a network that has been trained; nothing is changed.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> X = np.random.default_rng(0).normal(size=(500, 20))
    >>> net = fanin.Network(20, [fanin.Dense(30, "relu"), fanin.Dense(30, "relu"), fanin.Dense(1)])
    >>> fanin.lsuv(net, X)
    layer   variance    after   factor  trials
    layer1     0.664        1     1.23       1
    layer2     0.492        1     1.43       1
    layer3     0.264        1     1.95       1
    """
    check_model(net)
    check_flag("orthogonal", orthogonal)
    check_number("tolerance", tolerance, above=0)
    check_integer("trials", trials, 1)
    if net._core.recurrent:
        raise ValueError("net: expected a network without recurrent layers, whose gates LSUV does not scale")
    if net.epochs > 0:
        raise ValueError(
            f"net: expected a network that has not been trained, got one after {net.epochs} epochs"
        )
    if (count := len(net.predict(X))) < 2:  # all checks of X
        raise ValueError(f"X: expected at least 2 rows, got {count}")
    start = _orthogonal_weights(net) if orthogonal else {}
    scaling = _Scaling(net.get_weights(), start, float(tolerance), int(trials))
    scaling.run(net.layers, "", _inputs_of(net, X))
    net.set_weights(scaling.weights)
    return LsuvReport(tuple(scaling.rows))


def _inputs_of(net: Network, X: ArrayLike) -> Float:
    """Return some rows of X, as the first layer after an input layer or an embedding gets them."""
    given = as_array("X", X, net._data_dtype, {}, net._core.column_names)
    if isinstance(net.layers[0], Embedding):
        tables = Network(net.n_inputs, net.layers[:1], dtype=net.dtype)
        tables.set_weights({"layer1.weight": net.get_weights()["layer1.weight"]})
        seen: Float = tables.predict(some_rows_of(given))
        return seen
    seen = net._core.first_inputs(some_rows(given))
    return seen


def _orthogonal_weights(net: Network) -> dict[str, Float]:
    """Return all weights of a network like this one with orthogonal weights."""
    layers = [_made_orthogonal(layer) for layer in net.layers]
    if net._core.has_input_layer:
        layers[0] = Activation("identity")
    return Network(net._core.first_columns, layers, seed=net.seed, dtype=net.dtype).get_weights()


def _made_orthogonal(layer: Layer) -> Layer:
    if isinstance(layer, Residual):
        return Residual([_made_orthogonal(inner) for inner in layer.layers])
    return replace(layer, initializer="orthogonal") if isinstance(layer, Dense) else layer


def _variance(z: Float) -> float:
    with np.errstate(over="ignore", invalid="ignore"):
        return float(z.var(dtype=float))


class _Scaling:
    """One pass of rows through all layers, which scales the weights of each dense layer on its way."""

    def __init__(
        self, weights: dict[str, Float], start: dict[str, Float], tolerance: float, trials: int
    ) -> None:
        self.weights, self.rows = weights, list[LsuvLayer]()
        self._start, self._tolerance, self._trials = start, tolerance, trials

    def run(self, layers: Sequence[Layer], prefix: str, a: Float) -> Float:
        """Return the outputs of these layers for inputs a."""
        for number, layer in enumerate(layers, start=1):
            a = self._through(f"{prefix}layer{number}", layer, a)
        return a

    def _through(self, name: str, layer: Layer, a: Float) -> Float:
        if isinstance(layer, Dense):
            return F.activation(self._sums(name, layer, a), layer.activation)
        if isinstance(layer, Tied):
            w = np.ascontiguousarray(self.weights[f"layer{layer.layer}.weight"].T)
            return F.activation(F.dense(a, w, self.weights[f"{name}.bias"]), layer.activation)
        if isinstance(layer, Activation):
            return F.activation(a, layer.activation)
        if isinstance(layer, BatchNorm):
            return self._normalized(name, layer, a)
        if isinstance(layer, Residual):
            return a + self.run(layer.layers, f"{name}.", a)
        return a  # an input layer or an embedding, which has been applied, or a dropout

    def _normalized(self, name: str, norm: BatchNorm, z: Float) -> Float:
        gamma, beta = self.weights[f"{name}.gamma"], self.weights[f"{name}.beta"]
        return F.batch_norm(z, gamma, beta, norm.epsilon)[0]

    def _sums(self, name: str, layer: Dense, a: Float) -> Float:
        key = f"{name}.weight"
        norm = next(iter(layer.inside), None)
        if isinstance(norm, BatchNorm):
            z = F.dense(a, self.weights[key])
            variance = _variance(z)
            self.rows.append(LsuvLayer(name, variance, variance, 1.0, 0, "batch norm normalizes it"))
            return self._normalized(name, norm, z)
        given = self.weights[key]
        self.weights[key] = w = self._start.get(key, given)
        b, factor, tried = self.weights[f"{name}.bias"], 1.0, 0
        z = F.dense(a, w, b)
        before = variance = _variance(z)
        while abs(variance - 1) > self._tolerance and tried < self._trials and 0 < variance < math.inf:
            factor /= math.sqrt(variance)
            tried += 1
            self.weights[key] = (w.astype(float) * factor).astype(w.dtype)
            z = F.dense(a, self.weights[key], b)
            variance = _variance(z)
        note = "" if abs(variance - 1) <= self._tolerance else "not within the tolerance"
        if not 0 < variance < math.inf:
            self.weights[key], factor, tried = given, 1.0, 0
            z = F.dense(a, given, b)
            variance = _variance(z)
            note = "no variance, so unchanged" if variance == 0 else "no finite variance, so unchanged"
        self.rows.append(LsuvLayer(name, before, variance, factor, tried, note))
        return z
