"""The kernels on NumPy arrays, float32 and float64: each gives the same bits as the layer of a network.

Samples are rows. Inputs may be anything that NumPy can look at or convert: arrays of any strides and types, lists,
PyTorch CPU tensors, JAX arrays. The result is float32 if all inputs are float32, else float64. An output given as
`out` is written in place, is never converted, and must not overlap an input.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fanin import _core
from fanin.losses import Loss, as_loss

__all__ = [
    "activation",
    "activation_backward",
    "dense",
    "dense_backward",
    "loss",
    "loss_gradient",
    "loss_outputs",
    "standardize",
]

Float = NDArray[Any]


def dense(
    x: ArrayLike,
    w: ArrayLike,
    b: ArrayLike | None = None,
    *,
    activation: str = "identity",
    out: Float | None = None,
) -> Float:
    """Return ``f(x w + b)``.

    Parameters
    ----------
    x : array_like, shape (m, k)
    w : array_like, shape (k, n)
    b : array_like, shape (n,), optional
    activation : str
        f; see `fanin.Dense`.
    out : ndarray, shape (m, n), optional

    Returns
    -------
    ndarray, shape (m, n)

    Raises
    ------
    ValueError, TypeError
        For shapes that do not fit, or an `out` that cannot be written in place.

    Examples
    --------
    >>> from fanin import functional as F
    >>> F.dense([[1.0, 2.0]], [[1.0], [10.0]], [0.5])
    array([[21.5]])
    """
    given = {"x": x, "w": w} if b is None else {"x": x, "w": w, "b": b}
    arrays = _inputs(given, {"x": 2, "w": 2, "b": 1})
    a, weights = arrays["x"], arrays["w"]
    bias = arrays["b"] if b is not None else np.empty(0, a.dtype)
    result = _output("out", out, (a.shape[0], weights.shape[1]), a.dtype, arrays.values())
    _core.dense(result, a, weights, bias, activation)
    return result


def dense_backward(dz: ArrayLike, x: ArrayLike, w: ArrayLike) -> tuple[Float, Float, Float]:
    """Return the gradients of a loss with respect to x, w and b, given dz, the one with respect to z = x w + b.

    ``dx = dz w'``, ``dw = x' dz``, ``db = column sums of dz``

    Parameters
    ----------
    dz : array_like, shape (m, n)
    x : array_like, shape (m, k)
    w : array_like, shape (k, n)

    Returns
    -------
    dx, dw, db : ndarrays, shapes (m, k), (k, n), (n,)

    Examples
    --------
    >>> from fanin import functional as F
    >>> dx, dw, db = F.dense_backward([[2.0]], [[1.0, 3.0]], [[5.0], [7.0]])
    >>> dx, dw.ravel(), db
    (array([[10., 14.]]), array([2., 6.]), array([2.]))
    """
    arrays = _inputs({"dz": dz, "x": x, "w": w}, {"dz": 2, "x": 2, "w": 2})
    gradient, a, weights = arrays["dz"], arrays["x"], arrays["w"]
    dx, dw = np.empty_like(a, order="C"), np.empty_like(weights, order="C")
    db = np.empty(weights.shape[1], a.dtype)
    _core.dense_backward(dx, dw, db, gradient, a, weights)
    return dx, dw, db


def activation(z: ArrayLike, name: str, *, out: Float | None = None) -> Float:
    """Return ``a = f(z)``, element by element, for an array of any shape; `out` may be `z` itself.

    Examples
    --------
    >>> from fanin import functional as F
    >>> F.activation([-1.0, 0.0, 2.0], "relu")
    array([0., 0., 2.])
    """
    given = _inputs({"z": z}, {})["z"]
    result = _output("out", out, given.shape, given.dtype, [] if out is given else [given], contiguous=True)
    _core.activate(name, result, np.ascontiguousarray(given))
    return result


def activation_backward(da: ArrayLike, z: ArrayLike, name: str, *, out: Float | None = None) -> Float:
    """Return ``dz = da f'(z)``, element by element; `out` may be `da` itself.

    Examples
    --------
    >>> from fanin import functional as F
    >>> F.activation_backward([1.0, 1.0], [-1.0, 2.0], "relu")
    array([0., 1.])
    """
    arrays = _inputs({"da": da, "z": z}, {})
    gradient, given = arrays["da"], arrays["z"]
    if gradient.shape != given.shape:
        raise ValueError(f"da: expected shape {given.shape} like z, got {gradient.shape}")
    inputs = [given] if out is gradient else [gradient, given]
    result = _output("out", out, given.shape, given.dtype, inputs, contiguous=True)
    _core.activate_backward(name, result, np.ascontiguousarray(gradient), np.ascontiguousarray(given))
    return result


def loss(a: ArrayLike, y: ArrayLike, loss: str | Loss, *, sample_weight: ArrayLike | None = None) -> float:
    """Return the (weighted) mean loss of outputs a, shape (m, n), for targets or labels y.

    `loss` is a value of `fanin.losses` or its name; what y must be is said there.

    Examples
    --------
    >>> from fanin import functional as F
    >>> F.loss([[1.0], [3.0]], [0.0, 1.0], "squared_error")
    1.25
    """
    value, outputs = as_loss(loss), _inputs({"a": a}, {"a": 2})["a"]
    return float(_core.loss(value.name, value.values(), None, outputs, y, sample_weight))


def loss_gradient(
    a: ArrayLike,
    y: ArrayLike,
    loss: str | Loss,
    *,
    sample_weight: ArrayLike | None = None,
    out: Float | None = None,
) -> Float:
    """Return the gradient of `loss` with respect to the outputs a, shape (m, n): it holds the mean's factor 1 / m.

    Examples
    --------
    >>> from fanin import functional as F
    >>> F.loss_gradient([[1.0], [3.0]], [0.0, 1.0], "squared_error")
    array([[0.5],
           [1. ]])
    """
    value, outputs = as_loss(loss), _inputs({"a": a}, {"a": 2})["a"]
    result = _output("out", out, outputs.shape, outputs.dtype, [outputs])
    _core.loss(value.name, value.values(), result, outputs, y, sample_weight)
    return result


def loss_outputs(a: ArrayLike, loss: str | Loss, *, out: Float | None = None) -> Float:
    """Return what `predict` shows for outputs a, shape (m, n): probabilities, mean counts, or a itself.

    Examples
    --------
    >>> from fanin import functional as F
    >>> F.loss_outputs([[0.0, 0.0]], "softmax_cross_entropy")
    array([[0.5, 0.5]])
    """
    value, outputs = as_loss(loss), _inputs({"a": a}, {"a": 2})["a"]
    result = _output("out", out, outputs.shape, outputs.dtype, [outputs])
    _core.loss_outputs(value.name, value.values(), result, outputs)
    return result


def standardize(
    x: ArrayLike, mean: ArrayLike | None = None, deviation: ArrayLike | None = None
) -> tuple[Float, Float, Float]:
    """Centre and standardize columns: ``(x - mean) / deviation``; return it with the mean and deviation used.

    Without them they are those of x, in float64: mean, and the root of the mean squared difference from it, 1 where a
    column is constant. Give the training set's to every other set. (Notes that divide by the variance are mistaken:
    it is the deviation that makes the variance 1; LeCun et al. 1998, 4.3.)

    Parameters
    ----------
    x : array_like, shape (m, n)
    mean, deviation : array_like, shape (n,), optional
        Both or neither.

    Examples
    --------
    >>> from fanin import functional as F
    >>> z, mean, deviation = F.standardize([[1.0, 5.0], [3.0, 5.0]])
    >>> z, mean, deviation
    (array([[-1.,  0.],
           [ 1.,  0.]]), array([2., 5.]), array([1., 1.]))
    """
    given = _inputs({"x": x}, {"x": 2})["x"]
    if (mean is None) != (deviation is None):
        raise ValueError("deviation: expected both mean and deviation, or neither")
    if mean is None or deviation is None:
        if given.shape[0] == 0:
            raise ValueError("x: expected at least one row to take a mean of, got none")
        centre = given.mean(axis=0, dtype=np.float64)
        spread = np.sqrt(np.mean((given.astype(np.float64) - centre) ** 2, axis=0))
        spread[spread == 0] = 1.0
    else:
        centre, spread = np.asarray(mean, np.float64), np.asarray(deviation, np.float64)
        for name, values in (("mean", centre), ("deviation", spread)):
            if values.shape != given.shape[1:]:
                raise ValueError(f"{name}: expected shape {given.shape[1:]}, got {values.shape}")
        if not (spread > 0).all():
            raise ValueError("deviation: expected numbers above 0")
    return ((given - centre) / spread).astype(given.dtype), centre, spread


def _inputs(given: dict[str, Any], dimensions: dict[str, int]) -> dict[str, Float]:
    """Arrays of one dtype, float32 if all are, else float64; looked at in place where they already are."""
    arrays = {name: np.asarray(value) for name, value in given.items()}
    for name, array in arrays.items():
        if array.dtype.kind not in "fiub":
            raise TypeError(f"{name}: expected real numbers, got dtype {array.dtype}")
        if name in dimensions and array.ndim != dimensions[name]:
            wanted = "one dimension" if dimensions[name] == 1 else "two dimensions"
            raise ValueError(f"{name}: expected {wanted}, got shape {array.shape}")
    single = all(array.dtype == np.float32 for array in arrays.values())
    dtype = np.float32 if single else np.float64
    return {name: np.require(array, dtype, ["ALIGNED"]) for name, array in arrays.items()}


def _output(
    name: str,
    out: Any,
    shape: tuple[int, ...],
    dtype: Any,
    inputs: Sequence[Any] | Any,
    *,
    contiguous: bool = False,
) -> Float:
    """Return `out` after its checks, or a new array."""
    if out is None:
        return np.empty(shape, dtype)
    if not isinstance(out, np.ndarray) or out.dtype != dtype:
        raise TypeError(
            f"{name}: expected an array of {np.dtype(dtype)}, got {getattr(out, 'dtype', type(out).__name__)}"
        )
    if out.shape != shape:
        raise ValueError(f"{name}: expected shape {shape}, got {out.shape}")
    if contiguous and not out.flags.c_contiguous:
        raise ValueError(f"{name}: expected a C-contiguous array")
    if any(np.may_share_memory(out, array) for array in inputs):
        raise ValueError(f"{name}: expected an array that does not overlap an input")
    return out
