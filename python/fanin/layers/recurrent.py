"""Recurrent layers: their output at a step depends on the steps before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar

from fanin.initial_values import Initializer, Values
from fanin.initializers import as_initializer
from fanin.layers.activation import ActivationName
from fanin.layers.dense import InitializerName, initializer_of
from fanin.layers.layer import Layer
from fanin.values import ranges_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    Initial = InitializerName | Initializer | ArrayLike


@dataclass(frozen=True)
class _RecurrentLayer(Layer):
    """The part that all recurrent layers share: units, and the initial values of three sets of arrays."""

    units: int

    def __post_init__(self) -> None:
        ranges = ranges_of(self, self._allowed)
        for field in fields(self):
            if not field.name.endswith("initializer"):
                self._check(field.name, ranges[field.name])
                continue
            value = as_initializer(field.name, getattr(self, field.name))
            if isinstance(value, Values):
                object.__setattr__(self, field.name, value)

    @property
    def width(self) -> int:
        """Number of units."""
        return int(self.units)

    def check_on(self, n_inputs: int) -> None:
        """Raise ValueError if an array of initial values does not have the shape of the arrays that it is for."""
        for argument, shape in _shapes(n_inputs, self.width).items():
            given = getattr(self, argument)
            if isinstance(given, Values) and given.array.shape != shape:
                raise ValueError(f"{argument}: expected shape {shape}, got {given.array.shape}")

    def values(self) -> dict[str, Any]:
        """Return the hyper-parameters by name, as the C++ core expects them."""
        plain = dict(super().values())
        for argument in _shapes(0, 0):
            initial = as_initializer(argument, getattr(self, argument))
            plain[argument] = (initial.name, initial.values())
        return plain

    @classmethod
    def restored(cls, values: Mapping[str, Any]) -> _RecurrentLayer:
        """Return the layer with these `values()`, with names for anything left at its defaults."""
        given = dict(values)
        for argument, shape in _shapes(-1, int(given["units"])).items():
            given[argument] = initializer_of(shape, *given[argument])
        return cls(**given)


def _shapes(n_inputs: int, units: int) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the arrays that the initializers of a layer are for."""
    return {
        "initializer": (n_inputs, units),
        "recurrent_initializer": (units, units),
        "bias_initializer": (units,),
    }


@dataclass(frozen=True)
class Recurrent(_RecurrentLayer):
    """A simple recurrent layer (Elman 1990): ``h_t = f(x_t W + h_(t-1) R + b)``, from ``h_0 = 0``.

    X is sequences of steps, (n_sequences, time, n_in) or a list of arrays (time_i, n_in): see `Network.fit`. W is
    (n_in, units), R is (units, units), b is (units,): "layer1.weight", "layer1.recurrent" and "layer1.bias".

    Gradients through many steps vanish, or explode, with the powers of R (Bengio et al. 1994). An orthogonal R slows
    that; relu with the identity, "identity", remembers over long lags (Le et al. 2015); `GRU` and `LSTM` have gates for
    it. Clipping by norm, ``optim.Around(rule, clip_norm=1.0)``, tames those that explode (Pascanu et al. 2013).

    Parameters
    ----------
    units : int
        Number of outputs.
    activation : str
        f, element by element: see `fanin.Activation`.
    return_sequences : bool
        True: the output is h_t at every step, for a following recurrent layer or for outputs at every step. False: it
        is h after the last step of each sequence.
    initializer, recurrent_initializer : str, initializers.Initializer or array_like
        Initial W and R, as in `Dense`.
    bias_initializer : str, initializers.Initializer or array_like
        Initial b.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> net = fanin.Network(3, [fanin.Recurrent(8), fanin.Dense(1)])
    >>> [(name, array.shape) for name, array in net.get_weights().items()][:3]
    [('layer1.weight', (3, 8)), ('layer1.recurrent', (8, 8)), ('layer1.bias', (8,))]
    >>> net.predict(np.zeros((5, 20, 3))).shape
    (5, 1)
    >>> net.predict([np.zeros((20, 3)), np.zeros((7, 3))]).shape
    (2, 1)
    """

    name: ClassVar[str] = "recurrent"
    activation: ActivationName = "tanh"
    return_sequences: bool = False
    initializer: Initial = "auto"
    recurrent_initializer: Initial = "orthogonal"
    bias_initializer: Initial = "zeros"

    @property
    def in_brief(self) -> str:
        """What the repr of a network shows for this layer."""
        return f"recurrent {self.activation}"


