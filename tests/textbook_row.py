"""One line of the textbook notes: see `textbook`."""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    numbers: tuple[int | str, ...]
    claim: str
    checks: tuple[str, ...] = ()
    waits_for: str = ""
