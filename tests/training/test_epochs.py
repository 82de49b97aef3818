"""Epochs of the core's training: given orders, penalties of the sum, losses that are not finite."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from fanin import _core, losses, optim
from helpers import bits_everywhere, digest, flat, rule_named

ROWS, INPUTS, DTYPES = 50, 4, ("float32", "float64")
LAYERS = [fanin.Dense(70, "tanh"), fanin.Dense(3)]
RULE = optim.Around(optim.Adam(0.01), l2_of_sum=0.4)


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    return rng.normal(size=(ROWS, INPUTS)), rng.normal(size=(ROWS, 3)), rng.integers(0, 4, ROWS) / 2


def network(dtype="float64"):
    return fanin.Network(INPUTS, LAYERS, dtype=dtype, seed=3)


def training_of(net, X, y, weights=None, batch_size=8, batches="in_order", restore=True):
    budget = _core.Budget(None, [], None)
    return net._training(
        net._core, X, y, weights, batch_size, batches, None, 0, None, budget, None, restore=restore
    )


def epoch(net, training, rule=RULE, order=None):
    if order is None:
        return training.epoch(rule.name, rule.values_on(net._trained))
    return training.epochs(rule.name, rule.values_on(net._trained), 1, order[None])[0]


@pytest.mark.parametrize("batches", ["shuffled", "in_order"])
def test_an_epoch_visits_the_rows_of_the_given_order(data, batches):
    X, y, weights = data
    order = np.random.default_rng(1).integers(0, ROWS, ROWS).astype("uint32")  # some twice, some not at all
    given, sorted_ = network(), network()
    first = training_of(given, X, y, weights, batches=batches)
    second = training_of(sorted_, X[order], y[order], weights[order])
    assert epoch(given, first, order=order).loss == epoch(sorted_, second).loss
    assert digest(given) == digest(sorted_)
    order[:] = 0  # the order is borrowed for one epoch only
    first.close()
    second.close()
    again = training_of(sorted_, X, y, weights, batches=batches)
    assert epoch(given, training_of(given, X, y, weights, batches=batches)).loss == epoch(sorted_, again).loss
    assert digest(given) == digest(sorted_)


def test_several_epochs_in_one_call_are_those_of_several_calls(data):
    X, y, _ = data
    one, other = network(), network()
    orders = np.random.default_rng(2).integers(0, ROWS, (3, ROWS)).astype("uint32")
    together = training_of(one, X, y).epochs(RULE.name, RULE.values_on(one._trained), 3, orders)
    apart = training_of(other, X, y)
    assert [result.loss for result in together] == [epoch(other, apart, order=order).loss for order in orders]
    assert digest(one) == digest(other)


def test_orders_of_other_than_the_epochs_are_refused(data):
    X, y, _ = data
    net = network()
    training = training_of(net, X, y)
    for orders in (np.zeros((2, ROWS), "uint32"), np.zeros(ROWS, "uint32")):
        with pytest.raises(ValueError, match="orders: expected a row for each epoch"):
            training.epochs(RULE.name, RULE.values_on(net._trained), 3, orders)


@pytest.mark.parametrize("batches", ["shuffled", "in_order"])
def test_the_next_epoch_has_its_usual_order_again(data, batches):
    X, y, _ = data
    usual, other = network(), network()
    rule = optim.SGD(0.0)
    for net, order in ((usual, None), (other, np.zeros(ROWS, "uint32"))):
        training = training_of(net, X, y, batches=batches)
        epoch(net, training, rule, order)
        net.loss_of_second = epoch(net, training, optim.SGD(0.1)).loss
    assert usual.loss_of_second == other.loss_of_second
    assert digest(usual) == digest(other)


def test_orders_that_are_none_are_refused_before_anything_changes(data):
    X, y, _ = data
    net = network()
    training, before = training_of(net, X, y), net.to_bytes()
    order = np.arange(ROWS, dtype="uint32")
    with pytest.raises(ValueError, match="order: expected 50 elements, got 49"):
        epoch(net, training, order=order[1:])
    order[7] = ROWS
    with pytest.raises(ValueError, match="order: place 7 is 50; expected a row of X, 0 to 49"):
        epoch(net, training, order=order)
    with pytest.raises(TypeError):
        epoch(net, training, order=order.astype("int64"))
    assert net.to_bytes() == before


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("accumulate", [1, 3])
def test_loss_and_penalty_are_means_over_the_updates_by_their_rows(data, weighted, accumulate, threads):
    X, y, weights = data
    weights = weights if weighted else None
    figures = set()
    for number in (1, 2, 7):
        threads(number)
        net, rule = network(), optim.Around(optim.SGD(0.1), l2_of_sum=0.4, accumulate=accumulate)
        training = training_of(net, X, y, weights)
        expected, twin = np.zeros(3), network()
        for begin in range(0, ROWS, 8 * accumulate):
            part = slice(begin, begin + 8 * accumulate)
            some = None if weights is None else weights[part]
            n, total = len(X[part]), len(X[part]) if some is None else some.sum()
            W = twin.get_weights()
            square = sum((W[name] ** 2).sum() for name in W if name.endswith("weight"))
            loss = twin.evaluate(X[part], y[part], sample_weight=some)["loss"]
            expected += [n * loss, n * 0.2 * square / total, n]
            objective = twin.objective(X[part], y[part], sample_weight=some)
            w = objective.weights()
            pull = [0.4 / total * a.ravel() * name.endswith("weight") for name, a in W.items()]
            gradient = objective.loss_and_gradient(w)[1] + np.concatenate(pull)
            twin.set_weights(objective.named(w - 0.1 * gradient))
        result = epoch(net, training, rule)
        assert result.loss_of_updates == pytest.approx(expected[0] / expected[2], rel=1e-12)
        assert result.penalty == pytest.approx(expected[1] / expected[2], rel=1e-12)
        np.testing.assert_allclose(flat(net.get_weights()), flat(twin.get_weights()), rtol=1e-11, atol=1e-13)
        figures.add((result.loss_of_updates, result.penalty, digest(net)))
    assert len(figures) == 1


LIGHT = np.where(np.arange(ROWS) // 8 == 2, 0.0, 1.0)  # one batch weighs nothing


@pytest.mark.parametrize(
    "around",
    [{}, {"clip_norm": 1.0, "weight_decay": 0.1}, {"l2_of_sum": 0.1}, {"average_decay": 0.9}],
    ids=str,
)
@pytest.mark.parametrize("rule", [optim.Momentum(0.1), optim.Nesterov(0.1)], ids=str)
def test_a_batch_whose_samples_all_weigh_0_is_left_out(data, rule, around):
    X, y, _ = data
    nets = [network(), network()]
    for net, kept in zip(nets, (slice(None), LIGHT > 0), strict=True):
        training = training_of(net, X[kept], y[kept], LIGHT[kept])
        for _ in range(2):
            net.result = epoch(net, training, optim.Around(rule, **around))
    assert nets[0].result.loss_of_updates == nets[1].result.loss_of_updates
    if "average_decay" not in around:  # which depends on the number of steps
        assert digest(nets[0]) == digest(nets[1])
    before, order = flat(nets[0].get_weights()), np.full(ROWS, 16, "uint32")
    epoch(nets[0], training_of(nets[0], X, y, LIGHT), optim.Around(rule, **around), order)
    assert np.array_equal(flat(nets[0].get_weights()), before)


@pytest.mark.filterwarnings("ignore:rule:fanin.optim.BatchSizeWarning")
def test_no_rule_changes_weights_by_samples_of_weight_0(data, every_rule):
    X, y, _ = data
    net, rule = network("float32"), rule_named(every_rule)
    training = training_of(net, X, y, LIGHT)
    epoch(net, training, rule)
    before = net.get_weights()
    result = epoch(net, training, rule, np.full(ROWS, 16, "uint32"))
    assert (result.loss_of_updates, result.penalty) == (0, 0)
    for name, values in net.get_weights().items():
        # a rule that looks ahead shows weights that depend on the number of steps
        np.testing.assert_allclose(values, before[name], rtol=1e-6, atol=1e-7)


def test_without_restoring_training_goes_on_with_losses_that_are_not_finite(data):
    X, y, _ = data
    with pytest.raises(fanin.DivergedError):
        epoch(net := network("float32"), training_of(net, X, y * 1e15), optim.SGD(1e30))
    net = network("float32")
    training = training_of(net, X, y * 1e15, restore=False)
    results = [epoch(net, training, optim.SGD(1e30)) for _ in range(2)]
    assert np.isnan([results[1].loss, results[1].loss_of_updates]).all()
    assert np.isnan(net.predict(X)).any()


@pytest.mark.parametrize("clip", [1e-7, 0.01, 0.5])
def test_clipped_losses_change_no_weights(clip, classification):
    X, y = classification
    for kind, target in ((losses.SoftmaxCrossEntropy, y), (losses.Logistic, np.eye(3)[y])):
        found = []
        for loss in (kind(), kind(clip=clip)):
            net = fanin.Network(X.shape[1], [fanin.Dense(9, "relu"), fanin.Dense(3)], loss)
            history = net.fit(X, target, rule=optim.Adam(0.3), epochs=5)
            found.append((flat(net.get_weights()).tobytes(), history.loss[-1]))
        assert found[0][0] == found[1][0]
        assert found[1][1] <= (1 if kind is losses.SoftmaxCrossEntropy else 3) * -np.log(clip)


def train_narrow(rule, outputs, dtype):
    rng = np.random.default_rng(2)
    X, y = rng.normal(size=(ROWS, 75)).astype("float32"), rng.normal(size=(ROWS, outputs)) > 0
    net = fanin.Network(75, [fanin.Dense(70, "tanh"), fanin.Dense(outputs)], "logistic", dtype=dtype)
    weights = rng.integers(0, 4, ROWS) / 2
    training = training_of(net, X, y.astype("float32"), weights, batch_size=16)
    results = [epoch(net, training, rule) for _ in range(3)]
    return digest(net), [(result.loss, result.loss_of_updates, result.penalty) for result in results]


@pytest.mark.filterwarnings("ignore:rule:fanin.optim.BatchSizeWarning")
@pytest.mark.parametrize("outputs", [1, 2, 3])
def test_updates_of_few_outputs_are_those_of_the_whole_gradient(every_rule, outputs, dtype):
    rule = rule_named(every_rule)
    rules = rule, optim.Around(rule, clip_norm=1e30)  # which needs the whole gradient before any update
    assert len({train_narrow(rule, outputs, dtype)[0] for rule in rules}) == 1


def narrow_bits() -> str:
    rules = RULE, optim.Around(optim.Nesterov(0.1, show_look_ahead=True), l2_of_sum=2.0, average_decay=0.9)
    return repr([train_narrow(rule, n, dtype) for rule in rules for n in (1, 2) for dtype in DTYPES])


def test_few_outputs_give_the_same_bits_on_any_threads_and_instruction_set(threads):
    assert len(bits_everywhere(narrow_bits, threads)) == 1
