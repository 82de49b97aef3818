"""The methods of a network that write it for other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fanin.export.c.header import save_header

if TYPE_CHECKING:
    from fanin.storage import Path


class Exports:
    """The part of `fanin.Network` that leaves Python."""

    def to_c(self, path: Path, name: str | None = None) -> None:
        """Write the network as a header in C, which predicts one row at a time without a library."""
        save_header(self, path, name)
