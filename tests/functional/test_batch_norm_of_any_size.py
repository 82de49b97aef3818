"""Batch normalization of columns with squares that overflow or vanish: the result does not depend on their scale."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from fanin import functional as F
from reference import batch_norm as reference

TINY = {"float32": 2e-38, "float64": 3e-308}
SIZES = [("float32", size) for size in (1e-36, 1e-25, 1e-19, 1e-15, 1e15, 5e18, 1e25, 3.3e38)] + [
    ("float64", size) for size in (1e-305, 1e-200, 1e-154, 1e-140, 1e144, 1e154, 1e250, 1.7e308)
]


def operands(dtype, rows=300, columns=37):
    rng = np.random.default_rng(5)
    x, dy = rng.uniform(-1, 1, (2, rows, columns)).astype(dtype)
    gamma, beta = rng.normal(size=(2, columns)).astype(dtype)
    return x, gamma, beta, dy


def results(x, gamma, beta, dy, epsilon):
    y, cache = F.batch_norm(x, gamma, beta, epsilon)
    return y, cache.mean, cache.variance, *F.batch_norm_backward(dy, cache)


@pytest.mark.parametrize(("dtype", "size"), SIZES)
@pytest.mark.parametrize("tiny_epsilon", [False, True])
def test_columns_of_any_size_are_normalized(dtype, size, tiny_epsilon):
    """In float64, the formulas give the same result for x / size and epsilon / size^2."""
    x, gamma, beta, dy = operands(dtype)
    epsilon = TINY[dtype] if tiny_epsilon else 1e-5
    scaled = (x * size).astype(dtype)
    unit = size if size > 1 or tiny_epsilon else 1.0
    given, relative = (scaled / unit).astype("float64"), epsilon / unit / unit
    wide = [array.astype("float64") for array in (gamma, beta, dy)]
    y, mean, variance = reference.batch_norm(given, *wide[:2], relative)
    dx, dgamma, dbeta = reference.backward(wide[2], given, wide[0], relative)
    with np.errstate(over="ignore"):
        expected = y, mean * unit, variance * unit * unit, dx / unit, dgamma, dbeta
    smallest, rel = np.finfo(dtype).tiny, 2e-5 if dtype == "float32" else 1e-12
    names = "y", "mean", "variance", "dx", "dgamma", "dbeta"
    for name, got, want in zip(names, results(scaled, gamma, beta, dy, epsilon), expected, strict=True):
        with np.errstate(over="ignore"):
            want = want.astype(dtype)
        if name == "variance" and np.isinf(want).any():
            assert np.array_equal(got, want)
            continue
        scale = np.abs(want).max(axis=0) + (np.abs(gamma) if name == "y" else 0)
        np.testing.assert_array_less(np.abs(got - want) / (rel * scale + 4 * smallest), 1, err_msg=name)


@pytest.mark.parametrize(
    ("dtype", "exponents"), [("float32", (40, 48, 49, 63, 80, 127)), ("float64", (470, 479, 511, 512, 1023))]
)
def test_a_power_of_two_changes_no_bit(dtype, exponents):
    """Nor if the squares of the first columns still fit and those of the others do not."""
    x, gamma, beta, dy = operands(dtype)
    found = []
    for exponent in exponents:
        y, _, _, dx, *others = results(np.ldexp(x, exponent), gamma, beta, dy, TINY[dtype])
        found.append((np.ldexp(dx, exponent), y, *others))
    found[-1] = (found[0][0], *found[-1][1:])  # its dx is denormal
    for arrays in found[1:]:
        for got, expected in zip(arrays, found[0], strict=True):
            assert np.array_equal(got, expected)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("threads", [1, 3])
def test_columns_next_to_those_that_overflow_keep_their_bits(dtype, threads):
    x, gamma, beta, dy = operands(dtype, 500, 100)
    large = np.array(np.finfo(dtype).max, dtype)
    with fanin.num_threads(threads):
        expected = results(x, gamma, beta, dy, 1e-5)
        x[:, 40] *= large
        x[:, 99] = large
        got = results(x, gamma, beta, dy, 1e-5)
        alone = results(x[:, 40:41].copy(), gamma[40:41], beta[40:41], dy[:, 40:41].copy(), 1e-5)
    for mine, theirs, single in zip(got, expected, alone, strict=True):
        assert np.array_equal(np.delete(mine, [40, 99], axis=-1), np.delete(theirs, [40, 99], axis=-1))
        assert np.array_equal(mine[..., 40:41], single)
    assert np.isfinite(got[0]).all()
    assert (got[0][:, 99] == beta[99]).all()  # a constant column
    assert (got[1][99], got[2][99]) == (large, 0)


def test_a_constant_column_becomes_beta_whatever_its_size_at_the_smallest_epsilon(dtype):
    sizes = np.array([0, 1e-30, 1e-10, 1, 1e10, 3e38], dtype)
    x, beta = np.broadcast_to(sizes, (70, 6)), np.arange(6, dtype=dtype)
    y, cache = F.batch_norm(x, np.ones(6, dtype), beta, TINY[dtype])
    assert (y == beta).all()
    assert np.array_equal(cache.mean, sizes)
    assert not cache.variance.any()


def test_an_infinite_variance_is_refused_as_an_argument():
    for bad in (np.inf, np.nan):
        with pytest.raises(
            ValueError, match=f"variance: expected finite numbers of at least 0, got {bad} at position 1"
        ):
            F.batch_norm_inference([[1.0, 2.0]], [0, 0], [1.0, bad], [1, 1], [0, 0])
