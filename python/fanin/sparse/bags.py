"""Bags of row numbers as sparse rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from fanin.checks import check_choice, check_integer

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


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
    check_choice("combine", combine, ("sum", "mean"))
    numbers, starts = _integers("ids", ids), _integers("offsets", offsets)
    outside = np.flatnonzero((numbers < 0) | (numbers >= n))
    if outside.size:
        raise ValueError(
            f"ids: expected numbers from 0 to {n - 1}, got {numbers[outside[0]]} at position {outside[0]}"
        )
    if starts.size and (starts[0] != 0 or starts[-1] > numbers.size or (np.diff(starts) < 0).any()):
        raise ValueError(f"offsets: expected ascending numbers from 0 to {numbers.size}, the first 0, got {starts}")
    values = np.ones(numbers.size) if weights is None else np.asarray(weights, np.float64)
    if values.shape != numbers.shape:
        raise ValueError(f"weights: expected shape {numbers.shape}, one for each of ids, got {values.shape}")
    ends = np.append(starts, numbers.size)
    if combine == "mean":
        values = values / np.repeat(np.diff(ends), np.diff(ends))
    return csr_matrix((values, numbers, ends), shape=(starts.size, int(n)))


def _integers(name: str, values: ArrayLike) -> Any:
    array = np.asarray(values)
    if array.size == 0:
        array = array.astype(np.int64)
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name}: expected integers, got dtype {array.dtype}")
    if array.ndim != 1:
        raise ValueError(f"{name}: expected one dimension, got shape {array.shape}")
    return array
