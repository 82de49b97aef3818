"""CSR matrices of SciPy from arrays and from other CSR matrices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin.data.sparse import as_csr, is_sparse

if TYPE_CHECKING:
    from numpy.typing import NDArray


def rows_of_numbers(X: Any) -> Any:
    """Return sparse X, or an array of numbers, as CSR in float32; raise ValueError unless all values are finite."""
    from scipy.sparse import csr_matrix

    rows = as_csr(X) if is_sparse(X) else csr_matrix(np.asarray(X, np.float64))
    with np.errstate(over="ignore"):
        single = csr_matrix((rows.data.astype(np.float32), rows.indices, rows.indptr), rows.shape)
    if not (finite := np.isfinite(single.data)).all():
        place = int(finite.argmin())
        row = int(np.searchsorted(rows.indptr, place, side="right")) - 1
        value = rows.data[place]
        raise ValueError(
            f"X: row {row}, column {rows.indices[place]} is {value}; expected numbers finite in float32"
        )
    return single


def below(blocks: Iterable[NDArray[Any]]) -> Any:
    """Return arrays with the same columns, one below the other, as CSR."""
    from scipy.sparse import csr_matrix, vstack

    return vstack([csr_matrix(block) for block in blocks], format="csr")


def beside(parts: Sequence[Any]) -> Any:
    """Return CSR matrices with the same rows, one beside the other, as CSR in float32."""
    from scipy.sparse import hstack

    return hstack(parts, format="csr", dtype=np.float32)
