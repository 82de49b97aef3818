"""predict and evaluate agree with the reference, stay finite at extreme logits, and write only to their output."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from helpers import linear_neuron, loss_for, reference_of


def test_predictions_are_those_of_the_reference(every_activation, every_loss, data_for, dtype):
    X, _ = data_for(every_loss)
    layers = [fanin.Dense(40, every_activation), fanin.Dense(3)]
    net = fanin.Network(5, layers, loss=loss_for(every_loss, 3), dtype=dtype)
    predicted = net.predict(X)
    assert predicted.dtype == dtype
    assert predicted.shape == (53, 3)
    # float32: sums of 40 products of order 1, each rounded: 40 x 2^-24 and a few ulp of the activation.
    bound = 1e-13 if dtype == "float64" else 1e-5
    np.testing.assert_allclose(predicted, reference_of(net).predict(X), rtol=bound, atol=bound)


def test_evaluate_gives_the_loss_and_accuracy_of_the_reference(classification, dtype):
    X, labels = classification
    net = fanin.Network(
        5, [fanin.Dense(8, "tanh"), fanin.Dense(3)], loss="softmax_cross_entropy", dtype=dtype
    )
    twin, result = reference_of(net), net.evaluate(X, labels)
    assert result["loss"] == pytest.approx(twin.loss_of(X, labels), rel=1e-12 if dtype == "float64" else 1e-5)
    assert result["accuracy"] == pytest.approx(np.mean(twin.predict(X).argmax(axis=1) == labels), abs=1e-15)
    assert all(type(value) is float for value in result.values())
    assert list(result) == ["loss", "accuracy"]


def test_evaluate_gives_the_loss_and_rmse_of_the_reference(regression, dtype):
    X, y = regression
    net = fanin.Network(5, [fanin.Dense(8, "tanh"), fanin.Dense(3)], dtype=dtype)
    twin, result = reference_of(net), net.evaluate(X, y)
    rel = 1e-12 if dtype == "float64" else 1e-5
    assert result["loss"] == pytest.approx(twin.loss_of(X, y), rel=rel)
    assert result["rmse"] == pytest.approx(np.sqrt(np.mean((twin.predict(X) - y) ** 2)), rel=rel)
    assert list(result) == ["loss", "rmse"]


def test_probabilities_sum_to_one(classification, dtype):
    net = fanin.Network(5, [fanin.Dense(50)], loss="softmax_cross_entropy", dtype=dtype)
    p = net.predict(100 * classification.X)
    assert (p >= 0).all()
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=50 * np.finfo(dtype).eps)


@pytest.mark.parametrize("size", [1e2, 1e3, 1e4])
def test_softmax_and_its_loss_are_safe_at_extreme_logits(size, dtype):
    net = fanin.Network(3, [fanin.Dense(3)], loss="softmax_cross_entropy", dtype=dtype)
    net.set_weights({"layer1.weight": size * np.eye(3), "layer1.bias": np.zeros(3)})
    X = np.array([[1.0, -1, 0], [-1, -1, -1], [1, 1, 1], [0, 1, 1]])
    p = net.predict(X)
    np.testing.assert_allclose(p, [[1, 0, 0], [1 / 3] * 3, [1 / 3] * 3, [0, 0.5, 0.5]], atol=1e-6)
    losses = [0, 2 * size, np.log(3), np.log(2)]  # surely right, surely wrong, one guess of three, one of two
    found = [net.evaluate(X[[row]], [label])["loss"] for row, label in ((0, 0), (0, 1), (1, 2), (3, 1))]
    np.testing.assert_allclose(found, losses, rtol=1e-6, atol=1e-6)
    history = net.fit(X, [1, 0, 2, 1], rule=fanin.optim.SGD(0.1), epochs=2, batches="in_order")
    assert np.isfinite(history.loss).all()
    assert np.isfinite(net.get_weights()["layer1.weight"]).all()


def test_twice_the_logistic_less_one_is_tanh_of_half_of_z(dtype):
    z = np.linspace(-6, 6, 101)[:, None]
    nets = {name: fanin.Network(1, [fanin.Dense(1, name)], dtype=dtype) for name in ("logistic", "tanh")}
    nets["logistic"].set_weights({"layer1.weight": [[1.0]], "layer1.bias": [0.0]})
    nets["tanh"].set_weights({"layer1.weight": [[0.5]], "layer1.bias": [0.0]})
    twice = 2 * nets["logistic"].predict(z) - 1
    np.testing.assert_allclose(twice, nets["tanh"].predict(z), atol=8 * np.finfo(dtype).eps)


def test_hidden_activations_of_tanh_average_about_zero_and_of_logistic_not(rng):
    X, means = rng.normal(size=(1000, 30)), {}
    for name in ("tanh", "logistic"):
        means[name] = fanin.Network(30, [fanin.Dense(50, name)], dtype="float64").predict(X).mean()
    assert abs(means["tanh"]) < 0.02
    assert abs(means["logistic"] - 0.5) < 0.02


def test_predict_of_no_rows_has_no_rows(every_loss, dtype):
    layers = [fanin.Dense(4, "relu"), fanin.Dense(3)]
    net = fanin.Network(5, layers, loss=loss_for(every_loss, 3), dtype=dtype)
    empty = net.predict(np.empty((0, 5)))
    assert empty.shape == (0, 3)
    assert empty.dtype == dtype


def test_predict_writes_into_out_and_returns_it(classification, dtype):
    net = fanin.Network(
        5, [fanin.Dense(4, "relu"), fanin.Dense(3)], loss="softmax_cross_entropy", dtype=dtype
    )
    out = np.full((53, 3), np.nan, dtype=dtype)
    assert net.predict(classification.X, out=out) is out
    assert np.array_equal(out, net.predict(classification.X))


def test_predict_writes_nothing_around_out(classification, dtype):
    net = fanin.Network(5, [fanin.Dense(3)], dtype=dtype)
    canaries = np.full((55, 3), -7.0, dtype=dtype)
    net.predict(classification.X, out=canaries[1:-1])
    assert (canaries[[0, -1]] == -7).all()
    assert np.array_equal(canaries[1:-1], net.predict(classification.X))


@pytest.mark.parametrize("classes", [2, 3, 8, 9, 16, 17, 40])
def test_a_row_is_predicted_the_same_whatever_the_other_rows(classes, dtype, rng):
    net = fanin.Network(
        30, [fanin.Dense(70, "tanh"), fanin.Dense(classes)], "softmax_cross_entropy", dtype=dtype
    )
    X = rng.normal(size=(300, 30))
    each = np.concatenate([net.predict(row) for row in X[:, np.newaxis]])
    for threads in (1, 2, 3):
        with fanin.num_threads(threads):
            for rows in (2, 3, 31, 33, 64, 100, 300):
                assert np.array_equal(net.predict(X[:rows]), each[:rows])


@pytest.mark.parametrize("rows", range(1, 20))
def test_any_number_of_rows_and_units_predicts(rows, dtype, rng):
    X = rng.normal(size=(rows, 3))
    for units in range(1, 67, 5):
        net = fanin.Network(3, [fanin.Dense(units)], dtype=dtype)
        bound = 1e-14 if dtype == "float64" else 1e-5
        np.testing.assert_allclose(net.predict(X), reference_of(net).predict(X), atol=bound)


def test_the_repr_of_a_network_describes_it():
    layers = (fanin.Dense(8, "relu"), fanin.Dense(3))
    net = fanin.Network(5, list(layers), loss="softmax_cross_entropy", seed=3, dtype="float64")
    assert (net.n_inputs, net.n_outputs, net.n_parameters) == (5, 3, 5 * 8 + 8 + 8 * 3 + 3)
    assert net.layers == layers
    assert net.loss == "softmax_cross_entropy"
    assert net.dtype == np.dtype("float64")
    assert net.seed == 3
    for word in ("5", "8", "relu", "3", "softmax_cross_entropy"):
        assert word in repr(net)


def test_weights_are_copied_out_and_in(dtype):
    net = fanin.Network(5, [fanin.Dense(4, "relu"), fanin.Dense(3)], dtype=dtype)
    weights = net.get_weights()
    shapes = {name: w.shape for name, w in weights.items()}
    assert shapes == {
        "layer1.weight": (5, 4),
        "layer1.bias": (4,),
        "layer2.weight": (4, 3),
        "layer2.bias": (3,),
    }
    assert all(w.dtype == dtype for w in weights.values())
    weights["layer1.weight"][:] = 9
    assert not (net.get_weights()["layer1.weight"] == 9).any()
    net.set_weights(weights)
    weights["layer1.weight"][:] = 10
    assert (net.get_weights()["layer1.weight"] == 9).all()


@pytest.mark.parametrize("view", [np.asfortranarray, lambda w: w.astype(">f8"), np.ndarray.tolist], ids=str)
def test_weights_of_any_layout_are_accepted(view):
    w = np.arange(3.0)
    net = linear_neuron([0.0, 0, 0])
    net.set_weights({"layer1.weight": view(w[:, None]), "layer1.bias": view(np.array([5.0]))})
    np.testing.assert_array_equal(net.get_weights()["layer1.weight"][:, 0], w)
    assert net.get_weights()["layer1.bias"] == 5
