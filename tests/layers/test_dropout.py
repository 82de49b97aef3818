"""Dropout: what it drops, against Philox in NumPy; where it may be placed; what it does not change."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from fanin import optim
from helpers import digest, rule_named
from reference.dropout import factors, philox


def dropped_inputs(x, rate, seed, dtype, epoch=1, batch_size=None):
    """The rows of x after dropout: the gradient of weights that start at 0, with one target per row."""
    rows = len(x)
    layers = [fanin.Dropout(rate), fanin.Dense(rows, initializer="zeros")]
    net = fanin.Network(x.shape[1], layers, seed=seed, dtype=dtype)
    net.fit(x, np.eye(rows), rule=optim.SGD(0.0), epochs=epoch - 1, batch_size=rows, batches="in_order")
    size = batch_size or rows
    net.fit(x, np.eye(rows) * size, rule=optim.SGD(1.0), epochs=1, batch_size=size, batches="in_order")
    return net.get_weights()["layer2.weight"].T


def test_philox_gives_the_published_numbers():
    """The known answers that come with the paper's own code (Random123)."""
    zeros, ones = np.zeros(1, np.uint64), np.full(1, 0xFFFFFFFF, np.uint64)
    assert [int(c[0]) for c in philox([zeros] * 4, 0)] == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
    assert [int(c[0]) for c in philox([ones] * 4, 2**64 - 1)] == [
        0x408F276D,
        0x41C83B0E,
        0xA20BC7C6,
        0x6D5451FD,
    ]


@pytest.mark.parametrize("columns", [1, 8, 15, 16, 17, 31, 33, 70])
@pytest.mark.parametrize("seed", [0, 2**40 + 3])
def test_the_values_dropped_depend_only_on_seed_layer_epoch_and_position(columns, seed, dtype):
    x = np.random.default_rng(0).normal(size=(67, columns)).astype(dtype)
    expected = x * factors(x.shape, 0.3, seed, layer=0, epoch=2, step=0)
    np.testing.assert_allclose(dropped_inputs(x, 0.3, seed, dtype, epoch=2), expected, rtol=1e-5, atol=1e-6)


def test_each_step_drops_others():
    x = np.random.default_rng(0).normal(size=(20, 40))
    first, second = (factors((10, 40), 0.5, 4, layer=0, epoch=1, step=step) for step in (0, 1))
    # weights of the last ten outputs, whose targets are 0 in the first batch, are 0 before the second one
    got = dropped_inputs(x, 0.5, 4, "float64", batch_size=10)[10:]
    np.testing.assert_allclose(got, x[10:] * second, rtol=0, atol=1e-12)
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_the_share_that_is_dropped_is_the_rate_and_the_mean_stays(rate):
    share = factors((1000, 1000), rate, seed=7, layer=2, epoch=1, step=3)
    assert abs((share == 0).mean() - rate) < 4 * np.sqrt(rate * (1 - rate)) / 1000
    assert abs(share.mean() - 1) < 4 * np.sqrt(rate / (1 - rate)) / 1000


def net_with(dropout, **options):
    layers = [fanin.Dense(70, "relu"), *dropout, fanin.Dense(33, "gelu"), fanin.Dense(3)]
    return fanin.Network(20, layers, "softmax_cross_entropy", seed=5, **options)


@pytest.fixture
def samples():
    rng = np.random.default_rng(1)
    return rng.normal(size=(150, 20)).astype("float32"), rng.integers(0, 3, 150)


def weights_of(net):
    return list(net.get_weights().values())


def test_rate_0_is_no_dropout_and_dropout_has_no_weights_and_changes_no_initial_ones(samples):
    with_it, without = net_with([fanin.Dropout(0.0)]), net_with([])
    assert list(with_it.get_weights()) == [f"layer{n}.{w}" for n in (1, 3, 4) for w in ("weight", "bias")]
    for net in (with_it, without):
        net.fit(*samples, rule=optim.Adam(0.01), epochs=2)
    for one, other in zip(weights_of(with_it), weights_of(without), strict=True):
        assert np.array_equal(one, other)
    assert with_it.n_parameters == without.n_parameters


