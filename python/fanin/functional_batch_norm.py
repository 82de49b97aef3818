"""Batch normalization of NumPy arrays, as `fanin.functional` offers it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from fanin import _core
from fanin.checks import check_sequence

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Float = NDArray[Any]

_NO_OUTPUTS = (None, None, None)


class BatchNormCache(NamedTuple):
    """What `batch_norm_backward` needs from `batch_norm`; mean and variance are those of the batch.

    x is the array that was passed, not a copy, unless it had to be converted: do not change it before the backward
    pass. `variance` is the mean squared deviation (divided by m, not m - 1); `offset` is ``mean - x[0]``, which is
    more precise than the mean if a column lies far from zero. A variance that overflows, as for columns of 1e30 in
    float32, is infinite; the gradients do not need it.

    Attributes
    ----------
    x : ndarray, shape (m, n)
        The rows.
    gamma, mean, variance, offset : ndarray, shape (n,)
        Of each column.
    epsilon : float
        As passed.

    Examples
    --------
    >>> from fanin import functional as F
    >>> y, cache = F.batch_norm([[1.0], [5.0]], [1.0], [0.0])
    >>> cache.mean, cache.variance, cache.offset
    (array([3.]), array([4.]), array([2.]))
    """

    x: Float
    gamma: Float
    mean: Float
    variance: Float
    offset: Float
    epsilon: float


def batch_norm(
    x: ArrayLike, gamma: ArrayLike, beta: ArrayLike, epsilon: float = 1e-5, *, out: Float | None = None
) -> tuple[Float, BatchNormCache]:
    """Normalize each column by its mean and variance over the batch; return y and a cache for the backward pass.

    ``y = gamma (x - mean) / sqrt(variance + epsilon) + beta`` (Ioffe and Szegedy 2015)

    The statistics are exact up to rounding, even for columns far from zero (a mean of 1e6 with a standard deviation
    of 1 in float32, for which E[x^2] - E[x]^2 has no correct digit) and for columns with squares that overflow.

    Parameters
    ----------
    x : array_like, shape (m, n)
        At least two rows.
    gamma, beta : array_like, shape (n,)
        Scale and shift.
    epsilon : float
        Above 0.
    out : ndarray, shape (m, n), optional
        An array for y, contiguous along each row.

    Returns
    -------
    y : ndarray, shape (m, n)
    cache : BatchNormCache
        With the batch's `mean` and `variance`, for running statistics.

    Raises
    ------
    ValueError, TypeError
        For shapes that do not fit, fewer than two rows, or an `out` that cannot be written in place.

    Examples
    --------
    >>> from fanin import functional as F
    >>> y, cache = F.batch_norm([[1.0], [3.0]], [2.0], [10.0], epsilon=1e-12)
    >>> y.ravel().round(6), cache.mean, cache.variance
    (array([ 8., 12.]), array([2.]), array([1.]))
    """
    y, given, scale, mean, variance, offset = _core.batch_norm(x, gamma, beta, epsilon, out)
    return y, BatchNormCache(given, scale, mean, variance, offset, epsilon)


def batch_norm_backward(
    dy: ArrayLike, cache: BatchNormCache, *, out: Sequence[Float | None] | None = None
) -> tuple[Float, Float, Float]:
    """Return the gradients of a loss with respect to x, gamma and beta, given its gradient dy with respect to y.

    With ``xn = (x - mean) / sqrt(variance + epsilon)``:
    ``dbeta = column sums of dy``, ``dgamma = column sums of dy xn``,
    ``dx = gamma / sqrt(variance + epsilon) (dy - dbeta / m - xn dgamma / m)``

    Parameters
    ----------
    dy : array_like, shape (m, n)
        Gradient with respect to y.
    cache : BatchNormCache
        From `batch_norm`.
    out : sequence of ndarrays or None, optional
        Arrays for dx, dgamma and dbeta, which must not overlap; None stands for a new array.

    Returns
    -------
    dx, dgamma, dbeta : ndarrays, shapes (m, n), (n,), (n,)

    Raises
    ------
    ValueError, TypeError
        For shapes that do not fit, a `cache` of another type, or an `out` that cannot be written in place.

    Examples
    --------
    >>> from fanin import functional as F
    >>> y, cache = F.batch_norm([[1.0], [3.0]], [2.0], [10.0], epsilon=1e-12)
    >>> dx, dgamma, dbeta = F.batch_norm_backward([[1.0], [2.0]], cache)
    >>> bool(abs(dx).max() < 1e-9), dgamma.round(6), dbeta
    (True, array([1.]), array([3.]))
    """
    if not isinstance(cache, BatchNormCache):
        raise TypeError(f"cache: expected the BatchNormCache of batch_norm, got {type(cache).__name__}")
    if out is None:
        out = _NO_OUTPUTS
    elif len(out := check_sequence("out", out, "a list of arrays")) != 3:
        raise ValueError(f"out: expected three arrays, for dx, dgamma and dbeta, got {len(out)}")
    x, gamma, _, variance, offset, epsilon = cache
    return _core.batch_norm_backward(dy, x, gamma, variance, offset, epsilon, out)


def batch_norm_inference(
    x: ArrayLike,
    mean: ArrayLike,
    variance: ArrayLike,
    gamma: ArrayLike,
    beta: ArrayLike,
    epsilon: float = 1e-5,
    *,
    out: Float | None = None,
) -> Float:
    """Normalize with a given mean and variance, such as running statistics.

    ``y = gamma (x - mean) / sqrt(variance + epsilon) + beta``; rows are independent, so one is enough.

    Parameters
    ----------
    x : array_like, shape (m, n)
        Rows.
    mean, variance, gamma, beta : array_like, shape (n,)
        Of each column.
    epsilon : float
        Above 0.
    out : ndarray, shape (m, n), optional
        For the result.

    Returns
    -------
    ndarray, shape (m, n)

    Raises
    ------
    ValueError, TypeError
        For shapes that do not fit, a variance below 0 or infinite, or an `out` that cannot be written in place.

    Examples
    --------
    >>> from fanin import functional as F
    >>> F.batch_norm_inference([[5.0]], [1.0], [4.0], [10.0], [0.5], epsilon=1e-12).round(6)
    array([[20.5]])
    """
    return _core.batch_norm_inference(x, mean, variance, gamma, beta, epsilon, out)
