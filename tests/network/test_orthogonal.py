"""Orthogonal initial weights: orthonormal, all alike probable, and what they do to signals in deep linear nets."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from fanin import initializers
from helpers import digest

SHAPES = [(1, 1), (5, 1), (1, 4), (3, 2), (32, 32), (33, 31), (100, 257), (300, 90), (250, 250)]


def weights(n_in, units, gain=1.0, **options):
    layer = fanin.Dense(units, initializer=initializers.Orthogonal(gain))
    return fanin.Network(n_in, [layer], **{"dtype": "float64", **options}).get_weights()["layer1.weight"]


def normal_numbers(rows, columns):
    """Those that the rows of a layer with fewer inputs than units are made of."""
    layer = fanin.Dense(columns, initializer=initializers.LecunNormal(np.sqrt(rows)))
    return fanin.Network(rows, [layer], dtype="float64").get_weights()["layer1.weight"]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_columns_or_rows_of_orthogonal_weights_are_orthonormal(shape):
    W = weights(*shape)
    square = W.T @ W if shape[0] >= shape[1] else W @ W.T
    np.testing.assert_allclose(square, np.eye(min(shape)), atol=1e-13)
    np.testing.assert_allclose(weights(*shape, gain=0.3), 0.3 * W, rtol=1e-15)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_orthogonal_weights_are_the_q_of_normal_numbers_with_a_positive_diagonal_of_r(shape):
    n_in, units = shape
    A = normal_numbers(min(shape), max(shape)).T
    Q, R = np.linalg.qr(A)
    Q *= np.sign(np.diag(R))
    np.testing.assert_allclose(weights(*shape), Q if n_in >= units else Q.T, atol=1e-9)


def test_every_orthogonal_matrix_is_equally_likely():
    """Of Haar's distribution on O(3), the trace has mean 0 and mean square 1, and half of the determinants are 1."""
    matrices = np.stack([weights(3, 3, seed=seed) for seed in range(3000)])
    traces = np.trace(matrices, axis1=1, axis2=2)
    assert abs(traces.mean()) < 4 / np.sqrt(3000)
    assert np.mean(traces**2) == pytest.approx(1, abs=4 * np.sqrt(2 / 3000))
    assert np.mean(np.linalg.det(matrices) > 0) == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(3000))
    np.testing.assert_allclose(matrices.mean(axis=0), 0, atol=4.5 / np.sqrt(3 * 3000))


def test_a_deep_linear_net_with_orthogonal_weights_keeps_every_norm(rng):
    """And every angle; with random weights of the same deviation, singular values spread (Saxe et al. 2014)."""
    X = rng.normal(size=(20, 64))
    outputs = {}
    for initializer in ("orthogonal", "lecun_normal"):
        layers = [fanin.Dense(64, initializer=initializer)] * 100
        outputs[initializer] = fanin.Network(64, layers, dtype="float64").predict(X)
    A = outputs["orthogonal"]
    np.testing.assert_allclose(np.linalg.norm(A, axis=1), np.linalg.norm(X, axis=1), rtol=1e-12)
    np.testing.assert_allclose(A @ A.T, X @ X.T, atol=1e-10)
    cosines = np.corrcoef(outputs["lecun_normal"])
    assert np.abs(cosines).mean() > 0.8


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_orthogonal_weights_have_the_same_bits_on_any_number_of_threads(threads):
    with fanin.num_threads(threads):
        net = fanin.Network(310, [fanin.Dense(290, initializer="orthogonal")], seed=4)
    with fanin.num_threads(1):
        alone = fanin.Network(310, [fanin.Dense(290, initializer="orthogonal")], seed=4)
    assert digest(net) == digest(alone)


def test_orthogonal_layers_of_a_net_differ():
    net = fanin.Network(6, [fanin.Dense(6, initializer="orthogonal")] * 2)
    first, _, second, _ = net.get_weights().values()
    assert np.abs(first - second).max() > 0.1


def test_orthogonal_biases_are_refused():
    with pytest.raises(
        ValueError, match=r"^layers: layer 1: bias_initializer: orthogonal is for weights, but "
    ):
        fanin.Network(2, [fanin.Dense(3, bias_initializer="orthogonal")])


@pytest.mark.parametrize("shape", [(3, 3), (2, 5), (5, 2)])
def test_the_identity_has_its_gain_on_the_main_diagonal(shape, dtype):
    layer = fanin.Dense(shape[1], initializer=fanin.initializers.Identity(0.3))
    W = fanin.Network(shape[0], [layer], dtype=dtype).get_weights()["layer1.weight"]
    assert np.array_equal(W, np.eye(*shape, dtype=dtype) * np.dtype(dtype).type(0.3))


def test_the_identity_is_for_weights_alone():
    with pytest.raises(
        ValueError, match=r"^layers: layer 1: bias_initializer: identity is for weights, but "
    ):
        fanin.Network(2, [fanin.Dense(3, bias_initializer="identity")])
