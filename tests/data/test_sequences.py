"""Sequences as arrays and as lists give the same, and are split like other samples."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from fanin import optim
from fanin.data.sequences import Sequences, as_sequences
from helpers import digest

RULE = optim.Adam(0.01)


def sequences(n: int = 12, time: int = 7, columns: int = 2, seed: int = 0):
    """X, a number for each sequence and a class for each step."""
    X = np.random.default_rng(seed).normal(size=(n, time, columns))
    totals = X[:, :, 0].cumsum(axis=1)
    return X, totals[:, -1], (totals > 0).astype(int)


def new_net(many: bool = False, columns: int = 2, dtype: str = "float32") -> fanin.Network:
    layers = [fanin.LSTM(4, return_sequences=many), fanin.Dense(2 if many else 1)]
    return fanin.Network(columns, layers, "softmax_cross_entropy" if many else "squared_error", dtype=dtype)


def trained(X, y, many: bool = False, **options) -> str:
    net = new_net(many)
    net.fit(X, y, rule=RULE, epochs=2, batch_size=5, **options)
    return digest(net)


def test_some_sequences_are_cut_out_of_all():
    steps = np.arange(12).reshape(6, 2)
    whole = Sequences(steps, np.array([0, 2, 3, 6], np.uint64))
    assert whole.lengths.tolist() == [2, 1, 3]
    assert np.shares_memory(whole[1:].steps, steps)
    assert whole[1:].starts.tolist() == [0, 1, 4]
    assert whole[::2].steps.tolist() == [*steps[:2].tolist(), *steps[3:].tolist()]
    assert whole[np.array([2, 0, 2])].starts.tolist() == [0, 3, 5, 8]
    assert whole[np.array([2, 1])].steps.tolist() == [*steps[3:].tolist(), *steps[2:3].tolist()]
    assert len(whole[3:]) == len(whole[2:1]) == len(whole[np.array([], int)]) == 0
    assert whole.largest[:, 0].tolist() == [2, 4, 10]
    assert [whole.place(step) for step in (0, 1, 2, 5)] == [
        "sequence 0, step 0",
        "sequence 0, step 1",
        "sequence 1, step 0",
        "sequence 2, step 2",
    ]


def test_an_array_of_sequences_is_read_in_place():
    X = np.zeros((3, 4, 2), ">f8")
    assert np.shares_memory(as_sequences(new_net(), X).steps, X)
    assert np.shares_memory(as_sequences(new_net(), [X[0]]).steps, X)


@pytest.mark.parametrize("many", [False, True])
def test_lists_arrays_and_nested_lists_train_to_the_same_bits(many):
    X, totals, classes = sequences()
    y = classes if many else totals
    expected = trained(X, y, many)
    assert trained(list(X), list(y), many) == expected
    assert trained(tuple(X.tolist()), y.tolist(), many) == expected
    assert trained(np.array([*X, None], object)[:-1], y, many) == expected
    assert trained(np.asfortranarray(X), np.asfortranarray(y), many) == expected
    assert trained(X.transpose(1, 0, 2).copy().transpose(1, 0, 2), y, many) == expected


def test_sequences_of_one_feature_may_be_vectors():
    X = sequences(columns=1)[0]
    net = new_net(columns=1)
    vectors = [part[:, 0] for part in X]
    assert np.array_equal(net.predict(X), net.predict(vectors))
    assert np.array_equal(net.predict(X), net.predict([part.tolist() for part in vectors]))


def test_whole_numbers_and_mixed_types_are_converted():
    X = [np.array([[1, 2], [3, 4]]), np.array([[1, 0]], "float32"), np.array([[True, False]])]
    net = new_net()
    assert np.array_equal(net.predict(X), net.predict([part.astype(float) for part in X]))


@pytest.mark.parametrize("columns", [1, 3])
def test_outputs_have_the_shape_of_the_sequences(columns):
    X = np.zeros((4, 5, 2))
    net = fanin.Network(2, [fanin.GRU(3, return_sequences=True), fanin.Dense(columns)])
    outputs = net.predict(X)
    assert outputs.shape == (4, 5, columns)
    listed = net.predict([X[0], X[1, :2]])
    assert [part.shape for part in listed] == [(5, columns), (2, columns)]
    assert np.array_equal(listed[1], outputs[1, :2])
    out = np.zeros_like(outputs)
    assert net.predict(X, out=out) is out
    assert np.array_equal(out, outputs)


def test_outputs_have_the_shape_of_vector_targets():
    X, _, classes = sequences()
    net = fanin.Network(2, [fanin.GRU(3, return_sequences=True), fanin.Dense(1)], "logistic")
    net.fit(X, classes, rule=RULE, epochs=1)
    assert net.predict(X).shape == classes.shape
    assert [part.shape for part in net.predict(list(X[:2]))] == [(7,), (7,)]
    out = np.zeros(classes.shape, "float32")
    assert net.predict(X, out=out) is out
    assert np.array_equal(out, net.predict(X))
    assert net.predict(X, out=np.zeros((*classes.shape, 1), "float32")).shape == (12, 7, 1)


def test_a_weight_of_a_sequence_is_that_of_its_steps():
    X, _, y = sequences()
    weights = np.arange(1.0, 13)
    expected = trained(X, y, True, sample_weight=np.repeat(weights[:, None], 7, axis=1))
    assert trained(X, y, True, sample_weight=weights) == expected
    assert trained(list(X), list(y), True, sample_weight=weights.tolist()) == expected
    net = new_net(True)
    by_step = [np.full(7, weight) for weight in weights]
    assert net.evaluate(X, y, sample_weight=weights) == net.evaluate(X, y, sample_weight=by_step)


def test_masked_steps_have_no_influence():
    X, _, y = sequences()
    mask = np.ones(y.shape)
    mask[:, 4:] = 0
    net = new_net(True)
    masked, cut = net.evaluate(X, y, sample_weight=mask), net.evaluate(X[:, :4], y[:, :4])
    assert masked == pytest.approx(cut, rel=1e-6)
    other = y.copy()
    other[:, 4:] = 1 - other[:, 4:]
    assert trained(X, other, True, sample_weight=mask) == trained(X, y, True, sample_weight=mask)


@pytest.mark.parametrize("many", [False, True])
def test_a_fraction_of_the_sequences_is_held_back(many):
    X, totals, classes = sequences()
    y = classes if many else totals
    expected = trained(X[:9], y[:9], many)
    assert trained(X, y, many, validation_fraction=0.25) == expected
    assert trained(list(X), list(y), many, validation_fraction=0.25) == expected
    assert trained(list(X[:9]), y[:9], many, validation_data=(X[9:], list(y[9:]))) == expected
    histories = [
        new_net(many).fit(X, y, rule=RULE, epochs=2, validation_fraction=0.25),
        new_net(many).fit(X[:9], y[:9], rule=RULE, epochs=2, validation_data=(list(X[9:]), list(y[9:]))),
    ]
    assert histories[0].val_loss == histories[1].val_loss


def test_a_stratified_split_of_sequences_holds_back_each_class():
    X, totals, _ = sequences(20)
    y = (totals > 0).astype(int)
    net = fanin.Network(2, [fanin.GRU(3), fanin.Dense(2)], "softmax_cross_entropy")
    options = {
        "validation_fraction": 0.3,
        "validation_split": "stratified",
        "callbacks": [fanin.EarlyStopping()],
    }
    history = net.fit(X, y, rule=RULE, epochs=3, **options)
    twin = fanin.Network(2, [fanin.GRU(3), fanin.Dense(2)], "softmax_cross_entropy")
    assert twin.fit(list(X), y, rule=RULE, epochs=3, **options).val_loss == history.val_loss


def test_class_weights_are_those_of_steps():
    X, _, y = sequences()
    given = np.linspace(1, 2, y.size).reshape(y.shape)
    expected = trained(X, y, True, sample_weight=given * np.where(y == 1, 3.0, 1.0))
    assert trained(X, y, True, class_weight={1: 3.0}, sample_weight=given) == expected
    counts = np.bincount(y.ravel())
    balanced = trained(X, y, True, sample_weight=(y.size / (2 * counts))[y])
    assert trained(list(X), list(y), True, class_weight="balanced") == balanced


@pytest.mark.parametrize("many", [False, True])
def test_chunks_of_sequences_train_like_fits(many):
    X, totals, classes = sequences()
    y, weights = (classes if many else totals), np.linspace(1, 2, 12)
    net, twin = new_net(many), new_net(many)
    history = net.fit_chunks(
        [(X[:6], y[:6], weights[:6]), (list(X[6:]), list(y[6:]), weights[6:])], rule=RULE
    )
    losses = [
        twin.fit(X[part], y[part], sample_weight=weights[part], rule=RULE, epochs=1).loss[0]
        for part in (slice(6), slice(6, 12))
    ]
    assert digest(net) == digest(twin)
    assert history.loss == [pytest.approx(np.average(losses, weights=[weights[:6].sum(), weights[6:].sum()]))]


def test_the_loss_of_chunks_is_the_mean_over_their_steps():
    X, _, y = sequences()
    net = new_net(True)
    chunks = [(X[:, :2], y[:, :2]), (X, y)]
    losses = [net.evaluate(*chunk)["loss"] for chunk in chunks]
    history = net.fit_chunks(chunks, rule=optim.SGD(0.0))
    assert history.loss[0] == pytest.approx(np.average(losses, weights=[2, 7]), rel=1e-5)


@pytest.mark.parametrize("many", [False, True])
def test_the_rate_of_a_recurrent_network_is_found(many):
    X, totals, classes = sequences(40)
    weights = np.ones(classes.shape if many else 40)
    weights[:5] = 0
    net, y = new_net(many), classes if many else totals
    curve = fanin.find_rate(net, X, y, rule=optim.Adam("auto"), sample_weight=weights, rates=[0.001, 0.01])
    assert curve.rate in (0.001, 0.01)


def test_an_input_layer_learns_from_all_steps():
    X, y, _ = sequences()
    X = 5 + 3 * X
    net = fanin.Network(2, [fanin.Standardize(), fanin.GRU(3), fanin.Dense(1)])
    net.adapt([part[:4] for part in X])
    expected = X[:, :4].reshape(-1, 2)
    assert np.allclose(net.learned["layer1.centre"], expected.mean(axis=0))
    assert net.first_inputs(X).shape == X.shape
    assert [part.shape for part in net.first_inputs(list(X[:2]))] == [(7, 2), (7, 2)]
    assert "condition number" in net.summary(X)
    net.fit(X, y, rule=RULE, epochs=1)


@pytest.mark.parametrize("ragged", [False, True])
def test_a_fit_on_sequences_is_replayed(ragged):
    X, _, y = sequences()
    if ragged:
        X, y = [[part[: 1 + i % 7] for i, part in enumerate(whole)] for whole in (X, y)]
    net = new_net(True)
    start, options = net.copy(), {"rule": RULE, "epochs": 2, "batch_size": 5, "truncation": 3}
    history = net.fit(X, y, **options)
    assert history.steps == 2 * 3 * 3
    again = fanin.replay(start, X, y, step=history.steps, **options)
    assert again.to_bytes() == net.to_bytes()