def test_prediction_drops_nothing(samples):
    with_it, without = net_with([fanin.Dropout(0.9)]), net_with([])
    assert np.array_equal(with_it.predict(samples[0]), without.predict(samples[0]))
    assert with_it.evaluate(*samples) == without.evaluate(*samples)


def test_continuing_gives_the_bits_of_one_fit(samples):
    once, twice = net_with([fanin.Dropout(0.4)]), net_with([fanin.Dropout(0.4)])
    once.fit(*samples, rule=optim.Adam(0.01), epochs=3)
    twice.fit(*samples, rule=optim.Adam(0.01), epochs=1)
    twice.fit(*samples, rule=optim.Adam(0.01), epochs=2)
    assert digest(once) == digest(twice)


def test_every_rule_trains_with_dropout(every_rule, samples):
    """A rule that takes two gradients takes both with the same values dropped."""
    net = net_with([fanin.Dropout(0.3)])
    net.fit(*samples, rule=rule_named(every_rule), epochs=2, batch_size=len(samples[0]))
    assert all(np.isfinite(w).all() for w in weights_of(net))


def test_dropout_narrows_the_gap_between_training_and_validation():
    """100 noisy samples that 200 units can memorize."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1100, 20)).astype("float32")
    y = (x[:, 0] + 0.7 * rng.normal(size=1100) > 0).astype("int64")
    gaps = []
    for rate in (0.0, 0.7):
        layers = [fanin.Dense(200, "relu"), fanin.Dropout(rate), fanin.Dense(2)]
        net = fanin.Network(20, layers, "softmax_cross_entropy")
        net.fit(x[:100], y[:100], rule=optim.Adam(0.003), epochs=60)
        gaps.append(net.evaluate(x[100:], y[100:])["loss"] - net.evaluate(x[:100], y[:100])["loss"])
    assert 0 < gaps[1] < 0.9 * gaps[0]


@pytest.mark.parametrize(
    ("rate", "error", "message"),
    [
        (1.0, ValueError, r"rate: expected a number in \[0, 1\), got 1.0"),
        (-0.1, ValueError, r"rate: expected a number in \[0, 1\), got -0.1"),
        (float("nan"), ValueError, r"rate: expected a number in \[0, 1\), got nan"),
        ("half", TypeError, "rate: expected a number, got 'half'"),
        (True, TypeError, "rate: expected a number, got True"),
    ],
)
def test_a_rate_that_cannot_be_used_is_refused(rate, error, message):
    with pytest.raises(error, match=message):
        fanin.Dropout(rate)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (
            [fanin.Dropout(0.1), fanin.Dropout(0.2), fanin.Dense(1)],
            "layers: layer 2: a Dropout directly after a Dropout; expected only one, with the combined rate",
        ),
        (
            [fanin.Dense(1), fanin.Dropout()],
            "layers: layer 2: the last layer gives the outputs; expected a Dense",
        ),
        ([fanin.BatchNorm()], "layers: layer 1: the last layer gives the outputs; expected a Dense"),
        (
            [fanin.BatchNorm(), fanin.Dropout(), fanin.BatchNorm(), fanin.Dense(1)],
            "layers: layer 3: a BatchNorm directly after a BatchNorm; expected only one",
        ),
    ],
)
def test_an_order_of_layers_that_makes_no_sense_is_refused(layers, message):
    with pytest.raises(ValueError, match=message):
        fanin.Network(4, layers)


def test_a_value_that_is_no_layer_is_refused():
    kinds = r"fanin\.Dense, fanin\.BatchNorm, .*, fanin\.\w+ or fanin\.\w+"
    expected = rf"expected {kinds} at position 1, got 0\.5"
    with pytest.raises(TypeError, match=expected):
        fanin.Network(4, [fanin.Dense(3), 0.5])
    with pytest.raises(TypeError, match=rf"expected a list of {kinds}, got"):
        fanin.Network(4, fanin.Dropout())
