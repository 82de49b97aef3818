"""Fashion-MNIST as fanin's demo reads it."""

from __future__ import annotations

from typing import Any

from fanin.demo.builtin_data import FASHION_FOLDER
from fanin.demo.errors import DemoError
from fanin.demo.idx import read_pair


def pictures(stem: str) -> tuple[Any, Any]:
    """Pixels (n, 784) in 0..1 and labels (n,) of "train" or "t10k"."""
    try:
        return read_pair(FASHION_FOLDER, stem)
    except DemoError as error:
        raise RuntimeError(f"{error}: install Debian's dataset-fashion-mnist") from None