@dataclass(frozen=True)
class GRU(_RecurrentLayer):
    """A gated recurrent unit (Cho et al. 2014), in PyTorch's form: the gates r and z decide what is kept.

    With s the logistic function, * element by element, and ``h_0 = 0``::

        r = s(x_t W_r + h_(t-1) R_r + b_r)                 reset
        z = s(x_t W_z + h_(t-1) R_z + b_z)                 update
        n = tanh(x_t W_n + b_n + r * (h_(t-1) R_n + c_n))    candidate
        h_t = (1 - z) * n + z * h_(t-1)

    Arrays are those of each gate, each W (n_in, units), R (units, units), b and c (units,): "layer1.reset.weight",
    "layer1.reset.recurrent", "layer1.reset.bias", likewise of "update" and "candidate", and c_n,
    "layer1.candidate.recurrent_bias". (Cho et al. swap z and 1 - z, and multiply h by r before R_n.)
    `weights_to_torch` and `weights_from_torch` exchange them with PyTorch.

    Parameters
    ----------
    units : int
        Number of outputs.
    return_sequences : bool
        As in `Recurrent`.
    initializer, recurrent_initializer, bias_initializer : str, initializers.Initializer or array_like
        Initial W, R and biases of each gate, as in `Recurrent`; an array is for every gate.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> net = fanin.Network(3, [fanin.GRU(8, return_sequences=True), fanin.Dense(2)])
    >>> net.predict(np.zeros((5, 20, 3))).shape
    (5, 20, 2)
    >>> net.n_parameters == 3 * (3 * 8 + 8 * 8 + 8) + 8 + (8 * 2 + 2)
    True
    """

    name: ClassVar[str] = "gru"
    return_sequences: bool = False
    initializer: Initial = "auto"
    recurrent_initializer: Initial = "orthogonal"
    bias_initializer: Initial = "zeros"

    @property
    def in_brief(self) -> str:
        """What the repr of a network shows for this layer."""
        return "GRU"


@dataclass(frozen=True)
class LSTM(_RecurrentLayer):
    """Long short-term memory (Hochreiter and Schmidhuber 1997), with a forget gate (Gers et al. 2000).

    With s the logistic function, * element by element, and ``h_0 = c_0 = 0``::

        i = s(x_t W_i + h_(t-1) R_i + b_i)       input
        f = s(x_t W_f + h_(t-1) R_f + b_f)       forget
        g = tanh(x_t W_g + h_(t-1) R_g + b_g)    cell
        o = s(x_t W_o + h_(t-1) R_o + b_o)       output
        c_t = f * c_(t-1) + i * g
        h_t = o * tanh(c_t)

    The sum in c_t lets gradients pass through many steps. Arrays are those of each gate, W (n_in, units), R (units,
    units) and b (units,): "layer1.input.weight", "layer1.input.recurrent", "layer1.input.bias", likewise of "forget",
    "cell" and "output". `weights_to_torch` and `weights_from_torch` exchange them with PyTorch, whose two biases of a
    gate are summed.

    Parameters
    ----------
    units : int
        Number of outputs.
    return_sequences : bool
        As in `Recurrent`.
    initializer, recurrent_initializer, bias_initializer : str, initializers.Initializer or array_like
        Initial W, R and b of each gate, as in `Recurrent`; an array is for every gate.
    forget_bias : float
        Added to the initial b_f; 1 lets the cell remember from the start (Jozefowicz et al. 2015).

    Examples
    --------
    >>> import numpy as np, fanin
    >>> layers = [fanin.LSTM(16, return_sequences=True), fanin.Dropout(0.2), fanin.LSTM(8), fanin.Dense(1)]
    >>> net = fanin.Network(1, layers)
    >>> net.get_weights()["layer1.forget.bias"][:3]
    array([1., 1., 1.], dtype=float32)
    >>> X = np.random.default_rng(0).normal(size=(100, 12, 1))
    >>> history = net.fit(X, X.mean(axis=(1, 2)), epochs=2)
    >>> net.predict(X).shape
    (100,)
    """

    name: ClassVar[str] = "lstm"
    return_sequences: bool = False
    initializer: Initial = "auto"
    recurrent_initializer: Initial = "orthogonal"
    bias_initializer: Initial = "zeros"
    forget_bias: float = 1.0

    @property
    def in_brief(self) -> str:
        """What the repr of a network shows for this layer."""
        return "LSTM"
