"""Sparse rows of SciPy, from texts and from bags of row numbers."""

from __future__ import annotations

from fanin.sparse.bags import bags
from fanin.sparse.hashed_text import HashedText

__all__ = ["HashedText", "bags"]
