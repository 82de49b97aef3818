"""CSV files that several tests write."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

Writer = Callable[[str], Path]


def rows(line: Callable[[int], str], count: int = 60) -> str:
    """Return the lines of rows 0, 1, ..."""
    return "".join(line(row) + "\n" for row in range(count))
