"""`fanin.functional.standardize`: scale columns to mean 0 and variance 1."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin import _core

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Float = NDArray[Any]


def standardize(
    x: ArrayLike,
    mean: ArrayLike | None = None,
    deviation: ArrayLike | None = None,
    *,
    out: Float | None = None,
) -> tuple[Float, Float, Float]:
    """Centre and scale columns: return ``(x - mean) / deviation``, and the mean and standard deviation used.

    By default they are those of x, computed in float64, with a deviation of 1 for constant columns. Pass the training
    set's to standardize any other set. (Some texts divide by the variance by mistake: dividing by the standard
    deviation makes the variance 1; LeCun et al. 1998, 4.3.) NumPy computes the sums, so bit-identical results are
    not promised here.

    Parameters
    ----------
    x : array_like, shape (m, n)
        Rows.
    mean, deviation : array_like, shape (n,), optional
        Both or neither.
    out : ndarray, shape (m, n), optional
        May be x itself.

    Returns
    -------
    z : ndarray, shape (m, n)
        The result.
    mean, deviation : ndarray, shape (n,)
        Those used.

    Raises
    ------
    ValueError, TypeError
        For shapes that do not fit, one of mean and deviation alone, or an `out` that cannot be written in place.

    Examples
    --------
    >>> from fanin import functional as F
    >>> z, mean, deviation = F.standardize([[1.0, 5.0], [3.0, 5.0]])
    >>> z, mean, deviation
    (array([[-1.,  0.],
           [ 1.,  0.]]), array([2., 5.]), array([1., 1.]))
    """
    given = _matrix("x", x)
    if (mean is None) != (deviation is None):
        raise ValueError("deviation: expected both mean and deviation, or neither")
    if mean is None or deviation is None:
        centre, spread = _mean_and_deviation(given)
    else:
        centre, spread = (
            np.array(_core.numbers(name, values), np.float64)  # a copy, because they may overlap out
            for name, values in (("mean", mean), ("deviation", deviation))
        )
        for name, values in (("mean", centre), ("deviation", spread)):
            if values.shape != given.shape[1:]:
                raise ValueError(f"{name}: expected shape {given.shape[1:]}, got {values.shape}")
        if not (spread > 0).all():
            raise ValueError("deviation: expected numbers above 0")
    if out is None:
        out = np.empty(given.shape, given.dtype)
    elif not isinstance(out, np.ndarray) or out.dtype != given.dtype:
        raise TypeError(
            f"out: expected an array of {given.dtype}, got {getattr(out, 'dtype', type(out).__name__)}"
        )
    elif out.shape != given.shape or not out.flags.writeable:
        raise ValueError(f"out: expected a writable array of shape {given.shape}, got {out.shape}")
    elif out is not x and np.may_share_memory(out, given):
        raise ValueError("out: expected x itself, or an array that does not overlap it")
    elif _overlaps_itself(out):
        raise ValueError("out: expected rows and columns that do not overlap")
    else:
        _core.numbers("out", out)  # rejects masked values
    # a difference may be twice the largest finite number
    scale = 0.5 if (np.abs(centre) > 2.0**960).any() else 1.0
    for rows, differences in _differences(given, centre, scale):
        differences /= scale * spread
        out[rows] = differences
    return out, centre, spread


def _differences(x: Float, centre: Float, scale: float = 1.0) -> Iterator[tuple[slice, Float]]:
    """Yield rows and ``scale (x[rows] - centre)``, always in the same buffer, which fits in cache."""
    count = max(1, (1 << 18) // max(1, x.shape[1]))
    memory = np.empty((min(count, x.shape[0]), x.shape[1]))
    for begin in range(0, x.shape[0], count):
        rows = slice(begin, begin + count)
        part = x[rows] if scale == 1 else scale * x[rows]
        yield rows, np.subtract(part, scale * centre, out=memory[: part.shape[0]])


def _overlaps_itself(out: Float) -> bool:
    """Whether several elements may share memory."""
    axes = [(abs(stride), count) for stride, count in zip(out.strides, out.shape, strict=True) if count > 1]
    end = out.itemsize
    for stride, count in sorted(axes):
        if stride < end:
            return out.size > 0
        end = stride * count
    return False


def _matrix(name: str, value: ArrayLike) -> Float:
    """Return a two-dimensional array: float32 stays float32, everything else becomes float64."""
    array = _core.numbers(name, value)
    if array.ndim != 2:
        raise ValueError(f"{name}: expected two dimensions, got shape {array.shape}")
    return array if array.dtype == np.float32 else array.astype(np.float64, copy=False)


def _mean_and_deviation(x: Float) -> tuple[Float, Float]:
    if x.shape[0] == 0:
        raise ValueError("x: expected at least one row, got none")
    constant = x.min(axis=0) == x.max(axis=0)  # their computed mean may be off by a rounding error
    with np.errstate(over="ignore", invalid="ignore"):
        centre, spread = _moments(x)
        # if squares overflow or vanish, compute again with numbers scaled to about 1
        lost = ~((spread > 2.0**-400) & (spread < 2.0**400) | constant)
        if lost.any():
            part = x[:, lost]
            exponent = np.frexp(np.abs(part).max(axis=0))[1]
            again = _moments(np.ldexp(part, -exponent))
            centre[lost], spread[lost] = (np.ldexp(moment, exponent) for moment in again)
            spread[lost] = np.maximum(spread[lost], np.nextafter(0.0, 1.0))
    centre[constant], spread[constant] = x[0, constant], 1.0
    return centre, spread


def _moments(x: Float) -> tuple[Float, Float]:
    centre = x.mean(axis=0, dtype=np.float64)
    squares = np.zeros_like(centre)
    for _, differences in _differences(x, centre):
        squares += np.einsum("ij,ij->j", differences, differences)
    return centre, np.sqrt(squares / x.shape[0])
