"""Random samples, weights and operands: the same in every process that asks for the same case."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.cases import Batch, Net, Product, Updates

Floats = NDArray[np.float32]


def samples(net: Net) -> tuple[Floats, Any]:
    """Normal inputs (samples, inputs) and labels (samples,), or the inputs again as targets of a squared error.

    The first batch holds every class.
    """
    random = np.random.default_rng(1)
    x = random.standard_normal((net.samples, net.sizes[0]), dtype=np.float32)
    if net.loss == "squared_error":
        return x, x
    y = random.integers(0, net.sizes[-1], net.samples)
    classes = min(net.samples, net.sizes[-1])
    y[:classes] = np.arange(classes)
    return x, y


def pictures(stem: str) -> tuple[Any, Any]:
    """Pixels (n, 784) in 0..1 and labels (n,) of Fashion-MNIST, as fanin's demo reads "train" or "t10k"."""
    from fanin.demo import builtin_data, errors, idx  # here, as most peers' processes do without fanin

    try:
        return idx.read_pair(builtin_data.FASHION_FOLDER, stem)
    except errors.DemoError as error:
        raise RuntimeError(f"{error}: install Debian's dataset-fashion-mnist") from None


def epoch_order(net: Net, random: np.random.Generator) -> NDArray[np.int32]:
    """A fresh permutation of the samples as (steps, batch)."""
    order = random.permutation(net.samples).astype(np.int32)
    return order[: net.steps * net.batch].reshape(net.steps, net.batch)


def batches(net: Net) -> Iterator[NDArray[np.int32]]:
    """Indices of one mini-batch after the other without end, for libraries whose training loop is the user's own."""
    random = np.random.default_rng(3)
    while True:
        yield from epoch_order(net, random)


def weights(net: Net) -> list[tuple[Floats, Floats]]:
    """Weights (inputs, units) with standard deviation sqrt(2 / inputs), and zero biases, of each layer."""
    random = np.random.default_rng(2)
    return [
        (
            random.standard_normal((n_in, n_out), dtype=np.float32) * np.float32(np.sqrt(2 / n_in)),
            np.zeros(n_out, np.float32),
        )
        for n_in, n_out in net.layers
    ]


def operands(product: Product) -> tuple[Any, Any, Any]:
    """A (rows, depth), W (depth, columns) and dZ (rows, columns).

    Small integers, (7 i + 13 j) mod 17 - 8, so that every product of them is exact.
    """

    def operand(rows: int, columns: int) -> Any:
        i, j = np.ogrid[:rows, :columns]
        return ((7 * i + 13 * j) % 17 - 8).astype(product.dtype)

    m, n, k = product.rows, product.columns, product.depth
    return operand(m, k), operand(k, n), operand(m, n)


def elements(count: int) -> tuple[Floats, Floats]:
    """Normal numbers with a deviation of 3, and normal gradients."""
    random = np.random.default_rng(3)
    z = 3 * random.standard_normal(count, dtype=np.float32)
    return z, random.standard_normal(count, dtype=np.float32)


def normalized(batch: Batch) -> tuple[Floats, Floats, Floats, Floats]:
    """Return x with means and deviations that differ, normal dy, and gamma and beta of each column."""
    random = np.random.default_rng(4)
    x, dy = (random.standard_normal((batch.rows, batch.columns), dtype=np.float32) for _ in range(2))
    gamma, beta = (random.standard_normal(batch.columns, dtype=np.float32) for _ in range(2))
    return x * (1 + beta * beta) + gamma, dy, gamma, beta


def weights_and_gradients(case: Updates) -> tuple[list[Floats], list[Floats]]:
    """Arrays to update, and gradients that stay."""
    rng = np.random.default_rng(0)
    pattern = rng.standard_normal(min(case.size, 1 << 16), dtype=np.float32)
    w = [np.resize(pattern, case.size) for _ in range(case.arrays)]
    return w, [np.resize(pattern[::-1], case.size) for _ in range(case.arrays)]


def samples_of(w: Floats) -> list[float]:
    """Some weights of an array."""
    return [float(x) for x in np.ravel(w)[:: max(1, w.size // 16)]]


def checksum(array: Any) -> float:
    """Sum of m_ij ((3 i + 5 j) mod 11 - 5), which notices a wrong or a misplaced element."""
    matrix = np.atleast_2d(np.asarray(array))
    i, j = np.ogrid[: matrix.shape[0], : matrix.shape[1]]
    return float(np.sum(matrix.astype(np.float64) * ((3 * i + 5 * j) % 11 - 5)))
