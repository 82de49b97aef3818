"""Whatever is done again and again, resident memory stays where it is."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

import fanin
from fanin import optim
from helpers import python_prints

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")

ALLOWED = 1 << 20  # of the allocator's own; a leak of 1 kB a time would be more


def resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def growth(work, times: int) -> int:
    """Bytes that `times` calls add after as many as a tenth of them."""
    for _ in range(times // 10):
        work()
    before = resident()
    for _ in range(times):
        work()
    return resident() - before


@pytest.fixture
def net() -> fanin.Network:
    return fanin.Network(
        20, [fanin.Dense(64, "relu", batch_norm=True), fanin.Dense(2)], "softmax_cross_entropy"
    )


X = np.linspace(-1, 1, 64 * 20, dtype=np.float32).reshape(64, 20)
Y = np.arange(64) % 2


def test_fits_epoch_by_epoch_leave_memory_flat(net):
    rule = optim.Around(optim.Adam(1e-3), clip_norm=1.0, average_decay=0.9)
    fit = lambda: net.fit(X, Y, rule=rule, epochs=1, validation_data=(X, Y))  # noqa: E731
    assert growth(fit, 3000) < ALLOWED


def test_predictions_leave_memory_flat(net):
    assert growth(lambda: net.predict(X), 30_000) < ALLOWED


def test_networks_that_come_and_go_leave_memory_flat():
    assert growth(lambda: fanin.Network(20, [fanin.Dense(200), fanin.Dense(1)]), 3000) < ALLOWED


def test_saving_and_loading_leave_memory_flat(net, tmp_path):
    net.fit(X, Y, rule=optim.Adam(), epochs=1)

    def save_and_load() -> None:
        net.save(tmp_path / "model")
        fanin.load(tmp_path / "model")

    assert growth(save_and_load, 1000) < ALLOWED


def test_mistakes_leave_memory_flat(net):
    def mistake() -> None:
        with pytest.raises(ValueError, match="columns"):
            net.predict(X[:, 1:])

    assert growth(mistake, 3000) < ALLOWED


def test_of_results_that_are_gone_128_mebibytes_stay_at_most() -> None:
    code = """
import numpy as np
from fanin import functional as F
from network.test_resident_memory import resident

x = np.zeros((2048, 1024), np.float32)
before = resident()
results = [F.activation(x, "tanh") for _ in range(40)]
del results
print(resident() - before)
"""
    assert int(python_prints("-c", code)) < 132 << 20
