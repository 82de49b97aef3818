"""Weights of classes multiply the weights of samples."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from fanin import optim
from helpers import digest

RULE = optim.Adam(0.01)


def classifier():
    return fanin.Network(5, [fanin.Dense(8, "tanh"), fanin.Dense(3)], "softmax_cross_entropy")


def fitted(X, y, net=None, **options):
    net = net or classifier()
    net.fit(X, y, rule=RULE, **options)
    return net


def test_a_dict_multiplies_the_sample_weights(classification):
    X, y = classification
    given = np.random.default_rng(0).uniform(0, 2, size=len(y))
    weights = {0: 3, np.int64(2): 0.5}
    factors = np.array([3, 1, 0.5])[y]
    by_hand = fitted(X, y, sample_weight=given * factors)
    assert digest(fitted(X, y, sample_weight=given, class_weight=weights)) == digest(by_hand)
    assert digest(fitted(X, y, class_weight=weights)) == digest(fitted(X, y, sample_weight=factors))


def test_balanced_is_the_formula_of_scikit_learn_for_the_samples_trained_on(classification):
    """Counts are those of samples, whatever their weights."""
    X, y = classification[0], np.where(classification[1] == 1, 0, classification[1])  # class 1 does not occur
    given = np.random.default_rng(0).uniform(0, 2, size=len(y))
    kept = 42
    counts = np.bincount(y[:kept])
    factors = np.array([kept / (2 * count) if count > 0 else 1 for count in counts])[y]
    options = {"validation_fraction": 0.2}
    by_hand, balanced = classifier(), classifier()
    expected = by_hand.fit(
        X[:kept], y[:kept], rule=RULE, sample_weight=(given * factors)[:kept],
        validation_data=(X[kept:], y[kept:], given[kept:]),
    )  # fmt: skip
    history = balanced.fit(X, y, rule=RULE, sample_weight=given, class_weight="balanced", **options)
    assert digest(balanced) == digest(by_hand)
    assert history.val_loss == expected.val_loss


def test_nets_trained_together_have_class_weights_too(classification):
    nets = [classifier(), classifier()]
    for net, weights in zip(nets, ("balanced", {1: 2.0}), strict=True):
        alone = fitted(*classification, class_weight=weights)
        fanin.train_together([(net, *classification, {"rule": RULE, "class_weight": weights})])
        assert digest(net) == digest(alone)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_y_may_be_a_series(library, classification):
    series = pytest.importorskip(library).Series(classification.y)
    net = fitted(classification.X, series, class_weight="balanced")
    assert digest(net) == digest(fitted(*classification, class_weight="balanced"))


def test_the_loss_of_chunks_is_weighted_by_class(classification):
    X, y = classification
    chunks = [(X[:20], y[:20]), (X[20:], y[20:])]
    weighted = [(a, b, np.array([5.0, 1, 1])[b]) for a, b in chunks]
    nets = [classifier(), classifier()]
    history = nets[0].fit_chunks(chunks, rule=RULE, class_weight={0: 5.0})
    assert history.loss == nets[1].fit_chunks(weighted, rule=RULE).loss
    assert digest(nets[0]) == digest(nets[1])


def test_a_chunk_may_hold_samples_of_one_class(classification):
    X, y = classification
    chunks = [(X[y == label], y[y == label]) for label in range(3)]
    classifier().fit_chunks(chunks, rule=RULE, class_weight={0: 2.0})
    with pytest.raises(ValueError, match=r"^chunk 1: class_weight: leaves no sample with a weight above 0$"):
        classifier().fit_chunks(chunks, rule=RULE, class_weight={0: 0.0})


def test_chunks_cannot_be_balanced(classification):
    words = '^class_weight: "balanced" counts the classes of the whole training set, which fit_chunks does not have'
    with pytest.raises(ValueError, match=words):
        classifier().fit_chunks([classification], rule=RULE, class_weight="balanced")


@pytest.mark.parametrize(
    ("weights", "error", "words"),
    [
        ("even", ValueError, "class_weight: expected one of balanced, got 'even'"),
        (
            [1, 2, 3],
            TypeError,
            r"class_weight: expected a dict of label -> weight, or \"balanced\", got \[1, 2, 3\]",
        ),
        ({"a": 1}, TypeError, "class_weight: a label: expected an integer, got 'a'"),
        ({True: 1}, TypeError, "class_weight: a label: expected an integer, got True"),
        ({-1: 1}, ValueError, "class_weight: a label: expected at least 0, got -1"),
        ({3: 1}, ValueError, r"class_weight: expected labels in 0\.\.2, got 3"),
        ({1: -1}, ValueError, r"class_weight\[1\]: expected a number in \[0, infinity\), got -1"),
        ({1: np.nan}, ValueError, r"class_weight\[1\]: expected a finite number, got nan"),
        ({1: "2"}, TypeError, r"class_weight\[1\]: expected a number, got '2'"),
        ({0: 0, 1: 0, 2: 0}, ValueError, "class_weight: leaves no sample with a weight above 0"),
        (
            {0: 0, 2: 0},
            ValueError,
            "class_weight: only samples of class 1 have a weight above 0; expected two classes",
        ),
    ],
)
def test_bad_weights_of_classes_are_refused(weights, error, words, classification):
    net = classifier()
    before = net.to_bytes()
    with pytest.raises(error, match=f"^{words}"):
        fitted(*classification, net, class_weight=weights)
    assert net.to_bytes() == before


def test_one_class_cannot_be_balanced_but_weighted(classification):
    X, zeros = classification.X, np.zeros(53, dtype=int)
    with pytest.raises(ValueError, match=r"^class_weight: only samples of class 0 have a weight above 0"):
        fitted(X, zeros, class_weight="balanced")
    assert digest(fitted(X, zeros, class_weight={0: 2.0})) == digest(fitted(X, zeros))


def test_targets_and_sample_weights_are_checked_as_without_weights_of_classes(classification):
    X, y = classification
    with pytest.raises(ValueError, match=r"^y: row 0 is 7; labels must be in 0\.\.2"):
        fitted(X, np.full(53, 7), class_weight="balanced")
    with pytest.raises(TypeError, match=r"^y: expected integer labels, got dtype float64"):
        fitted(X, y.astype(float), class_weight="balanced")
    with pytest.raises(ValueError, match=r"^y: expected 53 rows to match X, got 52"):
        fitted(X, y[:-1], class_weight="balanced")
    with pytest.raises(ValueError, match=r"^sample_weight: expected shape \(53,\), got \(52,\)"):
        fitted(X, y, class_weight="balanced", sample_weight=np.ones(52))
    with pytest.raises(
        ValueError, match=r"^sample_weight: row 2 is -1; weights must be finite and at least 0"
    ):
        fitted(X, y, class_weight="balanced", sample_weight=np.where(np.arange(53) == 2, -1, 1))
    with pytest.raises(ValueError, match=r"^class_weight: needs classes, .* got class probabilities$"):
        fitted(X, np.eye(3)[y], class_weight="balanced")
    with pytest.raises(ValueError, match=r"^class_weight: needs classes, .* got the loss squared_error$"):
        fitted(X, y, fanin.Network(5, [fanin.Dense(1)]), class_weight={0: 2})
