"""Small tables, and models of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn")

from fanin.command.main import main
from tables import FAST, PRICES, FileWriter


@pytest.fixture
def write(tmp_path: Path) -> FileWriter:
    """Write a file; return its path."""

    def write_file(name: str, content: str) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode())
        return path

    return write_file


@pytest.fixture(scope="session")
def price_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a model of prices."""
    folder = tmp_path_factory.mktemp("prices")
    (folder / "prices.csv").write_text(PRICES)
    model = folder / "price.safetensors"
    assert main(["fit", str(folder / "prices.csv"), "--target", "price", "--model", str(model), *FAST]) == 0
    return model


@pytest.fixture(scope="session")
def kind_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a model of classes from a column of text that is often 1 or 2."""
    folder = tmp_path_factory.mktemp("kinds")
    random = np.random.default_rng(0)
    lines = "".join(f"{code},{code in '1x'}\n" for code in random.choice(list("12xy"), 100))
    (folder / "kinds.csv").write_text("code,kind\n" + lines)
    model = folder / "kind.safetensors"
    assert main(["fit", str(folder / "kinds.csv"), "--target", "kind", "--model", str(model), *FAST]) == 0
    return model
