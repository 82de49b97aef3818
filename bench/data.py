"""Random samples, weights and operands: the same in every process that asks for the same case."""

from __future__ import annotations

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


def cross_entropy(probabilities: NDArray[np.floating], y: NDArray[np.int64]) -> float:
    """Mean over the samples of -log of the probability of their label."""
    p = probabilities[np.arange(len(y)), y].astype(np.float64)
    return float(-np.mean(np.log(p)))


def operand(rows: int, columns: int, dtype: str) -> Any:
    """A matrix of small integers, (7 i + 13 j) mod 17 - 8, so that every product of it is exact."""
    i, j = np.ogrid[:rows, :columns]
    return ((7 * i + 13 * j) % 17 - 8).astype(dtype)


def operands(product: Product) -> tuple[Any, Any, Any]:
    """A (rows, depth), W (depth, columns) and dZ (rows, columns)."""
    return (
        operand(product.rows, product.depth, product.dtype),
        operand(product.depth, product.columns, product.dtype),
        operand(product.rows, product.columns, product.dtype),
    )


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


def checksum(matrix: NDArray[np.floating]) -> float:
    """Sum of m_ij ((3 i + 5 j) mod 11 - 5), which notices a wrong or a misplaced element."""
    i, j = np.ogrid[: matrix.shape[0], : matrix.shape[1]]
    return float(np.sum(matrix.astype(np.float64) * ((3 * i + 5 * j) % 11 - 5)))


def weights_and_gradients(case: Updates) -> tuple[list[Floats], list[Floats]]:
    """Arrays to update, and gradients that stay."""
    rng = np.random.default_rng(0)
    pattern = rng.standard_normal(min(case.size, 1 << 16), dtype=np.float32)
    w = [np.resize(pattern, case.size) for _ in range(case.arrays)]
    return w, [np.resize(pattern[::-1], case.size) for _ in range(case.arrays)]


def samples_of(w: Floats) -> list[float]:
    """Some weights of an array."""
    return [float(x) for x in np.ravel(w)[:: max(1, w.size // 16)]]
