"""Bags of row numbers as sparse rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from fanin import _core
from fanin.checks import check_choice, check_integer

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def bags(
    ids: ArrayLike,
    offsets: ArrayLike,
    n: int,
    weights: ArrayLike | None = None,
    combine: Literal["sum", "mean"] = "sum",
) -> Any:
    """Return bags of whole numbers as the sparse rows that ``fanin.Embedding(n, dim, bags=True)`` reads.

    Row i of the result is the sum of the one-hot rows of ``ids[offsets[i]:offsets[i + 1]]``, times their weights, so
    that the embedding gives ``sum_k weights_k W[ids_k]``, as PyTorch's EmbeddingBag does. A bag may be empty. It needs
    SciPy.

    Parameters
    ----------
    ids : array_like of int
        Row numbers of all bags, one bag after the other, from 0 to n - 1.
    offsets : array_like of int
        Where each bag begins in `ids`: from 0 on, not descending. The last bag ends with `ids`.
    n : int
        Rows of the table.
    weights : array_like, optional
        A weight for each of `ids`; by default 1.
    combine : {"sum", "mean"}
        "mean" divides by the number of `ids` in the bag.

    Returns
    -------
    scipy.sparse.csr_matrix
        (number of offsets, n), of float64.

    Raises
    ------
    ValueError, TypeError
        For numbers out of range, offsets out of order, or lengths that differ.

    Examples
    --------
    >>> import fanin
    >>> print(fanin.bags([4, 1, 4], [0, 2], n=5).toarray())
    [[0. 1. 0. 0. 1.]
     [0. 0. 0. 0. 1.]]
    """
    from scipy.sparse import csr_matrix

    check_integer("n", n, 1)
    if n >= 2**32:
        raise ValueError(f"n: expected fewer than 2^32 rows, got {n}")
    check_choice("combine", combine, ("sum", "mean"))
    numbers, starts = _integers("ids", ids, n - 1), _integers("offsets", offsets, np.size(ids))
    if not starts.size and numbers.size:
        raise ValueError(f"offsets: expected where each bag of {numbers.size} ids begins, got none")
    if starts.size and starts[0] != 0:
        raise ValueError(f"offsets: expected 0 at position 0, got {starts[0]}")
    if (descents := np.flatnonzero(np.diff(starts) < 0)).size:
        before, after = starts[descents[0] : descents[0] + 2]
        raise ValueError(f"offsets: expected at least {before} at position {descents[0] + 1}, got {after}")
    values = np.ones(numbers.size) if weights is None else _weights(weights, numbers.shape)
    ends = np.append(starts, numbers.size)
    if combine == "mean":
        values = values / np.repeat(np.diff(ends), np.diff(ends))
    return csr_matrix((values, numbers, ends), shape=(starts.size, int(n)))


def _integers(name: str, values: ArrayLike, most: int) -> NDArray[np.int64]:
    """Return whole numbers from 0 to `most`."""
    array = _core.numbers(name, values)
    if array.size == 0:
        array = array.astype(np.int64)
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name}: expected integers, got dtype {array.dtype}")
    if array.ndim != 1:
        raise ValueError(f"{name}: expected one dimension, got shape {array.shape}")
    if (outside := np.flatnonzero((array < 0) | (array > most))).size:
        where = f"got {array[outside[0]]} at position {outside[0]}"
        raise ValueError(f"{name}: expected numbers from 0 to {most}, {where}")
    return array.astype(np.int64, copy=False)


def _weights(weights: ArrayLike, shape: tuple[int, ...]) -> NDArray[np.float64]:
    values = _core.numbers("weights", weights).astype(np.float64)
    if values.shape != shape:
        raise ValueError(f"weights: expected shape {shape}, one for each of ids, got {values.shape}")
    if (bad := np.flatnonzero(~np.isfinite(values))).size:
        raise ValueError(f"weights: expected finite numbers, got {values[bad[0]]} at position {bad[0]}")
    return values
