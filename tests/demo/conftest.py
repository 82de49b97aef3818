"""CSV files of a test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tables import Writer


@pytest.fixture
def write(tmp_path: Path) -> Writer:
    """Write a table; return its path."""

    def write_table(content: str) -> Path:
        path = tmp_path / "table.csv"
        path.write_bytes(content.encode())
        return path

    return write_table
