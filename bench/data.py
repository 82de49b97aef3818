"""Random samples, weights and operands: the same in every process that asks for the same case."""

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.cases import Batch, Columns, Net, Product, Updates
from bench.coded import Coded

Floats = NDArray[np.float32]


def normal(seed: int, *shape: int) -> Floats:
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def columns(case: Columns) -> Floats:
    return normal(1, case.rows, case.columns)


def mean_size(y: Any) -> float:
    return float(np.abs(y).mean())


def samples(net: Net) -> tuple[Floats, Any]:
    """Inputs (samples, inputs) and labels (samples,), or the first inputs again as targets of a squared error."""
    random = np.random.default_rng(1)
    x = random.standard_normal((net.samples, net.sizes[0]), dtype=np.float32)
    if net.loss == "squared_error":
        return x, np.ascontiguousarray(x[:, : net.sizes[-1]])
    y = random.integers(0, net.sizes[-1], net.samples)
    classes = min(net.samples, net.sizes[-1])
    y[:classes] = np.arange(classes)  # the first batch holds every class
    return x, y


def codes(net: Coded) -> tuple[Floats, NDArray[np.uint16], Floats]:
    """Dense columns, bins and fractions (samples, numbers) of normal numbers."""
    x, _ = samples(net)
    place = net.bins * np.linspace(0, 1, len(x), endpoint=False, dtype=np.float32)[x.argsort(0).argsort(0)]
    bins = place.astype(np.uint16)
    return x, bins, place - bins


def sinc(points: int) -> tuple[Any, Any]:
    """Equally spaced x (points, 1) in [-1, 1], and sin(10 pi x) / (10 pi x)."""
    x = np.linspace(-1, 1, points)[:, None]
    return x, np.sinc(10 * x)


def pictures(stem: str) -> tuple[Any, Any]:
    """Pixels (n, 784) in 0..1 and labels (n,) of Fashion-MNIST, as fanin's demo reads "train" or "t10k"."""
    from fanin.demo import builtin_data, idx  # here, as most peers' processes do without fanin

    return idx.read_pair(builtin_data.FASHION_FOLDER, stem)


def first_batches(net: Net) -> NDArray[np.int32]:
    """Indices (steps, batch) of the steps after which the losses of all libraries must agree, and of the one before."""
    return np.tile(np.arange(net.batch, dtype=np.int32), (net.check_steps + 1, 1))


def order(net: Net) -> NDArray[np.int32]:
    """Shuffled indices (steps, batch) of an epoch, for libraries whose training loop is the user's own."""
    shuffled = np.random.default_rng(3).permutation(net.samples).astype(np.int32)
    return shuffled[: net.steps * net.batch].reshape(net.steps, net.batch)


def weights(net: Net, seed: int = 2) -> list[tuple[Floats, Floats]]:
    """Weights (inputs, units) with standard deviation sqrt(2 / inputs), and zero biases, of each layer."""
    random = np.random.default_rng(seed)
    normal = partial(random.standard_normal, dtype=np.float32)
    return [
        (normal(layer) * np.float32(np.sqrt(2 / layer[0])), np.zeros(layer[1], np.float32))
        for layer in net.layers
    ]


def operands(product: Product) -> list[Any]:
    """A (rows, depth), W (depth, columns) and dZ (rows, columns).

    Small integers, (7 i + 13 j) mod 17 - 8, so that every product of them is exact.
    """
    m, n, k = product.rows, product.columns, product.depth
    indices = (np.ogrid[:rows, :columns] for rows, columns in ((m, k), (k, n), (m, n)))
    return [((7 * i + 13 * j) % 17 - 8).astype(product.dtype) for i, j in indices]


def elements(count: int) -> tuple[Floats, Floats]:
    """Numbers with a deviation of 3, and gradients."""
    z, da = normal(3, 2, count)
    return 3 * z, da


def normalized(batch: Batch) -> tuple[Floats, Floats, Floats, Floats]:
    """Return x with means and deviations that differ, dy, and gamma and beta of each column."""
    x, dy = normal(4, 2, batch.rows, batch.columns)
    gamma, beta = normal(5, 2, batch.columns)
    return x * (1 + beta * beta) + gamma, dy, gamma, beta


def weights_and_gradients(case: Updates) -> tuple[list[Floats], list[Floats]]:
    pattern = normal(0, min(case.size, 1 << 16))
    w, g = ([np.resize(part, case.size) for _ in range(case.arrays)] for part in (pattern, pattern[::-1]))
    return w, g


def checksum(array: Any) -> float:
    """Sum of m_ij ((3 i + 5 j) mod 11 - 5), which notices a wrong or a misplaced element."""
    matrix = np.atleast_2d(np.asarray(array))
    i, j = np.ogrid[: matrix.shape[0], : matrix.shape[1]]
    return float(np.sum(matrix.astype(np.float64) * ((3 * i + 5 * j) % 11 - 5)))
