"""The kernels on people's own arrays: the same numbers as NumPy, and the same bits as a network."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from fanin import _core
from fanin import functional as F
from reference.activations import ACTIVATIONS

DTYPES = ["float32", "float64"]


def integers(rng, shape, dtype):
    return rng.integers(-3, 4, size=shape).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "shape", [(1, 1, 1), (3, 5, 7), (64, 33, 17), (130, 600, 65), (2, 1, 100), (300, 64, 16)]
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
def test_a_row_has_the_same_bits_whatever_rows_are_beside_it_and_however_it_lies(dtype):
    """Few rows read the weights where they lie, more rows pack them, by rows or by columns."""
    rng = np.random.default_rng(6)
    x, w = rng.normal(size=(40, 700)).astype(dtype), rng.normal(size=(700, 300)).astype(dtype)
    b = rng.normal(size=300).astype(dtype)
    expected = F.dense(x, w, b, activation="tanh")
    spaced = np.zeros((1400, 700), dtype)[::2, 100:-300]
    spaced[:] = w
    everywhere = np.zeros((700, 600), dtype)[:, ::2]
    everywhere[:] = w
    for rows in (1, 2, 3, 4, 6, 7, 16, 17, 40):
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
    ("out", "error", "sentence"),
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
def test_gradients_that_cannot_be_written_are_refused(out, error, sentence):
    with pytest.raises(error, match=sentence):
        F.dense_backward(np.ones((2, 4)), np.ones((2, 3)), np.ones((3, 4)), out=out)


def test_gradients_must_not_overlap_each_other_or_an_input():
    memory, x, w = np.empty((4, 4)), np.ones((4, 4)), np.ones((4, 4))
    with pytest.raises(ValueError, match="out: expected arrays that do not overlap each other"):
        F.dense_backward(np.ones((4, 4)), x, w, out=[memory, memory, None])
    with pytest.raises(ValueError, match="dw: expected an array that does not overlap an input"):
        F.dense_backward(np.ones((4, 4)), x, w, out=[None, x, None])


def test_empty_batches_are_the_right_shapes():
    w = np.ones((3, 2), "float32")
    x = np.empty((0, 3), "float32")
    assert F.dense(x, w).shape == (0, 2)
    dx, dw, db = F.dense_backward(np.empty((0, 2), "float32"), x, w)
    assert dx.shape == (0, 3)
    assert not dw.any()
    assert not db.any()


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_step_by_hand_has_the_bits_of_the_network(dtype):
    rng = np.random.default_rng(2)
    x = rng.normal(size=(70, 45)).astype(dtype)
    labels = rng.integers(0, 5, 70)
    net = fanin.Network(45, [fanin.Dense(40, "tanh"), fanin.Dense(5)], "softmax_cross_entropy", dtype=dtype)
    before = net.get_weights()
    w1, b1, w2, b2 = before.values()

    z1 = F.dense(x, w1, b1)
    a1 = F.activation(z1, "tanh")
    assert np.array_equal(a1, F.dense(x, w1, b1, activation="tanh"))
    a2 = F.dense(a1, w2, b2)
    assert np.array_equal(F.loss_outputs(a2, "softmax_cross_entropy"), net.predict(x))
    dz2 = F.loss_gradient(a2, labels, "softmax_cross_entropy")
    da1, dw2, db2 = F.dense_backward(dz2, a1, w2)
    _, dw1, db1 = F.dense_backward(F.activation_backward(da1, z1, "tanh"), x, w1)

    rate = dtype_of(dtype)(0.5)
    net.fit(x, labels, rule=fanin.optim.SGD(0.5), epochs=1, batch_size=70, shuffle=False)
    for name, weight, gradient in zip(before, (w1, b1, w2, b2), (dw1, db1, dw2, db2), strict=True):
        assert np.array_equal(net.get_weights()[name], weight + -(rate * gradient)), name


def dtype_of(name):
    return np.dtype(name).type


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


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", _core.activations())
def test_every_activation_at_every_size_is_its_formula(name, dtype):
    formula = ACTIVATIONS[name]
    tolerance = {"float32": 3e-6, "float64": 1e-14}[dtype]
    for n in [*range(36), 5000]:
        z = np.linspace(-6, 6, n).astype(dtype)
        da = np.linspace(1, 2, n).astype(dtype)
        wide = z.astype("float64")
        np.testing.assert_allclose(F.activation(z, name), formula.value(wide), rtol=tolerance, atol=tolerance)
        np.testing.assert_allclose(
            F.activation_backward(da, z, name), da * formula.derivative(wide), rtol=tolerance, atol=tolerance
        )


def test_out_is_written_in_place_and_returned():
    x, w = np.ones((4, 3), "float32"), np.ones((3, 2), "float32")
    out = np.full((4, 5), -1, "float32")[:, 1:3]
    base = out.base
    assert F.dense(x, w, out=out) is out
    assert np.array_equal(out, np.full((4, 2), 3))
    assert (base[:, [0, 3, 4]] == -1).all()
    z = np.array([-1.0, 2.0])
    assert F.activation(z, "relu", out=z) is z
    assert z.tolist() == [0, 2]


def read_only(shape):
    array = np.empty(shape)
    array.setflags(write=False)
    return array


def unaligned(shape):
    n = int(np.prod(shape))
    return np.frombuffer(bytearray(8 * n + 1), np.uint8)[1:].view(np.float64).reshape(shape)


@pytest.mark.parametrize(
    ("out", "error", "sentence"),
    [
        (np.empty((4, 2), "float32"), TypeError, "out: expected an array of float64, got float32"),
        ([[0.0] * 2] * 4, TypeError, "out: expected an array of float64, got list"),
        (np.empty((2, 4)), ValueError, r"out: expected shape \(4, 2\), got \(2, 4\)"),
        (read_only((4, 2)), ValueError, "out: expected a writable array"),
        (unaligned((4, 2)), ValueError, "out: expected an aligned array"),
        (
            np.empty((4, 4))[:, ::2],
            ValueError,
            "out: expected rows that do not overlap, with columns next to each",
        ),
        (
            np.empty((2, 4)).T,
            ValueError,
            "out: expected rows that do not overlap, with columns next to each other",
        ),
    ],
)
def test_an_out_that_cannot_be_written_is_refused(out, error, sentence):
    with pytest.raises(error, match=sentence):
        F.dense(np.ones((4, 3)), np.ones((3, 2)), out=out)


def test_an_out_that_overlaps_an_input_is_refused():
    x = np.ones((3, 3))
    with pytest.raises(ValueError, match="out: expected an array that does not overlap an input"):
        F.dense(x, np.ones((3, 3)), out=x)


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (
            lambda: F.dense(np.ones((4, 3)), np.ones((2, 2))),
            ValueError,
            r"w: expected shape \(3, 2\), got \(2, 2\)",
        ),
        (
            lambda: F.dense(np.ones(3), np.ones((3, 2))),
            ValueError,
            r"x: expected two dimensions, got shape \(3,\)",
        ),
        (
            lambda: F.dense(np.ones((1, 3)), np.ones((3, 2)), [1.0]),
            ValueError,
            "b: expected 2 elements, got 1",
        ),
        (lambda: F.dense(np.ones((1, 3)), np.ones((3, 2)), []), ValueError, "b: expected 2 elements, got 0"),
        (lambda: F.dense([["a"]], [[1.0]]), TypeError, "x: expected real numbers, got dtype <U1"),
        (lambda: F.dense([[1j]], [[1.0]]), TypeError, "x: expected real numbers, got dtype complex128"),
        (
            lambda: F.dense([[1.0]], [[1.0]], activation="rule"),
            ValueError,
            "activation: expected one of identity",
        ),
        (lambda: F.activation([1.0], "sine"), ValueError, "activation: expected one of identity"),
        (
            lambda: F.activation_backward([1.0], [1.0, 2.0], "relu"),
            ValueError,
            r"da: expected shape \(2,\) like z",
        ),
        (lambda: F.dense_backward([[1.0]], [[1.0, 2.0]], [[1.0]]), ValueError, r"w: expected shape \(2, 1\)"),
        (lambda: F.loss([[1.0]], [1.0], "square"), ValueError, "loss: expected one of squared_error"),
        (
            lambda: F.loss([[1.0]], [1.0, 2.0], "squared_error"),
            ValueError,
            "y: expected 1 rows to match X, got 2",
        ),
        (lambda: F.standardize([[1.0]], mean=[0.0]), ValueError, "expected both mean and deviation"),
        (lambda: F.standardize([[1.0]], [0.0], [0.0]), ValueError, "deviation: expected numbers above 0"),
    ],
)
def test_mistakes_get_a_sentence(call, error, sentence):
    with pytest.raises(error, match=sentence):
        call()


def test_standardized_columns_have_mean_zero_and_variance_one_far_from_zero():
    rng = np.random.default_rng(4)
    x = rng.normal([0, 1e6, -1e6], size=(1000, 3)).astype("float32")
    z, mean, deviation = F.standardize(x)
    assert z.dtype == np.float32
    assert np.abs(z.mean(axis=0, dtype="float64")).max() < 1e-5
    assert np.abs(z.var(axis=0, dtype="float64") - 1).max() < 1e-5
    again, _, _ = F.standardize(x[:10], mean, deviation)
    assert np.array_equal(again, z[:10])


def test_a_constant_column_is_standardized_to_zeros_exactly():
    x = np.full((1000, 2), 0.1)
    x[:, 1] = np.arange(1000)
    z, mean, deviation = F.standardize(x)
    assert not z[:, 0].any()
    assert mean[0] == 0.1
    assert deviation[0] == 1


def test_standardize_writes_to_out_which_may_be_x():
    x = np.array([[1.0], [3.0]])
    assert F.standardize(x, out=x)[0] is x
    assert x.ravel().tolist() == [-1, 1]
    with pytest.raises(TypeError, match="out: expected an array of float64, got float32"):
        F.standardize([[1.0]], out=np.empty((1, 1), "float32"))
    with pytest.raises(ValueError, match=r"out: expected a writable array of shape \(1, 1\), got \(2, 1\)"):
        F.standardize([[1.0]], out=np.empty((2, 1)))


def test_arrays_of_pytorch_are_looked_at_in_place():
    torch = pytest.importorskip("torch")
    x, w = torch.ones(4, 3), torch.ones(3, 2)
    out = torch.zeros(4, 2)
    F.dense(x, w, out=out.numpy())
    assert torch.equal(out, torch.full((4, 2), 3.0))
    assert F.dense(x, w).dtype == np.float32
