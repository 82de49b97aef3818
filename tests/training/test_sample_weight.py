"""Sample weights: weight k equals k copies of the row, 0 equals no row, and equal weights equal none."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from fanin import functional as F
from fanin import losses, optim
from helpers import digest, flat, loss_for, reference_of, reference_rule, rule_named
from probes import loss_at
from reference.targets import targets_for

ROWS, OUTPUTS = 23, 3
COUNTS = np.array([3, 1, 0, 2, 5, 1, 0, 4, 1, 1, 2, 0, 7, 1, 3, 2, 0, 1, 1, 6, 2, 1, 0])


def outputs_and_targets(loss):
    rng = np.random.default_rng(4)
    return 2 * rng.normal(size=(ROWS, OUTPUTS)), targets_for(loss, rng, ROWS, OUTPUTS)


def network(loss, dtype="float64", **options):
    layers = [fanin.Dense(7, "tanh"), fanin.Dense(OUTPUTS)]
    return fanin.Network(5, layers, loss=loss_for(loss, OUTPUTS), dtype=dtype, **options)


def trained(loss, data, weights, dtype, epochs=3, batch_size=16):
    net = network(loss, dtype, seed=7)
    options = {"epochs": epochs, "batch_size": batch_size, "sample_weight": weights}
    history = net.fit(*data, rule=optim.Adam(), **options)
    return digest(net), history.loss, net.evaluate(*data, sample_weight=weights)


def test_whole_weights_are_repeated_rows(every_loss, dtype):
    a, y = outputs_and_targets(every_loss)
    loss = loss_for(every_loss, OUTPUTS)
    weighted = loss_at(loss, a, y, COUNTS, dtype)
    repeated = loss_at(loss, np.repeat(a, COUNTS, axis=0), np.repeat(y, COUNTS, axis=0), None, dtype)
    rel = 1e-13 if dtype == "float64" else 2e-6
    assert weighted.value == pytest.approx(repeated.value, rel=rel)
    assert weighted.metric == pytest.approx(repeated.metric, rel=rel)
    for row, rows in enumerate(np.split(repeated.gradient, np.cumsum(COUNTS)[:-1])):
        np.testing.assert_allclose(weighted.gradient[row], rows.sum(axis=0), rtol=4 * rel, atol=rel)


def test_a_row_of_weight_zero_is_no_row(every_loss, dtype):
    a, y = outputs_and_targets(every_loss)
    loss, kept = loss_for(every_loss, OUTPUTS), COUNTS > 0
    weights = COUNTS / 3
    all_rows = loss_at(loss, a, y, weights, dtype)
    rows_kept = loss_at(loss, a[kept], y[kept], weights[kept], dtype)
    rel = 1e-14 if dtype == "float64" else 5e-7
    assert all_rows.value == pytest.approx(rows_kept.value, rel=rel)
    assert all_rows.metric == pytest.approx(rows_kept.metric, rel=rel)
    assert not all_rows.gradient[~kept].any()
    np.testing.assert_allclose(all_rows.gradient[kept], rows_kept.gradient, rtol=rel)


@pytest.mark.parametrize("weight", [1.0, 0.5, 64.0, 2.0**-1022, 2.0**-149, 2.0**127, 2.0**1023])
def test_equal_weights_that_are_powers_of_two_change_no_bits(weight, every_loss, dtype, data_for):
    data = data_for(every_loss)
    assert trained(every_loss, data, np.full(53, weight), dtype) == trained(every_loss, data, None, dtype)


@pytest.mark.parametrize("weight", [3.0, 0.1, 1e-20, 1e20])
def test_any_equal_weights_train_as_no_weights_up_to_rounding(weight, every_loss, data_for):
    """Weight / (m weight) is not always 1 / m in floating point."""
    data = data_for(every_loss)
    weighted, plain = network(every_loss, seed=7), network(every_loss, seed=7)
    options = {"rule": optim.SGD(0.02), "epochs": 3, "batch_size": 16}
    losses_of = [
        net.fit(*data, sample_weight=w, **options).loss
        for net, w in ((weighted, np.full(53, weight)), (plain, None))
    ]
    np.testing.assert_allclose(losses_of[0], losses_of[1], rtol=1e-12)
    np.testing.assert_allclose(flat(weighted.get_weights()), flat(plain.get_weights()), rtol=0, atol=1e-13)


@pytest.mark.parametrize("batch_size", [1, 16, 53])
def test_weighted_training_is_that_of_the_textbook(batch_size, every_rule, every_loss, data_for):
    X, y = data_for(every_loss)
    weights = np.random.default_rng(6).uniform(0.1, 3, size=53)
    net = network(every_loss, seed=3)
    twin, rule = reference_of(net), rule_named(every_rule, learning_rate=0.01)
    expected = twin.train(X, y, reference_rule(every_rule, rule), 3, batch_size, weights)
    options = {"epochs": 3, "batch_size": batch_size, "batches": "in_order", "sample_weight": weights}
    history = net.fit(X, y, rule=rule, **options)
    np.testing.assert_allclose(history.loss, expected, rtol=1e-11)
    np.testing.assert_allclose(flat(net.get_weights()), flat(twin), rtol=0, atol=1e-11)


def test_weighted_evaluation_is_that_of_the_textbook(every_loss, dtype, data_for):
    X, y = data_for(every_loss)
    weights = np.random.default_rng(6).uniform(0, 3, size=53)
    net = network(every_loss, dtype)
    twin, (loss, metric) = reference_of(net), net.evaluate(X, y, sample_weight=weights).values()
    rel = 1e-12 if dtype == "float64" else 1e-5
    assert loss == pytest.approx(twin.loss_of(X, y, weights), rel=rel)
    assert metric == pytest.approx(twin.metric_of(X, y, weights), rel=rel)


def test_weights_stay_with_their_rows_when_rows_are_shuffled():
    """With one-hot rows a weight of the net moves by its row's weight times its error."""
    n = 200
    net = fanin.Network(n, [fanin.Dense(1, initializer="zeros")], dtype="float64")
    weights = np.arange(n) + 1.0
    net.fit(np.eye(n), np.full(n, 1e6), rule=optim.SGD(1e-9), epochs=1, batch_size=n, sample_weight=weights)
    moved = net.get_weights()["layer1.weight"][:, 0]
    np.testing.assert_allclose(moved / moved.sum(), weights / weights.sum(), rtol=1e-12)


