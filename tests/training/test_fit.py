"""What fit promises beyond its arithmetic: order, history, continuation, and unchanged data."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from fanin import _core, optim
from helpers import digest, flat, loss_for, reference_of, rule_named


def classifier(**options):
    layers = [fanin.Dense(8, "tanh"), fanin.Dense(3)]
    return fanin.Network(5, layers, loss="softmax_cross_entropy", **options)


def test_shuffling_visits_every_row_exactly_once_per_epoch():
    """With one-hot rows a visit moves one weight, by about rate x target: weights count visits."""
    n = 200
    net = fanin.Network(n, [fanin.Dense(1, initializer="zeros")], dtype="float64")
    for epoch in (1, 2, 3):
        net.fit(np.eye(n), np.full(n, 1000.0), rule=optim.SGD(1e-6), epochs=1, batch_size=1)
        visits = net.get_weights()["layer1.weight"][:, 0] / 1e-3
        np.testing.assert_allclose(visits, epoch, rtol=0.01)


def orders(batches, epochs, **options):
    """The order of the rows in several epochs, inferred from the growing bias."""
    n, found = 50, []
    net = fanin.Network(n, [fanin.Dense(1, initializer="zeros")], dtype="float64", **options)
    before = np.zeros(n)
    for _ in range(epochs):
        net.fit(np.eye(n), np.full(n, 1.0), rule=optim.SGD(1e-3), epochs=1, batch_size=1, batches=batches)
        weights = net.get_weights()["layer1.weight"][:, 0]
        found.append(tuple(np.argsort(before - weights)))  # earlier rows saw a larger error and moved further
        before = weights
    return found


def test_every_epoch_is_shuffled_afresh_and_the_seed_determines_the_order():
    found = orders("shuffled", 3, seed=1)
    assert all(sorted(order) == list(range(50)) for order in found)
    assert len(set(found)) == 3
    assert tuple(range(50)) not in found
    assert orders("shuffled", 3, seed=1) == found
    assert orders("shuffled", 3, seed=2) != found


def test_rows_stay_in_order_without_shuffling():
    assert orders("in_order", 2) == [tuple(range(50))] * 2


def test_same_seed_gives_the_same_bits_and_another_seed_others(classification, dtype):
    digests = []
    for seed in (3, 3, 4):
        net = classifier(seed=seed, dtype=dtype)
        net.fit(*classification, rule=optim.Adam(), epochs=2)
        digests.append(digest(net))
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize("batches", _core.BATCHES)
def test_fit_continues_where_it_stopped(every_rule, batches, dtype, classification):
    whole, parts = classifier(dtype=dtype), classifier(dtype=dtype)
    options = {"rule": rule_named(every_rule), "batch_size": 16, "batches": batches}
    history = whole.fit(*classification, epochs=5, **options).loss
    continued = parts.fit(*classification, epochs=2, **options).loss
    continued += parts.fit(*classification, epochs=3, **options).loss
    assert digest(whole) == digest(parts)
    assert continued == history


def test_another_rule_starts_with_a_new_state(classification):
    switched, fresh = classifier(), classifier()
    switched.fit(*classification, rule=optim.Momentum(), epochs=2, batches="in_order")
    fresh.set_weights(switched.get_weights())
    for net in (switched, fresh):
        net.fit(*classification, rule=optim.Adam(), epochs=2, batches="in_order")
    assert digest(switched) == digest(fresh)


def test_a_change_of_rate_keeps_the_state_of_the_rule():
    """Momentum 0.5: after one step at rate 0.1, a step at rate 0 still moves by half of the first."""
    net = fanin.Network(2, [fanin.Dense(1, initializer="zeros")], dtype="float64")
    X, y = [[1.0, 0.0], [-1.0, 0.0]], [1.0, -1.0]
    for rate, w in ((0.1, 0.1), (0.0, 0.15)):
        net.fit(X, y, rule=optim.Momentum(rate, 0.5), epochs=1, batch_size=2)
        assert net.get_weights()["layer1.weight"][0, 0] == pytest.approx(w, rel=1e-15)


def test_history_has_one_entry_per_epoch(classification):
    X, y = classification
    history = classifier().fit(X, y, rule=optim.Adam(), epochs=4, validation_data=(X[:20], y[:20]))
    for name in ("loss", "val_loss", "val_metric", "learning_rate", "seconds"):
        entries = getattr(history, name)
        assert type(entries) is list
        assert len(entries) == 4
        assert all(type(entry) is float for entry in entries)
    assert all(seconds >= 0 for seconds in history.seconds)
    assert history.metric == "accuracy"
    assert history.to_dict()["loss"] == history.loss
    assert {"loss", "val_loss", "val_metric", "learning_rate", "seconds", "metric"} <= set(history.to_dict())


def test_history_without_validation_data_has_no_validation_entries(classification):
    history = classifier().fit(*classification, rule=optim.SGD(), epochs=2)
    assert len(history.loss) == 2
    assert not history.val_loss
    assert not history.val_metric


def test_history_agrees_with_evaluate(every_loss, data_for, dtype):
    X, y = data_for(every_loss)
    net = fanin.Network(
        5, [fanin.Dense(8, "relu"), fanin.Dense(3)], loss=loss_for(every_loss, 3), dtype=dtype
    )
    start = net.evaluate(X, y)["loss"]
    history = net.fit(X, y, rule=optim.SGD(0.1), epochs=1, batch_size=len(X), validation_data=(X, y))
    end = net.evaluate(X, y)
    assert history.loss[0] == pytest.approx(start, rel=1e-6)  # measured before the only step
    assert history.val_loss == [end["loss"]]
    assert history.val_metric == [end[history.metric]]


def test_training_with_validation_data_gives_the_same_weights(classification):
    X, y = classification
    plain, validated = classifier(), classifier()
    plain.fit(X, y, rule=optim.Adam(), epochs=3)
    validated.fit(X, y, rule=optim.Adam(), epochs=3, validation_data=(X[:9], y[:9]))
    assert digest(plain) == digest(validated)


def test_every_rule_learns_to_tell_three_clouds_apart(every_rule, classification):
    net = classifier()
    rates = {"adadelta": 1.0, "schaul_vsgd": 1.0}  # these rules find their own rates
    rule = rule_named(every_rule, learning_rate=rates.get(every_rule, 0.02))
    net.fit(*classification, rule=rule, epochs=100, batch_size=8)
    assert net.evaluate(*classification)["accuracy"] > 0.95


def test_x_and_y_do_not_change_and_may_be_read_only(data_for, every_loss, dtype):
    X, y = (array.copy() for array in data_for(every_loss))
    before = X.copy(), y.copy()
    X.setflags(write=False)
    y.setflags(write=False)
    net = fanin.Network(5, [fanin.Dense(3)], loss=loss_for(every_loss, 3), dtype=dtype)
    net.fit(X, y, rule=optim.SGD(), epochs=2)
    net.evaluate(X, y)
    np.testing.assert_array_equal(X, before[0])
    np.testing.assert_array_equal(y, before[1])


def test_one_target_may_be_a_vector_or_a_column(regression):
    X, y = regression
    digests = []
    for target in (y[:, 0], y[:, :1], np.asfortranarray(y)[:, 0], y[:, 0].tolist()):
        net = fanin.Network(5, [fanin.Dense(4, "relu"), fanin.Dense(1)])
        net.fit(X, target, rule=optim.Adam(), epochs=2)
        digests.append(digest(net))
    assert len(set(digests)) == 1


@pytest.mark.parametrize("kind", ["int8", "uint8", "int32", "int64", "uint64", ">i2", "bool", "list"])
def test_labels_of_any_integer_type_train_alike(kind, classification):
    X, labels = classification
    labels = labels % 2
    nets = [classifier(), classifier()]
    nets[0].fit(X, labels, rule=optim.Adam(), epochs=2)
    nets[1].fit(X, labels.tolist() if kind == "list" else labels.astype(kind), rule=optim.Adam(), epochs=2)
    assert digest(nets[0]) == digest(nets[1])


@pytest.mark.parametrize("batch_size", [54, 10**12, 10**30])
def test_batch_size_larger_than_the_data_is_the_full_batch(batch_size, classification):
    full, larger = classifier(), classifier()
    full.fit(*classification, rule=optim.Adam(), epochs=2, batch_size=53)
    larger.fit(*classification, rule=optim.Adam(), epochs=2, batch_size=batch_size)
    assert digest(full) == digest(larger)


def test_one_class_and_one_row_of_it_train(classification):
    X, _ = classification
    for rows in (1, 53):
        net = classifier()
        net.fit(X[:rows], np.zeros(rows, dtype=int), rule=optim.Adam(0.05), epochs=50)
        assert net.evaluate(X[:rows], np.zeros(rows, dtype=int))["accuracy"] == 1


def test_float32_and_float64_start_from_the_same_weights():
    single, double = (flat(classifier(dtype=dtype).get_weights()) for dtype in ("float32", "float64"))
    np.testing.assert_allclose(single, double, rtol=1e-5, atol=1e-7)


def test_verbose_prints_and_quiet_does_not(classification, capfd):
    net = classifier()
    net.fit(*classification, rule=optim.SGD(), epochs=2)
    captured = capfd.readouterr()
    assert captured.out + captured.err == ""
    net.fit(*classification, rule=optim.SGD(), epochs=2, verbose=True)
    captured = capfd.readouterr()
    assert captured.out + captured.err != ""


def test_momentum_by_hand_follows_the_published_equation():
    """One weight, x = 1, y = 0, no bias error: w0 = 1, rate 0.1, momentum 0.5, by hand."""
    net = fanin.Network(2, [fanin.Dense(1)], dtype="float64")
    net.set_weights({"layer1.weight": [[1.0], [0.0]], "layer1.bias": [0.0]})
    X, y = (
        [[1.0, 0.0], [-1.0, 0.0]],
        [0.0, 0.0],
    )  # opposite rows: the gradient of the bias is 0, that of w is w
    expected = [0.9, 0.76]  # v = -0.1, w = 0.9; v = 0.5 (-0.1) - 0.1 (0.9) = -0.14, w = 0.76
    for w in expected:
        net.fit(X, y, rule=optim.Momentum(0.1, 0.5), epochs=1, batch_size=2, batches="in_order")
        assert net.get_weights()["layer1.weight"][0, 0] == pytest.approx(w, rel=1e-15)
    assert reference_of(net).weights[0][1, 0] == 0
