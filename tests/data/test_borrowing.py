"""X is read in place: a fit over a large array needs little additional memory, if its rows can be gathered."""

from __future__ import annotations

import pytest

from helpers import python_prints

CODE = """
import resource, sys
import numpy as np
import fanin

def peak_mebibytes():
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20

rows, columns = 2**19, 64
{make}
y = np.zeros(rows, "int32")
net = fanin.Network(columns, [fanin.Dense(4)], loss="softmax_cross_entropy", dtype="{dtype}")
net.fit(X[:1000], y[:1000], rule=fanin.optim.SGD(), epochs=1, batch_size=256)
before = peak_mebibytes()
net.fit(X, y, rule=fanin.optim.SGD(), epochs=1, batch_size=256, batches={batches!r})
print(X.nbytes / 2**20, peak_mebibytes() - before)
"""


def size_and_growth(make, dtype, batches="shuffled"):
    code = CODE.format(make=make, dtype=dtype, batches=batches)
    return map(float, python_prints("-c", code).split())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "make",
    [
        'X = np.ones((rows, columns), "float32")',
        'X = np.ones((rows, columns), "float64")',
        'X = np.ones((rows, 2 * columns), "float32")[:, ::2]',
        'X = np.ones((rows, columns), "float32")[::-1]',
    ],
    ids=["float32", "float64", "every other column", "backwards"],
)
def test_a_fit_copies_no_large_array(make, dtype):
    size, growth = size_and_growth(make, dtype)
    assert size >= 128
    assert growth < 32


def test_a_fortran_ordered_array_is_copied_at_most_once_and_only_if_samples_are_shuffled():
    by_columns = 'X = np.ones((columns, rows), "float32").T'
    size, growth = size_and_growth(by_columns, "float32")
    assert growth < size + 32
    _, growth = size_and_growth(by_columns, "float32", batches="in_order")
    assert growth < 32


CHANGES = {
    "labels": ("y[:] = 10**9", "y[:] = -5", "y[:] = 2**40"),
    "samples": ("X[:] = np.nan", "X[:] = 1e300"),
    "weights": ("w[:] = np.nan", "w[:] = -1", "w[:] = np.inf"),
}


@pytest.mark.parametrize("change", [change for changes in CHANGES.values() for change in changes])
@pytest.mark.parametrize("classes", [3, 40])
def test_data_that_change_during_a_fit_give_other_numbers_and_nothing_worse(change, classes):
    code = f"""
import threading
import numpy as np
import fanin
rng = np.random.default_rng(0)
X, y, w = rng.normal(size=(640, 4)).astype("f4"), np.zeros(640, np.int64), np.ones(640)
net = fanin.Network(4, [fanin.Dense(8, "tanh"), fanin.Dense({classes})], "softmax_cross_entropy")
def change(net, epoch, logs):
    {change}
try:
    net.fit(X, y, rule=fanin.optim.SGD(0.1), epochs=3, sample_weight=w, callbacks=[change])
except (ValueError, ArithmeticError):
    pass
X, y, w = np.ones((640, 4), "f4"), np.zeros(640, np.int64), np.ones(640)
ended = []
def change_all_the_time():
    while not ended:
        {change}
        X[:], y[:], w[:] = 1, 0, 1
thread = threading.Thread(target=change_all_the_time)
thread.start()
for _ in range(200):
    try:
        net.evaluate(X, y, sample_weight=w)
        fanin.functional.loss(np.zeros((640, {classes})), y, "softmax_cross_entropy", sample_weight=w)
    except ValueError:
        pass
ended.append(True)
thread.join()
print(all(np.isfinite(array).all() for array in net.get_weights().values()))
"""
    assert python_prints("-c", code) == "True\n"
