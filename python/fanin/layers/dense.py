"""The fully connected layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from fanin.initial_values import Initializer, Values
from fanin.initializers import BY_NAME, Zeros, as_initializer
from fanin.layers.activation import ActivationName
from fanin.layers.batch_norm import BatchNorm
from fanin.layers.layer import Layer
from fanin.values import ranges_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

InitializerName = Literal[
    "auto",
    "he_normal",
    "he_uniform",
    "glorot_normal",
    "glorot_uniform",
    "lecun_normal",
    "lecun_uniform",
    "constant",
    "zeros",
    "base_rate",
    "sparse",
    "orthogonal",
    "identity",
]


@dataclass(frozen=True)
class Dense(Layer):
    """A fully connected layer: ``A = f(X W + b)``, or with batch norm ``A = f(batch_norm(X W))``.

    X is (n_samples, n_in), W is (n_in, units), b is (units,); samples are rows here, columns in the textbook.

    Parameters
    ----------
    units : int
        Number of outputs.
    activation : str
        f, element by element: "identity", "relu", "tanh" and others, with their equations in `fanin.Activation`.
    initializer : str, initializers.Initializer or array_like
        Initial weights: an initializer of `fanin.initializers`, its name for the defaults, or your own array of shape
        (n_in, units), which is copied. Random weights have mean zero and this variance: "he_*" 2 / n_in (He et al.
        2015, for relu), "glorot_*" 2 / (n_in + units) (Glorot and Bengio 2010), "lecun_*" 1 / n_in (LeCun et al.
        1998), each normal or uniform; "auto", normal, chooses among these by activation; "sparse" has 15 nonzero
        weights per unit; "orthogonal" has orthonormal columns or rows (Saxe et al. 2014).
    bias_initializer : str, initializers.Initializer or array_like
        Initial biases, likewise; an array has shape (units,). Random biases have the variance that weights would
        have. "sparse" and "orthogonal" are for weights only. "base_rate", for the last layer only, starts at the best
        constant outputs: see `initializers.BaseRate`.
    batch_norm : bool or BatchNorm
        Normalize Z = X W over each mini-batch, before the activation; True for the defaults of `BatchNorm`. The layer
        then has no b, which subtracting the mean would cancel. gamma, initially 1, and beta, initially 0, are learned
        like weights but, like biases, are exempt from penalties and decay (unlike in PyTorch). A batch needs two rows:
        a single row left over at the end of an epoch joins the batch before it. For prediction the running statistics
        are folded into the weights, so batch norm costs nothing.

    Examples
    --------
    >>> import fanin
    >>> fanin.Dense(64, activation="relu")
    Dense(units=64, activation='relu', initializer='auto', bias_initializer='zeros', batch_norm=False)
    >>> fanin.Dense(1, initializer=fanin.initializers.LecunUniform(gain=0.5), bias_initializer=[3.0]).bias_initializer
    Values(<float64 array of shape (1,)>)
    """

    name: ClassVar[str] = "dense"
    units: int
    activation: ActivationName = "identity"
    initializer: InitializerName | Initializer | ArrayLike = "auto"
    bias_initializer: InitializerName | Initializer | ArrayLike = "zeros"
    batch_norm: bool | BatchNorm = False

    def __post_init__(self) -> None:
        ranges = ranges_of(self, self._allowed)
        for name in ("units", "activation"):
            self._check(name, ranges[name])
        for argument in ("initializer", "bias_initializer"):
            given = getattr(self, argument)
            value = as_initializer(argument, given)
            if isinstance(value, Values):
                object.__setattr__(self, argument, value)
        if not isinstance(self.batch_norm, bool | BatchNorm):
            raise TypeError(f"batch_norm: expected True, False or fanin.BatchNorm, got {self.batch_norm!r}")
        if self.batch_norm and self.bias_initializer not in ("zeros", Zeros()):
            raise ValueError(
                "bias_initializer: expected zeros, because a layer with batch norm has no biases; "
                f"got {self.bias_initializer!r}"
            )

    @property
    def in_brief(self) -> str:
        """What the repr of a network shows for this layer."""
        return self.activation

    @property
    def width(self) -> int:
        """Number of units."""
        return int(self.units)

    @property
    def inside(self) -> tuple[Layer, ...]:
        """Its batch norm, if any."""
        norm = BatchNorm() if self.batch_norm is True else self.batch_norm
        return (norm,) if norm else ()

    def check_on(self, n_inputs: int) -> None:
        """Raise ValueError if an array of initial values does not have the shape of the weights or biases."""
        shapes = {"initializer": (n_inputs, int(self.units)), "bias_initializer": (int(self.units),)}
        for argument, shape in shapes.items():
            given = getattr(self, argument)
            if isinstance(given, Values) and given.array.shape != shape:
                raise ValueError(f"{argument}: expected shape {shape}, got {given.array.shape}")

    def values(self) -> dict[str, Any]:
        """Return the hyper-parameters by name, as the C++ core expects them."""
        weights = as_initializer("initializer", self.initializer)
        biases = as_initializer("bias_initializer", self.bias_initializer)
        norm = self.inside
        return {
            "units": int(self.units),
            "activation": self.activation,
            "initializer": (weights.name, weights.values()),
            "bias_initializer": (biases.name, biases.values()),
            "batch_norm": norm[0].values() if norm else None,
        }

    @classmethod
    def restored(cls, values: Mapping[str, Any]) -> Dense:
        """Return the layer with these `values()`, with names and flags for anything left at its defaults."""
        units, norm = values["units"], values["batch_norm"]
        batch_norm = norm is not None and BatchNorm(**norm)
        return cls(
            units,
            values["activation"],
            initializer_of((-1, units), *values["initializer"]),
            initializer_of((-1,), *values["bias_initializer"]),
            batch_norm == BatchNorm() or batch_norm,
        )


def initializer_of(shape: tuple[int, ...], name: str, values: Mapping[str, Any]) -> Any:
    """Return the initializer with these values, its name if these are its defaults, or values of this shape."""
    if name == Values.name:
        return Values(np.reshape(values["array"], shape))
    initializer = BY_NAME[name](**values)
    return name if initializer == BY_NAME[name]() else initializer
