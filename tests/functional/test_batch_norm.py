"""Batch normalization of the user's arrays, against the formulas, PyTorch and finite differences."""

from __future__ import annotations

import json

import numpy as np
import pytest

import fanin
from fanin import functional as F
from helpers import TESTS
from reference import batch_norm as reference

DTYPES = ["float32", "float64"]
GOLDEN = json.loads((TESTS / "goldens" / "pytorch_batch_norm.json").read_text())
# around the widths of vectors and panels, and the 64 rows of a block
SHAPES = [
    (2, 1),
    (3, 7),
    (63, 8),
    (64, 15),
    (65, 16),
    (66, 31),
    (130, 33),
    (128, 64),
    (200, 100),
    (31, 129),
    (5, 300),
]


def operands(shape, dtype, seed=0):
    rng = np.random.default_rng(seed)
    columns = shape[1]
    x = rng.normal(size=shape) * np.logspace(-2, 2, columns) + rng.normal(size=columns)
    arrays = x, rng.normal(size=columns), rng.normal(size=columns), rng.normal(size=shape)
    return [array.astype(dtype) for array in arrays]


def all_results(x, gamma, beta, dy, epsilon=1e-5):
    y, cache = F.batch_norm(x, gamma, beta, epsilon)
    return y, cache.mean, cache.variance, *F.batch_norm_backward(dy, cache)


def expected_results(x, gamma, beta, dy, epsilon=1e-5):
    given = [array.astype("float64") for array in (x, gamma, beta, dy)]
    return *reference.batch_norm(*given[:3], epsilon), *reference.backward(
        given[3], given[0], given[1], epsilon
    )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_batch_norm_and_its_gradients_are_those_of_the_formulas(dtype, shape):
    x, gamma, beta, dy = operands(shape, dtype)
    tolerance = 1e-4 if dtype == "float32" else 1e-11
    for got, expected in zip(
        all_results(x, gamma, beta, dy), expected_results(x, gamma, beta, dy), strict=True
    ):
        assert got.dtype == dtype
        scale = np.abs(expected).max(axis=0) + 1e-3  # a gradient is a small difference of large terms
        np.testing.assert_array_less(np.abs(got - expected) / scale, tolerance)


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: str(np.shape(case["x"])))
def test_batch_norm_and_its_gradients_are_those_of_pytorch(case):
    arrays = {name: np.array(value) for name, value in case.items()}
    y, cache = F.batch_norm(arrays["x"], arrays["gamma"], arrays["beta"], case["epsilon"])
    dx, dgamma, dbeta = F.batch_norm_backward(arrays["dy"], cache)
    inference = F.batch_norm_inference(
        *(arrays[name] for name in ("x", "mean", "variance", "gamma", "beta")), case["epsilon"]
    )
    for name, got in {"y": y, "dx": dx, "dgamma": dgamma, "dbeta": dbeta, "inference": inference}.items():
        np.testing.assert_allclose(got, arrays[name], rtol=1e-9, atol=1e-12, err_msg=name)