def test_a_batch_with_all_weights_zero_changes_nothing(dtype):
    X, y, weights = np.ones((4, 2)), np.ones(4), [1.0, 1.0, 0.0, 0.0]
    nets = [fanin.Network(2, [fanin.Dense(1)], dtype=dtype, seed=1) for _ in range(2)]
    options = {"rule": optim.SGD(0.1), "epochs": 2, "batch_size": 2, "batches": "in_order"}
    losses_seen = [
        nets[0].fit(X, y, sample_weight=weights, **options).loss,
        nets[1].fit(X[:2], y[:2], **options).loss,
    ]
    assert losses_seen[0] == losses_seen[1]
    assert digest(nets[0]) == digest(nets[1])


@pytest.mark.parametrize(
    "view", [np.float32, np.int8, list, lambda w: np.repeat(w, 2)[::2], lambda w: w[::-1].copy()[::-1]]
)
def test_weights_of_any_type_and_layout_are_accepted(view, regression):
    weights = np.arange(53) % 5
    expected = network("squared_error").evaluate(*regression, sample_weight=weights)
    assert network("squared_error").evaluate(*regression, sample_weight=view(weights)) == expected


@pytest.mark.parametrize("threads_used", [1, 3])
def test_weighted_training_gives_the_same_bits_on_any_number_of_threads(threads_used, every_loss, threads):
    rng = np.random.default_rng(5)
    X, weights = rng.normal(size=(330, 5)), rng.uniform(0, 2, size=330)
    data = X, targets_for(every_loss, rng, 330, OUTPUTS)
    threads(2)
    expected = trained(every_loss, data, weights, "float32", batch_size=100)
    threads(threads_used)
    assert trained(every_loss, data, weights, "float32", batch_size=100) == expected


