"""SciPy's sparse matrices and arrays, without importing SciPy."""

from __future__ import annotations

from typing import Any


def is_sparse(value: Any) -> bool:
    """Whether this is a sparse matrix: SciPy's, or anything with the attributes of a CSR matrix."""
    return hasattr(value, "tocsr") or hasattr(value, "indptr")


def as_csr(value: Any) -> Any:
    """Convert a sparse matrix of another format to CSR; return anything else as it is."""
    return value.tocsr() if hasattr(value, "tocsr") and getattr(value, "format", None) != "csr" else value