def test_gradients_are_the_slopes_of_finite_differences():
    x, gamma, beta, dy = operands((9, 3), "float64", seed=3)
    x = x / np.logspace(-2, 2, 3)

    def weighted(x, gamma, beta):
        return (F.batch_norm(x, gamma, beta)[0] * dy).sum()

    gradients = F.batch_norm_backward(dy, F.batch_norm(x, gamma, beta)[1])
    for which, gradient in enumerate(gradients):
        for place in np.ndindex(gradient.shape):
            step = [x.copy(), gamma.copy(), beta.copy()], [x.copy(), gamma.copy(), beta.copy()]
            step[0][which][place] += 1e-6
            step[1][which][place] -= 1e-6
            slope = (weighted(*step[0]) - weighted(*step[1])) / 2e-6
            assert slope == pytest.approx(gradient[place], rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("rows", [100, 5000])
def test_a_column_far_from_zero_keeps_its_digits_in_float32(rows):
    """Mean 1e6, standard deviation 1: E[x^2] - E[x]^2 has no correct digit, and a float32 mean is off by 0.03."""
    rng = np.random.default_rng(1)
    x = (1e6 + rng.normal(size=(rows, 40))).astype("float32")
    one, zero, dy = (
        np.ones(40, "float32"),
        np.zeros(40, "float32"),
        rng.normal(size=x.shape).astype("float32"),
    )
    y, _, variance, dx, dgamma, dbeta = all_results(x, one, zero, dy)
    expected = expected_results(x, one, zero, dy)
    assert np.abs(x.mean(axis=0, dtype="float32") ** 2 - (x**2).mean(axis=0, dtype="float32")).max() > 1e3
    np.testing.assert_allclose(y, expected[0], atol=1e-5)
    np.testing.assert_allclose(variance, expected[2], rtol=1e-5)
    np.testing.assert_allclose(dx, expected[3], atol=2e-5)
    np.testing.assert_allclose(dgamma, expected[4], rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(dbeta, expected[5], rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("dtype", DTYPES)
def test_an_outlier_in_the_first_row_costs_no_digits(dtype):
    """Values are taken relative to the first row, so its distance from the others enters the deviation."""
    x, gamma, beta, dy = operands((1000, 20), dtype)
    x[0] = 1e6
    tolerance = 1e-5 if dtype == "float32" else 1e-13
    for got, expected in zip(
        all_results(x, gamma, beta, dy)[:1], expected_results(x, gamma, beta, dy)[:1], strict=True
    ):
        np.testing.assert_allclose(got, expected, rtol=tolerance, atol=10 * tolerance)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("where", [slice(0, 1), slice(0, 8), slice(64, 72), slice(8, 64), slice(5, 11)])
def test_the_variance_is_accurate_wherever_some_rows_lie(dtype, where):
    """A block of 64 rows is summed around the mean of its first eight: at worst 8 times the rounding of a sum."""
    x = operands((150, 20), dtype)[0]
    x[where] += 1e6
    variance = F.batch_norm(x, np.ones(20, dtype), np.zeros(20, dtype))[1].variance
    np.testing.assert_allclose(variance, x.var(axis=0, dtype="longdouble"), rtol=64 * np.finfo(dtype).eps)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_variance_of_squares_that_underflow_is_not_negative(dtype):
    x = operands((64, 200), dtype)[0] * np.sqrt(np.finfo(dtype).tiny)
    assert (F.batch_norm(x, np.ones(200, dtype), np.zeros(200, dtype))[1].variance >= 0).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_constant_column_is_beta_and_passes_no_gradient_to_gamma(dtype):
    x, gamma, beta, dy = operands((70, 5), dtype)
    x[:] = np.array([0, 1e6, -3, 1e-20, 0.1], dtype)
    y, mean, variance, _, dgamma, _ = all_results(x, gamma, beta, dy)
    assert (y == beta).all()
    assert (mean == x[0]).all()
    assert not variance.any()
    assert not dgamma.any()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("threads", [1, 2, 3, 7])
def test_bits_do_not_depend_on_threads_strides_or_other_columns(dtype, threads):
    x, gamma, beta, dy = operands((300, 300), dtype)
    before = fanin.get_num_threads()
    try:
        fanin.set_num_threads(1)
        expected = all_results(x, gamma, beta, dy)
        single = all_results(x[:, 70:71].copy(), gamma[70:71], beta[70:71], dy[:, 70:71].copy())
        fanin.set_num_threads(threads)
        wide = np.zeros((600, 350), dtype)[::2, 20:320]
        wide[:] = x
        for given in (x, np.asfortranarray(x), wide, x[::-1].copy()[::-1]):
            for got, want in zip(all_results(given, gamma, beta, dy), expected, strict=True):
                assert np.array_equal(got, want)
    finally:
        fanin.set_num_threads(before)
    for got, want in zip(single, expected, strict=True):
        assert np.array_equal(got, want[..., 70:71])


@pytest.mark.parametrize("dtype", DTYPES)
def test_arrays_larger_than_the_caches_get_the_bits_of_their_columns_and_rows(dtype):
    rows, columns, some = (1 << 24) // np.dtype(dtype).itemsize // 1000, 1003, slice(5, 150)
    x, gamma, beta, dy = operands((rows, columns), dtype)
    memory = np.full((2, rows * columns + 2), 7, dtype)
    y, dx = (line[1:-1].reshape(rows, columns) for line in memory)  # they start within a vector

    _, cache = F.batch_norm(x, gamma, beta, out=y)
    F.batch_norm_backward(dy, cache, out=(dx, None, None))
    parts = all_results(x[:, some], gamma[some], beta[some], dy[:, some])
    assert np.array_equal(y[:, some], parts[0])
    assert np.array_equal(dx[:, some], parts[3])

    mean, variance = x.mean(axis=0), x.var(axis=0)
    y = F.batch_norm_inference(x, mean, variance, gamma, beta, 1e-5)
    part = F.batch_norm_inference(x[7:90], mean, variance, gamma, beta, 1e-5)
    assert np.array_equal(y[7:90], part)
    assert np.all(memory[:, [0, -1]] == 7)


@pytest.mark.parametrize("dtype", DTYPES)
def test_inference_is_the_formula_with_given_statistics(dtype):
    x, gamma, beta, _ = operands((130, 70), dtype)
    mean, variance = gamma + 1, beta**2
    expected = reference.inference(
        *(a.astype("float64") for a in (x, mean, variance, gamma, beta)), epsilon=1e-3
    )
    got = F.batch_norm_inference(x, mean, variance, gamma, beta, 1e-3)
    np.testing.assert_allclose(got, expected, rtol=1e-4 if dtype == "float32" else 1e-12, atol=1e-5)
    assert np.array_equal(F.batch_norm_inference(x[5:6], mean, variance, gamma, beta, 1e-3), got[5:6])
    assert F.batch_norm_inference(x[:0], mean, variance, gamma, beta).shape == (0, 70)


def test_results_are_written_to_given_arrays_and_nowhere_else():
    x, gamma, beta, dy = operands((20, 33), "float64")
    expected = all_results(x, gamma, beta, dy)
    memory = [np.full((22, 60), -1.0), np.full((22, 60), -1.0), np.full(40, -1.0), np.full(40, -1.0)]
    y, dx, dgamma, dbeta = memory[0][1:21, 7:40], memory[1][1:21, 7:40], memory[2][3:36], memory[3][3:36]
    got, cache = F.batch_norm(x, gamma, beta, out=y)
    assert got is y
    assert F.batch_norm_backward(dy, cache, out=(dx, dgamma, dbeta))[0] is dx
    for given, want in zip((y, dx, dgamma, dbeta), (expected[0], *expected[3:]), strict=True):
        assert np.array_equal(given, want)
        given[:] = -1
    assert F.batch_norm_inference(x, cache.mean, cache.variance, gamma, beta, out=y) is y
    np.testing.assert_allclose(y, expected[0], rtol=1e-9, atol=1e-9)
    y[:] = -1
    assert all((array == -1).all() for array in memory)


def test_inputs_of_any_type_are_converted_and_float32_stays():
    x = np.arange(12).reshape(4, 3)
    y, cache = F.batch_norm(x.tolist(), [1, 1, 1], [0, 0, 0])
    assert y.dtype == cache.mean.dtype == np.float64
    assert cache.mean.tolist() == [4.5, 5.5, 6.5]
    single = x.astype("float32")
    assert F.batch_norm(single, single[0], single[0])[0].dtype == np.float32
    assert F.batch_norm(single, np.ones(3), single[0])[0].dtype == np.float64
    assert (
        F.batch_norm_backward(np.ones((4, 3)), F.batch_norm(single, single[0], single[0])[1])[0].dtype
        == np.float64
    )


def test_nan_affects_only_its_own_column():
    x, gamma, beta, _ = operands((70, 40), "float32")
    expected = F.batch_norm(x, gamma, beta)[0]
    x[3, 7] = np.nan
    y = F.batch_norm(x, gamma, beta)[0]
    assert np.isnan(y[:, 7]).all()
    assert np.array_equal(np.delete(y, 7, axis=1), np.delete(expected, 7, axis=1))
