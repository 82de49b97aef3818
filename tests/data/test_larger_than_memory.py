"""A memory-mapped file may be larger than memory: a fit needs little additional memory.

Mapped pages of the file count as resident (RssFile), but belong to the page cache: the system drops them when memory is
needed. The fit itself needs anonymous memory (RssAnon), which is what this file measures.
"""

from __future__ import annotations

import os
import sys

import pytest

from helpers import run_python

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

CODE = """
import sys, threading
import numpy as np
import fanin

def own_mebibytes():
    with open("/proc/self/status") as status:
        lines = dict(line.split(":", 1) for line in status)
    return sum(int(lines[name].split()[0]) for name in ("RssAnon", "RssShmem")) / 1024

path, dtype, mebibytes = sys.argv[1], sys.argv[2], int(sys.argv[3])
columns = 256
rows = mebibytes * 2**20 // columns // np.dtype(dtype).itemsize
with open(path, "wb") as file:
    file.truncate(mebibytes * 2**20)  # a hole: zeros that take no space on the disk
X = np.memmap(path, dtype=dtype, mode="r", shape=(rows, columns))
y = np.zeros(rows, "int64")
net = fanin.Network(columns, [fanin.Dense(4)], loss="softmax_cross_entropy")
options = {"rule": fanin.optim.SGD(), "epochs": 1, "batch_size": 256}
net.fit(X[:1000], y[:1000], **options)

peak, done = own_mebibytes(), threading.Event()
def watch():
    global peak
    while not done.wait(0.002):
        peak = max(peak, own_mebibytes())
watcher = threading.Thread(target=watch)
watcher.start()
net.fit(X, y, validation_data=(X, y), callbacks=[fanin.EarlyStopping()], **options)
net.fit_chunks([(X[i : i + rows // 4], y[i : i + rows // 4]) for i in range(0, rows, rows // 4)], **options)
net.evaluate(X, y)
done.set()
watcher.join()
print(peak)
"""


def peak_mebibytes(tmp_path, dtype, mebibytes):
    path = tmp_path / "X"
    try:
        done = run_python("-c", CODE, str(path), dtype, str(mebibytes), timeout=900)
        assert done.returncode == 0, done.stderr
        return float(done.stdout)
    finally:
        path.unlink(missing_ok=True)


@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8", ">f4", "float16"])
def test_a_fit_over_a_mapped_file_of_600_mb_needs_a_quarter_of_it(tmp_path, dtype):
    assert peak_mebibytes(tmp_path, dtype, 600) < 150


@pytest.mark.skipif("FANIN_SLOW_TESTS" not in os.environ, reason="slow: set FANIN_SLOW_TESTS to run it")
@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_a_fit_over_a_mapped_file_of_4_gb_stays_under_500_mb(tmp_path, dtype):
    assert peak_mebibytes(tmp_path, dtype, 4096) < 500
