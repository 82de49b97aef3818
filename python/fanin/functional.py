"""The kernels as functions of NumPy arrays, float32 and float64, bit-identical to the layers of a network.

Samples are rows. Inputs may be anything that NumPy can view or convert: arrays of any strides and types, lists,
PyTorch CPU tensors, JAX arrays. The result is float32 if all inputs are float32, else float64. An output given as
`out` is written in place and never converted; if it overlaps an input, the result is exact or the call is rejected.
Without `out` the result is a new array; large results reuse memory freed by earlier ones, so they cost no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fanin import _core
from fanin.aliases import ACTIVATIONS
from fanin.checks import check_choice, check_sequence
from fanin.functional_batch_norm import BatchNormCache, batch_norm, batch_norm_backward, batch_norm_inference
from fanin.functional_standardize import standardize
from fanin.losses import Loss, as_loss

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Float = NDArray[Any]

__all__ = [
    "BatchNormCache",
    "activation",
    "activation_backward",
    "batch_norm",
    "batch_norm_backward",
    "batch_norm_inference",
    "dense",
    "dense_backward",
    "loss",
    "loss_gradient",
    "loss_outputs",
    "standardize",
]

_NO_OUTPUTS = (None, None, None)
_ACTIVATIONS = tuple(_core.activations())


def __dir__() -> list[str]:
    return __all__


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
        Samples.
    w : array_like, shape (k, n)
        Weights.
    b : array_like, shape (n,), optional
        Biases; by default 0.
    activation : str
        f; see `fanin.Activation`.
    out : ndarray, shape (m, n), optional
        For the result.

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
    if type(activation) is not str or activation not in _ACTIVATIONS:
        check_choice("activation", activation, _ACTIVATIONS, ACTIVATIONS)
    return _core.dense(x, w, b, activation, out)


def dense_backward(
    dz: ArrayLike,
    x: ArrayLike,
    w: ArrayLike,
    *,
    input_gradient: bool = True,
    out: Sequence[Float | None] | None = None,
) -> tuple[Any, Float, Float]:
    """Return the gradients of a loss with respect to x, w and b, given its gradient dz with respect to z = x w + b.

    ``dx = dz w'``, ``dw = x' dz``, ``db = column sums of dz``

    Parameters
    ----------
    dz : array_like, shape (m, n)
        Gradient with respect to z.
    x, w : array_like, shapes (m, k) and (k, n)
        As for `dense`.
    input_gradient : bool
        False skips dx, which the first layer of a net does not need; dx is then None.
    out : sequence of ndarrays or None, optional
        Arrays for dx, dw and db, which must not overlap; None stands for a new array.

    Returns
    -------
    dx, dw, db : ndarrays, shapes (m, k), (k, n), (n,)

    Raises
    ------
    ValueError, TypeError
        As for `dense`.

    Examples
    --------
    >>> from fanin import functional as F
    >>> dx, dw, db = F.dense_backward([[2.0]], [[1.0, 3.0]], [[5.0], [7.0]])
    >>> dx, dw.ravel(), db
    (array([[10., 14.]]), array([2., 6.]), array([2.]))
    """
    if out is None:
        out = _NO_OUTPUTS
    elif len(out := check_sequence("out", out, "a list of arrays")) != 3:
        raise ValueError(f"out: expected three arrays, for dx, dw and db, got {len(out)}")
    return _core.dense_backward(dz, x, w, out, input_gradient)


def activation(z: ArrayLike, name: str, *, out: Float | None = None) -> Float:
    """Return ``a = f(z)``, element by element.

    Parameters
    ----------
    z : array_like
        Of any shape.
    name : str
        Of f; see `fanin.Activation`.
    out : ndarray, optional
        For the result; it may be `z` itself.

    Returns
    -------
    ndarray, in the shape of z

    Raises
    ------
    ValueError, TypeError
        For an unknown name, or an `out` that cannot be written in place.

    Examples
    --------
    >>> from fanin import functional as F
    >>> F.activation([-1.0, 0.0, 2.0], "relu")
    array([0., 0., 2.])
    """
    if type(name) is not str or name not in _ACTIVATIONS:
        check_choice("name", name, _ACTIVATIONS, ACTIVATIONS)
    return _core.activate(z, name, out)


def activation_backward(da: ArrayLike, z: ArrayLike, name: str, *, out: Float | None = None) -> Float:
    """Return ``dz = da f'(z)``, element by element.

    Parameters
    ----------
    da, z : array_like
        Gradient with respect to the activations, and z itself, of one shape.
    name : str
        Of f; see `fanin.Activation`.
    out : ndarray, optional
        For the result; it may be `da` or `z` itself.

    Returns
    -------
    ndarray, in the shape of z

    Raises
    ------
    ValueError, TypeError
        As for `activation`.

    Examples
    --------
    >>> from fanin import functional as F
    >>> F.activation_backward([1.0, 1.0], [-1.0, 2.0], "relu")
    array([0., 1.])
    """
    if type(name) is not str or name not in _ACTIVATIONS:
        check_choice("name", name, _ACTIVATIONS, ACTIVATIONS)
    return _core.activate_backward(da, z, name, out)


def loss(a: ArrayLike, y: ArrayLike, loss: str | Loss, *, sample_weight: ArrayLike | None = None) -> float:
    """Return the (weighted) mean loss of rows of outputs.

    Parameters
    ----------
    a : array_like, shape (m, n)
        Outputs, before the link of the loss (logits).
    y : array_like
        Targets (m, n), or (m,) for one output; labels (m,) or probabilities (m, n) for classes.
    loss : str or losses.Loss
        A loss of `fanin.losses`, or its name.
    sample_weight : array_like, shape (m,), optional
        At least 0. A row of weight 0 has no influence, whatever finite numbers it holds.

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        For an unknown loss, shapes that do not fit, and values that are not finite.

    Examples
    --------
    >>> from fanin import functional as F
    >>> F.loss([[1.0], [3.0]], [0.0, 1.0], "squared_error")
    1.25
    """
    value = as_loss(loss)
    mean: float = _core.loss(value.name, value.values(), a, y, sample_weight, False, None)
    return mean


def loss_gradient(
    a: ArrayLike,
    y: ArrayLike,
    loss: str | Loss,
    *,
    sample_weight: ArrayLike | None = None,
    out: Float | None = None,
) -> Float:
    """Return the gradient of `loss` with respect to the outputs, with the factor 1 / m of the mean.

    Parameters
    ----------
    a, y, loss, sample_weight
        As for `loss`.
    out : ndarray, shape (m, n), optional
        For the result.

    Returns
    -------
    ndarray, shape (m, n)

    Raises
    ------
    ValueError, TypeError
        As for `loss`.

    Examples
    --------
    >>> from fanin import functional as F
    >>> F.loss_gradient([[1.0], [3.0]], [0.0, 1.0], "squared_error")
    array([[0.5],
           [1. ]])
    """
    value = as_loss(loss)
    gradient: Float = _core.loss(value.name, value.values(), a, y, sample_weight, True, out)
    return gradient


def loss_outputs(a: ArrayLike, loss: str | Loss, *, out: Float | None = None) -> Float:
    """Return what `Network.predict` returns for these outputs: probabilities, means, or the outputs themselves.

    Parameters
    ----------
    a, loss
        As for `loss`.
    out : ndarray, shape (m, n), optional
        For the result.

    Returns
    -------
    ndarray, shape (m, n)

    Raises
    ------
    ValueError, TypeError
        As for `loss`.

    Examples
    --------
    >>> from fanin import functional as F
    >>> F.loss_outputs([[0.0, 0.0]], "softmax_cross_entropy")
    array([[0.5, 0.5]])
    """
    value = as_loss(loss)
    return _core.loss_outputs(value.name, value.values(), a, out)