@pytest.mark.parametrize(
    ("weights", "error", "words"),
    [
        ([1.0] * 52, ValueError, r"expected shape \(53,\), got \(52,\)"),
        ([], ValueError, r"expected shape \(53,\), got \(0,\)"),
        (np.ones((53, 1)), ValueError, r"expected shape \(53,\), got \(53, 1\)"),
        (1.0, ValueError, r"expected shape \(53,\), got \(\)"),
        ([1.0] * 52 + [-0.5], ValueError, "row 52 is -0.5; weights must be finite and at least 0"),
        (
            [1.0] * 50 + [np.nan, 1.0, -1.0],
            ValueError,
            "row 50 is nan; weights must be finite and at least 0",
        ),
        ([np.inf] + [1.0] * 52, ValueError, "row 0 is inf; weights must be finite and at least 0"),
        ([0.0] * 53, ValueError, "expected at least one weight above 0"),
        (
            [1.0] * 52 + [1e-323],
            ValueError,
            "row 52 is 9.88131e-324; weights must be 0 or at least 2.22507e-308; float64 loses smaller ones next to "
            "the largest, 1",
        ),
        (
            [1e-310] * 53,
            ValueError,
            "row 0 is 1e-310; .*; float64 loses smaller ones next to the largest, 1e-310",
        ),
        ([1e300] * 50 + [0.0, 1e-10, 1.0], ValueError, "row 51 is 1e-10; weights must be 0 or"),
        (["1"] * 53, TypeError, "expected real numbers, got dtype"),
        ([1j] * 53, TypeError, "expected real numbers, got dtype complex"),
        ([None] * 53, TypeError, "expected real numbers, got dtype object"),
    ],
    ids=[
        "short",
        "none",
        "column",
        "number",
        "negative",
        "nan",
        "inf",
        "zeros",
        "lost",
        "denormal",
        "far apart",
        "words",
        "complex",
        "None",
    ],
)
def test_wrong_sample_weights_get_a_clear_message(weights, error, words, regression):
    net = network("squared_error")
    before = digest(net)
    with pytest.raises(error, match=f"sample_weight: {words}"):
        net.fit(*regression, rule=optim.SGD(), sample_weight=weights)
    with pytest.raises(error, match=f"sample_weight: {words}"):
        net.evaluate(*regression, sample_weight=weights)
    assert digest(net) == before


def test_a_common_factor_of_the_weights_changes_nothing(dtype, every_loss, data_for):
    """No bit changes if the factor is a power of two, even if sums or squares of weights would overflow."""
    data, weights = data_for(every_loss), np.random.default_rng(7).uniform(0.1, 3, size=53)
    a = np.random.default_rng(8).normal(size=(53, OUTPUTS)).astype(dtype)
    loss, results = loss_for(every_loss, OUTPUTS), []
    for factor in (1.0, 2.0**-1000, 2.0**-140, 2.0**125, 2.0**1020):
        given = {"sample_weight": weights * factor}
        gradient = F.loss_gradient(a, data.y, loss, **given).tobytes()
        results.append(
            (trained(every_loss, data, weights * factor, dtype), F.loss(a, data.y, loss, **given), gradient)
        )
    assert all(result == results[0] for result in results)
    assert np.isfinite(results[0][1])


def test_a_weight_that_underflows_in_float32_is_refused_there_and_counts_in_float64(regression):
    weights = np.ones(53)
    weights[3] = 1e-46
    words = "sample_weight: row 3 is 1e-46; weights must be 0 or at least .*; float32 loses smaller ones"
    net = network("squared_error", "float32")
    before = digest(net)
    with pytest.raises(ValueError, match=words):
        net.fit(*regression, rule=optim.SGD(), sample_weight=weights)
    with pytest.raises(ValueError, match=words):
        net.evaluate(*regression, sample_weight=weights)
    for function in (F.loss, F.loss_gradient):
        with pytest.raises(ValueError, match=words):
            function(np.zeros((53, 3), "float32"), regression.y, "squared_error", sample_weight=weights)
    assert digest(net) == before
    network("squared_error").fit(*regression, rule=optim.SGD(), epochs=1, sample_weight=weights)


def test_a_batch_of_small_weights_moves_as_far_as_any(dtype):
    """The mean of a batch uses only its own weights, not those of other batches."""
    X, y = np.ones((4, 2)), np.arange(4.0)
    options = {"rule": optim.SGD(0.1), "epochs": 1, "batch_size": 2, "batches": "in_order"}
    moved = []
    for small in (1.0, 2.0**-120):
        net = fanin.Network(2, [fanin.Dense(1)], dtype=dtype, seed=1)
        net.fit(X, y, sample_weight=[1.0, 1.0, small, small], **options)
        moved.append(digest(net))
    assert moved[0] == moved[1]


def test_weights_and_soft_targets_go_together():
    rng = np.random.default_rng(8)
    a, labels, weights = rng.normal(size=(6, 4)), rng.integers(4, size=6), rng.uniform(0.5, 2, size=6)
    loss = losses.SoftmaxCrossEntropy(0.1)
    hard, soft = (loss_at(loss, a, y, weights) for y in (labels, np.eye(4)[labels]))
    assert hard.value == pytest.approx(soft.value, rel=1e-14)
    assert hard.metric == soft.metric
    np.testing.assert_allclose(hard.gradient, soft.gradient, rtol=1e-12)
