"""Batches by class, weights of classes, and the seed of the order: see tests/cpp/test_orders.cpp for the orders."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

import fanin
from fanin import _core, optim
from fanin.training.settings import BatchesName
from helpers import digest, flat

COUNTS = (30, 20, 10)  # of samples of each class: a batch of 6 holds 3, 2 and 1 of them
LABELS = np.random.default_rng(3).permutation(np.repeat(range(3), COUNTS))
ONE_HOT = np.eye(3)[LABELS]  # samples of a class are alike, so only the shares of classes matter
BATCH = 6


def classifier(inputs=3, seed=0, dtype="float64", dropout=False):
    layers = [fanin.Dense(4, "tanh"), *([fanin.Dropout(0.3)] if dropout else []), fanin.Dense(3)]
    return fanin.Network(inputs, layers, "softmax_cross_entropy", seed=seed, dtype=dtype)


def fitted(X=ONE_HOT, y=LABELS, net=None, **options):
    net = net or classifier(np.shape(X)[1])
    net.fit(X, y, **{"rule": optim.SGD(0.5), "epochs": 3, "batch_size": BATCH, **options})
    return net


def test_names_of_batches_are_those_of_the_core():
    assert get_args(BatchesName) == _core.BATCHES


def test_every_stratified_batch_has_the_gradient_of_the_whole_set():
    steps = 3 * len(LABELS) // BATCH
    stratified, whole = fitted(batches="stratified"), fitted(batch_size=60, epochs=steps)
    np.testing.assert_allclose(flat(stratified.get_weights()), flat(whole.get_weights()), rtol=1e-12)
    assert not np.allclose(flat(fitted().get_weights()), flat(whole.get_weights()), rtol=1e-6)


def test_balanced_batches_weigh_all_classes_alike():
    steps = 3 * len(LABELS) // BATCH
    balanced = fitted(batches="balanced")
    whole = fitted(batch_size=60, epochs=steps, class_weight="balanced")
    np.testing.assert_allclose(flat(balanced.get_weights()), flat(whole.get_weights()), rtol=1e-12)


@pytest.mark.parametrize("kind", ["int8", "uint64", ">i4", "bool", "float32", "list", "column"])
def test_classes_may_be_zeros_and_ones_of_a_logistic_output(kind):
    ones = LABELS == 0
    y = {"list": ones.tolist(), "column": ones[:, None].astype(int)}.get(kind)
    y = ones.astype(kind) if y is None else y
    nets = []
    for targets in (y, ones.astype("float64")):
        net = fanin.Network(3, [fanin.Dense(1)], "logistic")
        nets.append(fitted(y=targets, net=net, batches="balanced", class_weight={1: 2.0}))
    assert digest(nets[0]) == digest(nets[1])


@pytest.mark.parametrize("batches", ["stratified", "balanced"])
@pytest.mark.parametrize("batch_size", [1, 7, 59, 1000])
def test_batches_by_class_have_the_same_bits_on_any_threads(batches, batch_size, threads):
    X = np.random.default_rng(0).normal(size=(60, 5))
    digests = set()
    for number in (1, 2, 3):
        threads(number)
        net = fitted(X, batches=batches, batch_size=batch_size, net=classifier(5, dtype="float32"))
        digests.add(digest(net))
    together = classifier(5, dtype="float32")
    options = {"rule": optim.SGD(0.5), "epochs": 3, "batch_size": batch_size, "batches": batches}
    fanin.train_together([(together, X, LABELS, options)])
    assert digests == {digest(together)}


def test_rows_of_a_frequent_class_take_turns_in_balanced_batches():
    """With one-hot rows of samples a visit moves the weights of one row."""
    n = 40
    net = fanin.Network(n, [fanin.Dense(1, initializer="zeros")], "logistic", dtype="float64")
    y = np.arange(n) < 4
    visited = []
    for _ in range(8):
        before = net.get_weights()["layer1.weight"][:, 0]
        fitted(np.eye(n), y, net, batches="balanced", rule=optim.SGD(1e-3), epochs=1, batch_size=n)
        visited.append(net.get_weights()["layer1.weight"][:, 0] != before)
    assert all(epoch[:4].all() and epoch[4:].sum() == 20 for epoch in visited)
    assert np.any(visited, axis=0).all()


def test_the_seed_of_the_order_is_the_networks_unless_given():
    X = np.random.default_rng(0).normal(size=(60, 5))

    def bits(seed, **options):
        return digest(fitted(X, net=classifier(5, seed), **options))

    assert bits(4, order_seed=4) == bits(4) == bits(4, order_seed=np.uint64(4))
    assert bits(4, order_seed=5) != bits(4)
    assert bits(4, order_seed=5, batches="in_order") == bits(4, batches="in_order")


def test_nets_of_any_seed_visit_samples_in_the_order_of_order_seed():
    """With weights that do not depend on the seed, nothing else does."""
    X = np.random.default_rng(0).normal(size=(60, 5))
    digests = set()
    for seed in (1, 2):
        net = fanin.Network(5, [fanin.Dense(3, initializer="zeros")], "softmax_cross_entropy", seed=seed)
        digests.add(digest(fitted(X, net=net, order_seed=2**64 - 1)))
    assert len(digests) == 1


def test_dropout_depends_on_the_seed_of_the_network():
    digests = set()
    for seed in (1, 2):
        net = classifier(seed=seed, dropout=True)
        net.set_weights(classifier(dropout=True).get_weights())
        digests.add(digest(fitted(net=net, order_seed=7, batch_size=60)))
    assert len(digests) == 2


@pytest.mark.parametrize("batches", _core.BATCHES)
def test_a_fit_with_a_seed_of_the_order_resumes_exactly(batches, classification):
    options = {"rule": optim.Adam(), "batch_size": 16, "batches": batches, "order_seed": 9}
    whole, part = classifier(5, dropout=True), classifier(5, dropout=True)
    whole.fit(*classification, epochs=5, **options)
    part.fit(*classification, epochs=2, **options)
    part = fanin.Network.from_bytes(part.to_bytes())
    part.fit(*classification, epochs=3, **options)
    assert part.to_bytes() == whole.to_bytes()


def test_chunks_are_divided_into_batches_each_by_itself(classification):
    X, y = classification
    options = {"rule": optim.Adam(), "batches": "stratified", "order_seed": 3, "class_weight": {0: 3.0}}
    chunked, by_hand = classifier(5), classifier(5)
    chunked.fit_chunks([(X[:30], y[:30]), (X[30:], y[30:])], **options)
    for rows in (slice(30), slice(30, None)):
        by_hand.fit(X[rows], y[rows], epochs=1, **options)
    assert chunked.to_bytes() == by_hand.to_bytes()


NEEDS = 'batches: "{}": needs classes, which are integer labels for softmax_cross_entropy or one column of 0 and 1 for '


@pytest.mark.parametrize("batches", ["stratified", "balanced"])
@pytest.mark.parametrize(
    ("loss", "outputs", "y", "words"),
    [
        ("squared_error", 1, [0, 1, 0, 1], "the loss squared_error"),
        ("softmax_cross_entropy", 2, np.eye(2)[[0, 1, 0, 1]], "class probabilities"),
        ("logistic", 2, np.eye(2)[[0, 1, 0, 1]], "2 columns"),
        ("logistic", 1, [0, 1, 0.25, 1], "0.25 in row 2 of y"),
    ],
)
def test_targets_that_are_no_classes_are_refused(batches, loss, outputs, y, words):
    net = fanin.Network(2, [fanin.Dense(outputs)], loss)
    before = net.to_bytes()
    with pytest.raises(ValueError, match=f"^{NEEDS.format(batches)}logistic; got {words}$"):
        fitted(np.ones((4, 2)), y, net, batches=batches)
    assert net.to_bytes() == before


def test_balanced_batches_of_one_class_are_refused_and_stratified_ones_are_not():
    words = '^batches: "balanced" needs samples of at least two classes, got one$'
    for rows in (1, 5):
        with pytest.raises(ValueError, match=words):
            fitted(np.ones((rows, 2)), np.full(rows, 2), batches="balanced")
        fitted(np.ones((rows, 2)), np.full(rows, 2), batches="stratified")


@pytest.mark.parametrize("batches", ["stratified", "balanced"])
def test_labels_are_checked_before_batches(batches):
    with pytest.raises(ValueError, match=r"^y: row 1 is 3; labels must be in 0\.\.2 for 3 outputs$"):
        fitted(np.ones((2, 2)), [0, 3], batches=batches)
    with pytest.raises(TypeError, match=r"^y: expected integer labels, got dtype float64$"):
        fitted(np.ones((2, 2)), [0.0, 1.0], batches=batches)


def test_settings_of_batches_are_checked():
    with pytest.raises(
        ValueError, match=r"^batches: expected one of shuffled, in_order, stratified, balanced, got 'all'"
    ):
        fitted(batches="all")
    with pytest.raises(TypeError, match=r"^batches: expected one of .*, got False"):
        fitted(batches=False)
    with pytest.raises(ValueError, match=r"^order_seed: expected at least 0, got -1"):
        fitted(order_seed=-1)
    with pytest.raises(ValueError, match=r"^order_seed: expected less than 2\^64"):
        fitted(order_seed=2**64)
