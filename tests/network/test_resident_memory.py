"""Repeating anything does not increase resident memory."""

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

ALLOWED = 1 << 20  # for the allocator itself; a leak of 1 kB per call would exceed it


def resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def growth(work, times: int) -> int:
    """Return the bytes that `times` calls add, after a tenth as many calls to warm up."""
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


def test_creating_and_deleting_networks_leaves_memory_flat():
    assert growth(lambda: fanin.Network(20, [fanin.Dense(200), fanin.Dense(1)]), 3000) < ALLOWED


def test_saving_and_loading_leave_memory_flat(net, tmp_path):
    net.fit(X, Y, rule=optim.Adam(), epochs=1)

    def save_and_load() -> None:
        net.save(tmp_path / "model")
        fanin.load(tmp_path / "model")

    assert growth(save_and_load, 1000) < ALLOWED


def test_errors_leave_memory_flat(net):
    def mistake() -> None:
        with pytest.raises(ValueError, match="columns"):
            net.predict(X[:, 1:])

    assert growth(mistake, 3000) < ALLOWED


def test_at_most_128_mebibytes_of_freed_results_are_kept() -> None:
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


LONG_AND_NARROW = """
import resource
import numpy as np
import fanin
from fanin import functional as F, optim
from network.test_resident_memory import resident

rows, dtype = 2_000_000, "DTYPE"
x, y, out = (np.full((rows, 1), 0.5, dtype) for _ in range(3))
two, weights, labels = np.full((rows, 2), 0.5, dtype), np.full(rows, 0.5), np.ones(rows, np.uint8)
net = fanin.Network(1, [fanin.Dense(1)], dtype=dtype)
classifier = fanin.Network(1, [fanin.Dense(2)], "softmax_cross_entropy", dtype=dtype)
net.fit(x[:100], y[:100], rule=optim.SGD(0.1), epochs=1)


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


before_all = resident()
CALLS
print(resident() - before_all)
"""


def bytes_taken(dtype: str, *calls: str) -> list[int]:
    """Return what each call adds to peak memory besides its arrays, and what all of them leave behind."""
    each = "\n".join(f"before = peak()\n{call}\nprint(peak() - before)" for call in calls)
    code = LONG_AND_NARROW.replace("DTYPE", dtype).replace("CALLS", each)
    return [int(line) for line in python_prints("-c", code).split()]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_losses_of_long_narrow_arrays_take_little_memory_and_keep_less(dtype):
    *taken, left = bytes_taken(
        dtype,
        'F.loss(x, y, "squared_error")',
        'F.loss_gradient(x, y, "squared_error", sample_weight=weights, out=out)',
        'F.loss(two, labels, "softmax_cross_entropy", sample_weight=weights)',
        'F.loss_outputs(x, "logistic", out=out)',
        "net.evaluate(x, y, sample_weight=weights)",
        "classifier.evaluate(x, labels)",
        "net.predict(x, out=out)",
    )
    assert max(taken) < 10 << 20
    assert left < 6 << 20


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_training_on_a_long_narrow_set_needs_little_memory_besides_the_order_of_its_rows(dtype):
    order = 4 * 2_000_000
    *taken, _ = bytes_taken(
        dtype,
        "net.fit(x, y, rule=optim.SGD(0.1), epochs=1, batch_size=rows, batches='in_order')",
        "net.fit(x, y, rule=optim.SGD(0.1), epochs=1, batch_size=rows, sample_weight=weights)",
        "net.objective(x, y).loss_and_gradient(np.ones(2, dtype))",
    )
    assert max(taken) < order + (20 << 20)
