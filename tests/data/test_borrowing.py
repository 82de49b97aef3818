"""The user's X is borrowed: a fit over a large array needs little memory beyond it, if its rows can be gathered."""

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
net.fit(X, y, rule=fanin.optim.SGD(), epochs=1, batch_size=256, shuffle={shuffle})
print(X.nbytes / 2**20, peak_mebibytes() - before)
"""


def size_and_growth(make, dtype, shuffle=True):
    code = CODE.format(make=make, dtype=dtype, shuffle=shuffle)
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


def test_an_array_by_columns_is_copied_at_most_once_and_only_where_samples_are_shuffled():
    by_columns = 'X = np.ones((columns, rows), "float32").T'
    size, growth = size_and_growth(by_columns, "float32")
    assert growth < size + 32
    _, growth = size_and_growth(by_columns, "float32", shuffle=False)
    assert growth < 32
