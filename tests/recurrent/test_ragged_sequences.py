"""Sequences of any lengths: as padded ones with a mask, in any order, each as it would be alone."""

from __future__ import annotations

import numpy as np
import pytest

from fanin import optim
from sequences import (
    CLASSES,
    LENGTHS,
    assert_close,
    every_kind,
    labels,
    many_or_one,
    net_of,
    sequences,
    step,
)

X = sequences()
LONGEST = max(LENGTHS)
FIT = {"rule": optim.Adam(0.01), "epochs": 3, "batch_size": 2}


def padded(arrays, value=0.0):
    """All sequences in one array, those that end early with a value that no step may see."""
    out = np.full((len(arrays), LONGEST, *arrays[0].shape[1:]), value, dtype=arrays[0].dtype)
    for row, array in zip(out, arrays, strict=True):
        row[: len(array)] = array
    return out


MASK = padded([np.ones(length) for length in LENGTHS])


def targets_of(loss):
    rng = np.random.default_rng(6)
    if loss == "softmax_cross_entropy":
        return labels(many=True)
    of = rng.integers if loss == "logistic" else rng.normal
    first = 2 if loss == "logistic" else 0
    return [of(first, size=(length, CLASSES)) for length in LENGTHS]


@every_kind
@pytest.mark.parametrize("levels", [1, 2])
@pytest.mark.parametrize("loss", ["softmax_cross_entropy", "squared_error", "logistic"])
def test_ragged_sequences_are_padded_ones_with_a_mask(kind, levels, loss):
    ragged, masked = (net_of(kind, many=True, levels=levels, loss=loss) for _ in range(2))
    y = targets_of(loss)
    scores = [
        ragged.evaluate(X, y),
        masked.evaluate(padded(X, 7.0), padded(y, 1), sample_weight=MASK),
    ]
    for name, score in scores[0].items():
        assert scores[1][name] == pytest.approx(score, rel=1e-12)
    (loss_ragged, gradients), (loss_masked, same) = (
        step(ragged, X, y),
        step(masked, padded(X, 7.0), padded(y, 1), sample_weight=MASK),
    )
    assert loss_masked == pytest.approx(loss_ragged, rel=1e-12)
    assert_close(same, gradients, 1e-12)


@every_kind
def test_weights_of_steps_may_be_a_list_and_zero_ignores_a_step(kind):
    nets = [net_of(kind, many=True) for _ in range(2)]
    y = labels(many=True)
    rng = np.random.default_rng(7)
    weights = [rng.integers(3, size=length) + (np.arange(length) == 0) for length in LENGTHS]
    changed = [np.where(w > 0, target, (target + 1) % CLASSES) for w, target in zip(weights, y, strict=True)]
    (loss, gradients), (same, others) = (
        step(net, X, target, sample_weight=weights) for net, target in zip(nets, (y, changed), strict=True)
    )
    assert loss == same
    for name, array in gradients.items():
        assert np.array_equal(array, others[name])


@every_kind
def test_a_sequence_of_weight_zero_is_no_sequence(kind):
    nets = [net_of(kind) for _ in range(2)]
    kept = [0, 1, 3, 4]
    losses = [
        step(nets[0], X, labels(), sample_weight=[1, 1, 0, 1, 1]),
        step(nets[1], [X[i] for i in kept], labels()[kept]),
    ]
    assert losses[0][0] == pytest.approx(losses[1][0], rel=1e-13)
    assert_close(losses[0][1], losses[1][1], 1e-13)


@every_kind
@many_or_one
def test_a_prediction_does_not_depend_on_the_other_sequences(kind, many, dtype):
    net = net_of(kind, many, units=33, levels=2, dtype=dtype)
    X = sequences(range(1, 80))
    together, backwards = net.predict(X), net.predict(X[::-1])
    for number, x in enumerate(X):
        assert np.array_equal(together[number], net.predict([x])[0])
        assert np.array_equal(together[number], backwards[-1 - number])


@every_kind
def test_later_steps_do_not_change_earlier_outputs(kind, dtype):
    net = net_of(kind, many=True, levels=2, dtype=dtype)
    (x,) = sequences([30])
    whole = net.predict([x])[0]
    for length in (1, 7, 16, 29):
        assert np.array_equal(net.predict([x[:length]])[0], whole[:length])


@every_kind
def test_the_output_of_many_to_one_is_that_of_the_last_step(kind, dtype):
    many, one = (net_of(kind, how, dtype=dtype) for how in (True, False))
    one.set_weights(many.get_weights())
    assert np.array_equal(one.predict(X), np.stack([steps[-1] for steps in many.predict(X)]))


@every_kind
@pytest.mark.parametrize("loss", ["squared_error", "softmax_cross_entropy"])
def test_targets_of_one_output_and_labels_need_no_last_axis(kind, loss):
    outputs = 1 if loss == "squared_error" else CLASSES
    array = np.stack(sequences((6, 6, 6)))
    flat = np.stack(labels(many=True, lengths=(6, 6, 6)))
    results = []
    for y in (flat, flat[:, :, None] if outputs == 1 else np.eye(CLASSES)[flat], list(flat)):
        net = net_of(kind, many=True, loss=loss, outputs=outputs)
        results.append([*net.fit(array, y, **FIT).loss, net.evaluate(array, y)["loss"]])
    np.testing.assert_allclose(results, results[:1] * 3, rtol=1e-12)
