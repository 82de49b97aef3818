"""Rows in compressed form: SciPy's sparse matrices and arrays, without importing SciPy, and coded rows."""

from __future__ import annotations

from typing import Any

from fanin import _core


def is_sparse(value: Any) -> bool:
    """Whether this is a sparse matrix (SciPy's, or anything with the attributes of a CSR matrix) or coded rows."""
    return isinstance(value, _core.CodedRows) or hasattr(value, "tocsr") or hasattr(value, "indptr")


def as_csr(value: Any) -> Any:
    """Convert a sparse matrix of another format to CSR; return anything else as it is."""
    return value.tocsr() if hasattr(value, "tocsr") and getattr(value, "format", None) != "csr" else value
