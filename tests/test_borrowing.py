"""The user's X is borrowed: a fit over a large array needs little memory beyond it, in any layout."""

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
net.fit(X, y, rule=fanin.optim.SGD(), epochs=1, batch_size=256)
print(X.nbytes / 2**20, peak_mebibytes() - before)
"""


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "make",
    [
        'X = np.ones((rows, columns), "float32")',
        'X = np.ones((rows, columns), "float64")',
        'X = np.ones((columns, rows), "float32").T',
        'X = np.ones((rows, 2 * columns), "float32")[:, ::2]',
        'X = np.ones((rows, columns), "float32")[::-1]',
    ],
    ids=["float32", "float64", "fortran", "every other column", "backwards"],
)
def test_a_fit_copies_no_large_array(make, dtype):
    size, growth = map(float, python_prints("-c", CODE.format(make=make, dtype=dtype)).split())
    assert size >= 128
    assert growth < 32
