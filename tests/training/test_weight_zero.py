"""A sample of weight 0 has no influence, whatever finite numbers its row of X and y holds."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from fanin import functional as F
from fanin import losses, optim
from helpers import digest, loss_for
from reference.targets import targets_for

ROWS, INPUTS, OUTPUTS = 90, 5, 3
WEIGHTS = np.where(np.arange(ROWS) % 4 > 0, np.arange(ROWS) % 3 + 0.5, 0.0)
LEFT_OUT = WEIGHTS == 0
RULE = optim.Around(optim.SGD(0.05), clip_norm=0.7)


def filled(values, fill):
    """The values, with another number in the rows of weight 0."""
    values = values.copy()
    values[LEFT_OUT] = fill
    return values


def fill_of(loss, dtype):
    """As large a target as the loss allows."""
    return {"logistic": 1, "softmax_cross_entropy": OUTPUTS - 1}.get(loss, np.finfo(dtype).max)


def cases(loss, dtype):
    """Data that differ only in the rows of weight 0."""
    rng = np.random.default_rng(3)
    X, y = rng.normal(size=(ROWS, INPUTS)).astype(dtype), targets_for(loss, rng, ROWS, OUTPUTS)
    if y.dtype.kind == "f":
        y = y.astype(dtype)
    largest = np.finfo(dtype).max
    return (X, y), (filled(X, largest), filled(y, fill_of(loss, dtype))), (filled(X, -largest), y)


def network(loss, dtype, **options):
    layers = [fanin.Dense(40, "gelu"), fanin.Dropout(0.1), fanin.Dense(7, "softplus"), fanin.Dense(OUTPUTS)]
    return fanin.Network(INPUTS, layers, loss_for(loss, OUTPUTS), dtype=dtype, seed=2, **options)


@pytest.mark.parametrize("fill", [1.0, -1.0])
def test_loss_and_gradient_are_those_of_the_other_rows(every_loss, dtype, fill):
    rng = np.random.default_rng(3)
    a, y = rng.normal(size=(ROWS, OUTPUTS)).astype(dtype), targets_for(every_loss, rng, ROWS, OUTPUTS)
    loss, kept = loss_for(every_loss, OUTPUTS), ~LEFT_OUT
    extreme = filled(a, fill * np.finfo(dtype).max), filled(y, fill_of(every_loss, dtype))
    expected = F.loss(a[kept], y[kept], loss, sample_weight=WEIGHTS[kept])
    rel = 1e-14 if dtype == "float64" else 1e-6
    assert F.loss(*extreme, loss, sample_weight=WEIGHTS) == pytest.approx(expected, rel=rel)
    gradient = F.loss_gradient(*extreme, loss, sample_weight=WEIGHTS)
    assert not gradient[LEFT_OUT].any()
    np.testing.assert_array_equal(gradient, F.loss_gradient(a, y, loss, sample_weight=WEIGHTS))


def test_soft_targets_of_weight_zero_have_no_influence(dtype):
    rng = np.random.default_rng(4)
    a, y = rng.normal(size=(ROWS, 40)).astype(dtype), rng.dirichlet(np.ones(40), ROWS).astype(dtype)
    for loss in (losses.SoftmaxCrossEntropy(), losses.SoftmaxCrossEntropy(0.1)):
        extreme = filled(a, -np.finfo(dtype).max), filled(y, np.finfo(dtype).max)
        assert F.loss(*extreme, loss, sample_weight=WEIGHTS) == F.loss(a, y, loss, sample_weight=WEIGHTS)
        got, expected = (F.loss_gradient(*data, loss, sample_weight=WEIGHTS) for data in (extreme, (a, y)))
        np.testing.assert_array_equal(got, expected)


def test_loss_and_metric_of_evaluation_are_those_of_the_other_rows(every_loss, dtype):
    ordinary, *extremes = cases(every_loss, dtype)
    net = network(every_loss, dtype)
    expected = net.evaluate(*ordinary, sample_weight=WEIGHTS)
    assert np.isfinite(list(expected.values())).all()
    for data in extremes:
        assert net.evaluate(*data, sample_weight=WEIGHTS) == expected


@pytest.mark.parametrize("threads_used", [1, 3])
@pytest.mark.parametrize("around", [{}, {"clip_norm": 0.7}, {"accumulate": 3}], ids=str)
def test_training_has_the_bits_of_any_other_numbers_there(every_loss, dtype, around, threads, threads_used):
    threads(threads_used)
    found = []
    for X, y in cases(every_loss, dtype):
        net = network(every_loss, dtype)
        options = {"rule": optim.Around(optim.SGD(0.01), **around), "epochs": 2, "batch_size": 16}
        history = net.fit(X, y, sample_weight=WEIGHTS, validation_data=(X, y, WEIGHTS), **options)
        assert np.isfinite(history.loss + history.val_loss + history.val_metric).all()
        found.append((digest(net), history.loss, history.val_loss, history.val_metric))
    assert found[1:] == found[:1] * 2


def test_chunks_nets_trained_together_and_objectives_ignore_them(dtype):
    found = []
    for X, y in cases("squared_error", dtype):
        nets = [network("squared_error", dtype) for _ in range(3)]
        chunk = (X, y, WEIGHTS)
        nets[0].fit_chunks([chunk, chunk], rule=RULE, epochs=1, validation_data=chunk)
        fits = [(net, X, y, {"rule": RULE, "epochs": 2, "sample_weight": WEIGHTS}) for net in nets[1:]]
        fanin.train_together(fits)
        objective = nets[0].objective(X, y, sample_weight=WEIGHTS)
        value, gradient = objective.loss_and_gradient(objective.weights())
        found.append(([digest(net) for net in nets], value, gradient.tolist()))
    assert np.isfinite(found[0][1])
    assert found[1:] == found[:1] * 2


def test_with_batch_norm_only_their_inputs_count_and_only_in_the_statistics(dtype):
    (X, y), (_, extreme), _ = cases("squared_error", dtype)
    results = []
    for inputs, targets in ((X, y), (X, extreme), (filled(X, 9), y)):
        layers = [fanin.Dense(7, "tanh", batch_norm=True), fanin.Dense(OUTPUTS)]
        net = fanin.Network(INPUTS, layers, dtype=dtype, seed=2)
        net.fit(inputs, targets, rule=optim.SGD(0.1), epochs=2, sample_weight=WEIGHTS)
        results.append(digest(net))
    assert results[0] == results[1] != results[2]


def test_values_that_are_not_finite_are_refused_there_too(dtype):
    (X, y), *_ = cases("squared_error", dtype)
    net = network("squared_error", dtype)
    for data, name in (((filled(X, np.nan), y), "X"), ((X, filled(y, np.nan)), "y")):
        with pytest.raises(ValueError, match=f"{name}: row 0, column 0 is nan"):
            net.fit(*data, rule=RULE, sample_weight=WEIGHTS)
