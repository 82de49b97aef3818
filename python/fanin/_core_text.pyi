"""Stubs of the part of `fanin._core` for texts."""

from collections.abc import Iterable
from typing import Any

from numpy import int32, int64
from numpy.typing import NDArray

def hash_texts(
    texts: Iterable[str | list[str]],
    analyzer: str,
    columns: int,
    ngrams: tuple[int, int],
    norm: str | None,
    binary: bool,
    alternate_sign: bool,
    dtype: str,
) -> tuple[NDArray[Any], NDArray[int32], NDArray[int64]]: ...
