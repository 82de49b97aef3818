"""Dense layers on the user's arrays: exact for integers, the same bits whatever the shape, strides and threads."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from fanin import functional as F

DTYPES = ["float32", "float64"]


def integers(rng, shape, dtype):
    return rng.integers(-3, 4, size=shape).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "shape",
    [(1, 1, 1), (3, 5, 7), (64, 33, 17), (130, 600, 65), (2, 1, 100), (300, 64, 16), (130, 520, 1100)],
)
def test_dense_and_its_gradients_of_integers_are_exact(dtype, shape):
    m, k, n = shape
    rng = np.random.default_rng(0)
    x, w, b = integers(rng, (m, k), dtype), integers(rng, (k, n), dtype), integers(rng, n, dtype)
    dz = integers(rng, (m, n), dtype)
    assert np.array_equal(F.dense(x, w, b), x @ w + b)
    assert np.array_equal(F.dense(x, w), x @ w)
    dx, dw, db = F.dense_backward(dz, x, w)
    assert np.array_equal(dx, dz @ w.T)
    assert np.array_equal(dw, x.T @ dz)
    assert np.array_equal(db, dz.sum(axis=0))
    assert {a.dtype for a in (dx, dw, db)} == {np.dtype(dtype)}


def test_inputs_of_any_strides_and_types_give_the_same_result():
    rng = np.random.default_rng(1)
    x, w = integers(rng, (20, 30), "float64"), integers(rng, (30, 40), "float64")
    expected = x @ w
    for given in (
        np.asfortranarray(x),
        np.repeat(x, 2, axis=1)[:, ::2],
        x[::-1][::-1],
        x.astype(">f8"),
        x.tolist(),
    ):
        assert np.array_equal(F.dense(given, w), expected)
    for dtype in ("int32", "uint8", "float16", "bool"):
        y = np.abs(x).astype(dtype)
        assert np.array_equal(F.dense(y, w), y.astype("float64") @ w)
    assert F.dense(x.astype("float32"), w).dtype == np.float64
    assert F.dense(x.astype("float32"), w.astype("float32")).dtype == np.float32


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_row_has_the_same_bits_whatever_its_neighbours_and_its_layout(dtype):
    """A few rows read the weights in place; more rows pack them, by rows or by columns."""
    rng = np.random.default_rng(6)
    x, w = rng.normal(size=(140, 700)).astype(dtype), rng.normal(size=(700, 300)).astype(dtype)
    b = rng.normal(size=300).astype(dtype)
    expected = F.dense(x, w, b, activation="tanh")
    spaced = np.zeros((1400, 700), dtype)[::2, 100:-300]
    spaced[:] = w
    everywhere = np.zeros((700, 600), dtype)[:, ::2]
    everywhere[:] = w
    for rows in (1, 2, 3, 4, 6, 7, 16, 17, 129, 140):
        for weights in (w, np.asfortranarray(w), w[::-1][::-1], spaced, everywhere):
            got = F.dense(x[:rows], weights, b, activation="tanh")
            assert np.array_equal(got, expected[:rows]), rows
    dx, dw, db = F.dense_backward(expected, x, w)
    again = F.dense_backward(np.asfortranarray(expected), np.asfortranarray(x), np.asfortranarray(w))
    assert all(np.array_equal(a, b) for a, b in zip((dx, dw, db), again, strict=True))


def test_gradients_are_written_to_given_arrays_and_nowhere_else():
    rng = np.random.default_rng(7)
    dz, x, w = rng.normal(size=(20, 33)), rng.normal(size=(20, 45)), rng.normal(size=(45, 33))
    memory = [np.full((22, 60), -1.0), np.full((47, 60), -1.0), np.full(40, -1.0)]
    out = [memory[0][1:21, 7:52], memory[1][1:46, 7:40], memory[2][3:36]]
    expected = F.dense_backward(dz, x, w)
    for given, result, array in zip(out, F.dense_backward(dz, x, w, out=out), expected, strict=True):
        assert result is given
        assert np.array_equal(given, array)
        given[:] = -1
    assert all((array == -1).all() for array in memory)
    dx, dw, db = F.dense_backward(dz, x, w, input_gradient=False, out=[None, None, out[2]])
    assert dx is None
    assert np.array_equal(dw, expected[1])
    assert db is out[2]


@pytest.mark.parametrize(
    ("out", "error", "message"),
    [
        ([None, None], ValueError, "out: expected three arrays, for dx, dw and db, got 2"),
        (
            [np.empty((2, 3), "float32"), None, None],
            TypeError,
            "dx: expected an array of float64, got float32",
        ),
        ([None, np.empty((2, 3)), None], ValueError, r"dw: expected shape \(3, 4\), got \(2, 3\)"),
        ([None, None, np.empty(8)[::2]], ValueError, "db: expected a C-contiguous array"),
        ([np.empty((3, 2)).T, None, None], ValueError, "dx: expected rows that do not overlap"),
    ],
)
def test_gradients_that_cannot_be_written_are_refused(out, error, message):
    with pytest.raises(error, match=message):
        F.dense_backward(np.ones((2, 4)), np.ones((2, 3)), np.ones((3, 4)), out=out)


def test_empty_batches_are_the_right_shapes():
    w = np.ones((3, 2), "float32")
    x = np.empty((0, 3), "float32")
    assert F.dense(x, w).shape == (0, 2)
    dx, dw, db = F.dense_backward(np.empty((0, 2), "float32"), x, w)
    assert dx.shape == (0, 3)
    assert not dw.any()
    assert not db.any()


@pytest.mark.parametrize("threads", [1, 2, 3, 7])
def test_results_do_not_depend_on_the_number_of_threads(threads):
    rng = np.random.default_rng(3)
    x, w = rng.normal(size=(257, 300)), rng.normal(size=(300, 129))
    before = fanin.get_num_threads()
    expected = F.dense(x, w, activation="mish"), *F.dense_backward(x @ w, x, w)
    try:
        fanin.set_num_threads(threads)
        got = F.dense(x, w, activation="mish"), *F.dense_backward(x @ w, x, w)
    finally:
        fanin.set_num_threads(before)
    assert all(np.array_equal(a, b) for a, b in zip(got, expected, strict=True))
