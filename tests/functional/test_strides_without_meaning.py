"""Strides of axes of length 0 and 1 have no meaning, in inputs and in outputs."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from fanin import _core, optim
from fanin import functional as F

DTYPES = ["float32", "float64"]
STRIDES = [0, -4, 3, 8, -(2**40), 2**62]  # in bytes


def restrided(array, stride):
    """The same values; each axis of length 0 or 1 has this stride."""
    strides = [stride if n <= 1 else s for n, s in zip(array.shape, array.strides, strict=True)]
    return np.lib.stride_tricks.as_strided(array, array.shape, strides)


def results(returned):
    return returned if isinstance(returned, tuple) else (returned,)


def calls(dtype, m, k, n):
    """(call with inputs and outputs, inputs, outputs) for each function, with x (m, k) and w (k, n)."""
    rng = np.random.default_rng(3)

    def random(*shape):
        return rng.uniform(0.5, 1.5, shape).astype(dtype)

    x, w, b, dz, labels = random(m, k), random(k, n), random(n), random(m, n), rng.integers(0, max(n, 1), m)
    weights = random(m).astype("float64")
    for activation in ("identity", "tanh"):
        yield (
            lambda i, out, f=activation: F.dense(*i, activation=f, out=out[0]),
            [x, w, b],
            [(m, n)],
        )
    yield lambda i, out: F.dense_backward(*i, out=out), [dz, x, w], [(m, k), (k, n), (n,)]
    for name in _core.activations():
        yield lambda i, out, f=name: F.activation(i[0], f, out=out[0]), [dz], [(m, n)]
        yield lambda i, out, f=name: F.activation_backward(*i, f, out=out[0]), [dz, dz + 1], [(m, n)]
    soft_max = "softmax_cross_entropy" if n > 1 else "squared_error"  # soft-max needs two outputs
    if m > 0 and n > 0:
        for name, y in (("squared_error", dz / 2), ("logistic", dz / 2), (soft_max, labels if n > 1 else dz)):
            yield (
                lambda i, out, f=name: F.loss_gradient(i[0], i[1], f, sample_weight=i[2], out=out[0]),
                [dz, y, weights],
                [(m, n)],
            )
            yield lambda i, _, f=name: F.loss(i[0], i[1], f, sample_weight=i[2]), [dz, y, weights], []
    yield lambda i, out: F.loss_outputs(*i, soft_max, out=out[0]), [dz], [(m, n)]
    yield (
        lambda i, out: F.batch_norm_inference(*i, out=out[0]),
        [dz, b, b, b, b],
        [(m, n)],
    )
    if m >= 2:
        yield lambda i, out: F.batch_norm(*i, out=out[0])[0], [dz, b, b], [(m, n)]
        cache = F.batch_norm(dz, b, b)[1]
        yield (
            lambda i, out: F.batch_norm_backward(i[0], cache._replace(x=i[1], gamma=i[2]), out=out),
            [dz + 1, dz, b],
            [(m, n), (n,), (n,)],
        )
    yield lambda i, out: F.standardize(*i, out=out[0])[0], [dz, b, b], [(m, n)]
    if k > 0 and n > 0:
        net = fanin.Network(k, [fanin.Dense(n, "tanh")], dtype=dtype, seed=1)
        yield lambda i, out: net.predict(*i, out=out[0]), [x], [(m, n)]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("stride", STRIDES)
@pytest.mark.parametrize(
    ("m", "k", "n"),
    [
        *[
            (1, 1, 100),
            (1, 32, 100),
            (1, 129, 31),
            (1, 64, 32),
            (1, 3, 1),
            (70, 1, 1),
            (3, 40, 1),
            (70, 1, 9),
        ],
        *[(0, 3, 2), (2, 0, 3), (2, 3, 0), (0, 0, 0)],
    ],
)
def test_every_function_accepts_any_stride_without_meaning(dtype, stride, m, k, n):
    for function, inputs, shapes in calls(dtype, m, k, n):
        given = [restrided(array, stride) for array in inputs]
        outs = [restrided(np.full(shape, np.nan, dtype), stride) for shape in shapes]
        expected = results(function(inputs, [None] * len(shapes)))
        for got in (function(given, [None] * len(shapes)), function(given, outs)):
            for one, wanted in zip(results(got), expected, strict=True):
                assert np.array_equal(one, wanted)
        assert all(one is out for one, out in zip(results(got), outs, strict=False))


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_row_of_a_buffer_a_turned_column_and_a_single_row_backwards_are_outputs(dtype):
    x, w = np.ones((1, 3), dtype), np.arange(300, dtype=dtype).reshape(3, 100)
    expected = F.dense(x, w, activation="tanh")
    buffer, column, row = np.zeros(100, dtype), np.zeros((100, 1), dtype), np.zeros((1, 100), dtype)
    F.dense(x, w, activation="tanh", out=buffer[None, :])
    F.dense(x, w, activation="tanh", out=column.T)
    F.dense(x, w, activation="tanh", out=row[::-1])
    for got in (buffer, column.ravel(), row[0]):
        assert np.array_equal(got, expected[0])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("stride", STRIDES)
def test_a_network_learns_the_same_from_any_strides(dtype, stride):
    x = np.linspace(-1, 1, 6, dtype=dtype)
    for X, y, weight in ((x[:, None], x[:, None] ** 2, x + 2), (x[None, :], x[None, :3], x[:1] + 2)):
        twins = [fanin.Network(X.shape[1], [fanin.Dense(y.shape[1])], dtype=dtype, seed=2) for _ in range(2)]
        results = []
        for net, arrays in zip(
            twins, ((X, y, weight), [restrided(a, stride) for a in (X, y, weight)]), strict=True
        ):
            options = {"sample_weight": arrays[2]}
            history = net.fit(*arrays[:2], rule=optim.Adam(), epochs=2, **options)
            loss, gradient = net.objective(*arrays[:2], **options).loss_and_gradient(
                np.ones(net.n_parameters, dtype)
            )
            results.append((history.loss, net.evaluate(*arrays[:2], **options), loss, gradient.tolist()))
        assert results[0] == results[1]


@pytest.mark.parametrize("stride", STRIDES)
def test_an_optimizer_takes_arrays_and_gradients_of_any_strides(stride):
    for shape in ((1, 9), (9, 1), (1,), (0, 3)):
        w = np.linspace(1, 2, int(np.prod(shape))).reshape(shape)
        twins = w.copy(), restrided(w.copy(), stride)
        for array, gradient in ((twins[0], w), (twins[1], restrided(w, stride))):
            optim.Optimizer(optim.Adam(0.1), [array]).step([gradient])
        assert np.array_equal(*twins)
