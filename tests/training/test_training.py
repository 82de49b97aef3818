"""Training gives the reference's weights and losses, for every rule, activation, loss, depth and batch."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import fanin
from fanin import _core
from helpers import flat, loss_for, reference_of, reference_rule, rule_named
from reference.targets import targets_for

# If larger steps saturate the soft-max, gradients are rounding errors, and so are their signs. The warm-up is shorter
# than the shortest training here: weights do not move in it.
CALM = {"rprop": {"max_step": 0.05}, "schaul_vsgd": {"warm_up": 2}}


def train_both(net, data, rule_name, epochs, batch_size, learning_rate=0.02):
    """The reference twin after the same training, its losses, and the history of `net`."""
    rule = rule_named(rule_name, learning_rate=learning_rate, **CALM.get(rule_name, {}))
    twin = reference_of(net)
    losses = twin.train(data.X, data.y, reference_rule(rule_name, rule), epochs, batch_size)
    history = net.fit(data.X, data.y, rule=rule, epochs=epochs, batch_size=batch_size, batches="in_order")
    return twin, losses, history


def assert_equal_training(net, data, rule_name, epochs, batch_size):
    before = flat(net.get_weights())
    twin, losses, history = train_both(net, data, rule_name, epochs, batch_size)
    np.testing.assert_allclose(flat(net.get_weights()), flat(twin), rtol=0, atol=1e-11)
    np.testing.assert_allclose(history.loss, losses, rtol=1e-11)
    assert not np.array_equal(flat(twin), before)


def test_float64_training_equals_the_textbook(every_rule, every_activation, every_loss, data_for):
    layers = [fanin.Dense(8, every_activation), fanin.Dense(6, every_activation), fanin.Dense(3)]
    net = fanin.Network(5, layers, loss=loss_for(every_loss, 3), dtype="float64", seed=4)
    assert_equal_training(net, data_for(every_loss), every_rule, epochs=5, batch_size=16)


def test_output_units_of_a_regression_may_have_any_activation(every_activation, regression):
    net = fanin.Network(5, [fanin.Dense(7, "tanh"), fanin.Dense(3, every_activation)], dtype="float64")
    assert_equal_training(net, regression, "sgd", epochs=5, batch_size=16)


@pytest.mark.parametrize("batch_size", [1, 2, 7, 16, 52, 53, 54, 1000])
def test_any_batch_size_trains_on_every_row_of_every_epoch(batch_size, every_rule, classification):
    layers = [fanin.Dense(9, "relu"), fanin.Dense(3)]
    net = fanin.Network(5, layers, loss="softmax_cross_entropy", dtype="float64", seed=1)
    assert_equal_training(net, classification, every_rule, epochs=4, batch_size=batch_size)


@pytest.mark.parametrize("hidden", [(), (1,), (17,), (33, 64), (16, 31, 32), (5, 4, 5, 4, 5, 4, 5)], ids=str)
def test_nets_of_any_depth_and_width_train(hidden, every_loss, data_for):
    layers = [*(fanin.Dense(units, "tanh") for units in hidden), fanin.Dense(3)]
    net = fanin.Network(5, layers, loss=loss_for(every_loss, 3), dtype="float64", seed=6)
    assert_equal_training(net, data_for(every_loss), "momentum", epochs=4, batch_size=20)


@pytest.mark.parametrize("rows", [63, 64, 65, 129])
@pytest.mark.parametrize("n_inputs", [255, 257, 513])
def test_boundaries_of_row_blocks_and_depth_chunks_have_no_effect(rows, n_inputs, rng):
    X, y = rng.normal(size=(rows, n_inputs)), rng.normal(size=(rows, 2))
    net = fanin.Network(n_inputs, [fanin.Dense(19, "relu"), fanin.Dense(2)], dtype="float64")
    twin = reference_of(net)
    rule = rule_named("sgd", learning_rate=0.01)
    twin.train(X, y, reference_rule("sgd", rule), 3, rows)
    net.fit(X, y, rule=rule, epochs=3, batch_size=rows, batches="in_order")
    np.testing.assert_allclose(flat(net.get_weights()), flat(twin), rtol=0, atol=1e-11)


def test_ten_thousand_features_into_one_unit_train(rng):
    X, y = rng.normal(size=(20, 10_000)), rng.normal(size=20)
    net = fanin.Network(10_000, [fanin.Dense(1)], dtype="float64")
    twin = reference_of(net)
    rule = rule_named("sgd", learning_rate=1e-4)
    twin.train(X, y[:, None], reference_rule("sgd", rule), 3, 6)
    net.fit(X, y, rule=rule, epochs=3, batch_size=6, batches="in_order")
    np.testing.assert_allclose(flat(net.get_weights()), flat(twin), rtol=0, atol=1e-11)


def test_one_sample_trains(every_loss, data_for):
    X, y = data_for(every_loss)
    net = fanin.Network(
        5, [fanin.Dense(4, "tanh"), fanin.Dense(3)], loss=loss_for(every_loss, 3), dtype="float64"
    )
    twin = reference_of(net)
    rule = rule_named("sgd", learning_rate=0.1)
    twin.train(X[:1], y[:1], reference_rule("sgd", rule), 5, 1)
    net.fit(X[:1], y[:1], rule=rule, epochs=5, batches="in_order")
    np.testing.assert_allclose(flat(net.get_weights()), flat(twin), rtol=0, atol=1e-11)


def test_float32_training_deviates_no_further_than_float32_numpy(
    every_rule, every_activation, every_loss, data_for
):
    """The bound is measured: the same formulas in float32 NumPy, inputs reordered to sample rounding."""
    X, y = data_for(every_loss)
    X = X.astype("float32").astype("float64")
    y = y if y.dtype.kind == "i" else y.astype("float32").astype("float64")
    layers = [fanin.Dense(8, every_activation), fanin.Dense(6, every_activation), fanin.Dense(3)]
    net = fanin.Network(5, layers, loss=loss_for(every_loss, 3), dtype="float32", seed=4)
    rule = rule_named(every_rule, learning_rate=0.02)
    textbook_rule = reference_rule(every_rule, rule)

    exact, strays = reference_of(net), []
    start = reference_of(net, "float32")
    exact.train(X, y, textbook_rule, 5, 16)
    y32 = y if y.dtype.kind == "i" else y.astype("float32")
    for order in (np.arange(5), np.arange(5)[::-1], np.array([2, 4, 0, 1, 3])):
        rounded = reference_of(net, "float32")
        rounded.weights[0] = start.weights[0][order]
        rounded.train(X[:, order].astype("float32"), y32, textbook_rule, 5, 16)
        rounded.weights[0] = rounded.weights[0][np.argsort(order)]
        assert flat(rounded).dtype == np.float32
        strays.append(np.linalg.norm(flat(rounded) - flat(exact)))

    net.fit(X, y, rule=rule, epochs=5, batch_size=16, batches="in_order")
    half_an_ulp = np.linalg.norm(flat(exact)) * np.finfo("float32").eps / 2
    assert np.linalg.norm(flat(net.get_weights()) - flat(exact)) <= 4 * max(strays) + half_an_ulp


@pytest.mark.parametrize("rows", [1, 2, 64, 128])
def test_integer_valued_training_is_exact(rows, dtype):
    """Small integers, 2^k rows and a rate of 1/8 leave nothing to round, so all must agree exactly."""
    rng = np.random.default_rng(7)
    rule = rule_named("sgd", learning_rate=0.125)
    for n_inputs, hidden, outputs in itertools.product((1, 31, 33, 70), (1, 16, 17, 33, 65), (1, 2, 17)):
        X, y = rng.integers(-1, 2, size=(rows, n_inputs)), rng.integers(-3, 4, size=(rows, outputs))
        net = fanin.Network(n_inputs, [fanin.Dense(hidden, "relu"), fanin.Dense(outputs)], dtype=dtype)
        net.set_weights({name: rng.integers(-1, 2, size=w.shape) for name, w in net.get_weights().items()})
        twin = reference_of(net)
        twin.train(X.astype("float64"), y.astype("float64"), reference_rule("sgd", rule), 1, rows)
        net.fit(X, y, rule=rule, epochs=1, batch_size=rows, batches="in_order")
        np.testing.assert_array_equal(flat(net.get_weights()), flat(twin), str((n_inputs, hidden, outputs)))


@pytest.mark.filterwarnings("ignore:rule:fanin.optim.BatchSizeWarning")
@pytest.mark.parametrize("seed", range(28))
def test_random_nets_on_random_data_train_as_the_reference_does(seed):
    rng = np.random.default_rng(seed)
    activations, losses, rules = _core.activations(), list(_core.losses()), list(_core.rules())
    layers = [
        fanin.Dense(int(rng.integers(1, 90)), str(rng.choice(activations))) for _ in range(rng.integers(0, 4))
    ]
    n_inputs, outputs, rows = (int(n) for n in rng.integers(1, [90, 40, 200]))
    loss = losses[seed % len(losses)]
    outputs = min(outputs, 32)  # as many levels as a quantile loss has
    X, y = rng.normal(size=(rows, n_inputs)), targets_for(loss, rng, rows, outputs)
    layers.append(fanin.Dense(outputs))
    net = fanin.Network(n_inputs, layers, loss=loss_for(loss, outputs), dtype="float64", seed=seed)
    twin = reference_of(net)
    name, batch_size = str(rng.choice(rules)), int(rng.integers(1, 150))
    rule = rule_named(name, learning_rate=1e-3)
    twin.train(X, y, reference_rule(name, rule), 2, batch_size)
    net.fit(X, y, rule=rule, epochs=2, batch_size=batch_size, batches="in_order")
    np.testing.assert_allclose(flat(net.get_weights()), flat(twin), rtol=0, atol=1e-11, err_msg=repr(net))
