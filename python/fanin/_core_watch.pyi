"""Stubs of the part of `fanin._core` for watching fits."""

from typing import Any

class Watch:
    dead_share: float
    saturated_share: float
    def __init__(self, every: int = 0) -> None: ...
    def figures(self) -> dict[str, Any]: ...
    def units(self, layer: int) -> dict[str, Any]: ...
