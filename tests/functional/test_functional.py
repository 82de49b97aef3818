"""The kernels on the user's arrays: the same numbers as NumPy, and the same bits as a network."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from fanin import _core
from fanin import functional as F
from reference.activations import ACTIVATIONS

DTYPES = ["float32", "float64"]


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
    net.fit(x, labels, rule=fanin.optim.SGD(0.5), epochs=1, batch_size=70, batches="in_order")
    for name, weight, gradient in zip(before, (w1, b1, w2, b2), (dw1, db1, dw2, db2), strict=True):
        assert np.array_equal(net.get_weights()[name], weight + -(rate * gradient)), name


def dtype_of(name):
    return np.dtype(name).type


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
    ("out", "error", "message"),
    [
        (np.empty((4, 2), "float32"), TypeError, "out: expected an array of float64, got float32"),
        ([[0.0] * 2] * 4, TypeError, "out: expected an array of float64, got list"),
        (np.empty((2, 4)), ValueError, r"out: expected shape \(4, 2\), got \(2, 4\)"),
        (read_only((4, 2)), ValueError, "out: expected a writable array"),
        (unaligned((4, 2)), ValueError, "out: expected an aligned array"),
        (
            np.empty((4, 4))[:, ::2],
            ValueError,
            "out: expected rows that do not overlap, with adjacent columns",
        ),
        (
            np.empty((2, 4)).T,
            ValueError,
            "out: expected rows that do not overlap, with adjacent columns",
        ),
    ],
)
def test_an_out_that_cannot_be_written_is_refused(out, error, message):
    with pytest.raises(error, match=message):
        F.dense(np.ones((4, 3)), np.ones((3, 2)), out=out)


@pytest.mark.parametrize(
    ("call", "error", "message"),
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
        (lambda: F.activation([1.0], "sine"), ValueError, "name: expected one of identity"),
        (lambda: F.activation([1.0], None), TypeError, "name: expected one of identity.*, got None"),
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
def test_mistakes_get_a_clear_message(call, error, message):
    with pytest.raises(error, match=message):
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
    with pytest.raises(ValueError, match="out: expected x itself, or an array that does not overlap it"):
        F.standardize(x, out=x[::-1])


def test_many_rows_are_standardized_as_a_whole():
    x = np.random.default_rng(5).normal(3, 2, (3000, 300)).astype("float32")
    z, mean, deviation = F.standardize(x)
    expected = x.astype("float64")
    np.testing.assert_allclose(mean, expected.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(deviation, expected.std(axis=0), rtol=1e-12)
    np.testing.assert_array_equal(z, ((expected - mean) / deviation).astype("float32"))


def test_arrays_of_pytorch_are_read_in_place():
    torch = pytest.importorskip("torch")
    x, w = torch.ones(4, 3), torch.ones(3, 2)
    out = torch.zeros(4, 2)
    F.dense(x, w, out=out.numpy())
    assert torch.equal(out, torch.full((4, 2), 3.0))
    assert F.dense(x, w).dtype == np.float32


@pytest.mark.parametrize(
    ("dtype", "size"),
    [("float32", size) for size in (1e-36, 1e-25, 1e25, 1e38)]
    + [("float64", size) for size in (1e-300, 1e-200, 1e-38, 1e38, 1e200, 1e300, 5e307)],
)
def test_columns_of_any_size_are_standardized(dtype, size):
    x = np.array([[-1, 3, 1], [1, 1, 1], [-1, 2, 1], [1, 1.5, 1]] * 50, "float64")
    expected, mean, deviation = F.standardize(x)
    x[:, 1] /= 3
    scaled = (x * size).astype(dtype)
    z, centre, spread = F.standardize(scaled)
    np.testing.assert_allclose(z, expected, rtol=1e-5 if dtype == "float32" else 1e-13)
    np.testing.assert_allclose(centre / size, mean / [1, 3, 1], atol=1e-7)
    np.testing.assert_allclose(spread[:2] / size, deviation[:2] / [1, 3], rtol=1e-6)
    assert spread[2] == 1
    again, _, _ = F.standardize(scaled, centre, spread)
    assert np.array_equal(again, z)
    beside = F.standardize(np.column_stack([scaled, np.arange(200)]).astype(dtype))[0]
    assert np.array_equal(beside[:, 3], F.standardize(np.arange(200.0)[:, None].astype(dtype))[0][:, 0])


def test_standardize_refuses_an_output_that_overlaps_itself():
    x = np.random.default_rng(0).normal(size=(60, 3))
    for strides in ((0, 8), (8, 8), (8, 16)):
        out = np.lib.stride_tricks.as_strided(np.zeros(200), (60, 3), strides)
        with pytest.raises(ValueError, match="out: expected rows and columns that do not overlap"):
            F.standardize(x, out=out)
    expected = F.standardize(x)[0]
    assert np.array_equal(F.standardize(x, out=np.zeros((3, 60)).T)[0], expected)
    assert np.array_equal(F.standardize(x, out=np.zeros((60, 6))[::-1, ::2])[0], expected)


def test_standardize_of_the_smallest_numbers_is_finite():
    z, _, deviation = F.standardize(np.array([[5e-324], [0.0]] * 8))
    assert np.isfinite(z).all()
    assert (deviation > 0).all()
