"""Layer-sequential unit variance: what it leaves behind, what it reports and what it refuses."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import fanin
from fanin import initializers, optim
from helpers import digest

ROWS = np.random.default_rng(3).normal([0, 1, 2, -1, 5, 0], [1, 2, 1, 3, 1, 0.1], size=(400, 6))


def net_of(*layers, n_inputs=6, **options):
    return fanin.Network(n_inputs, layers, **{"dtype": "float64", **options})


def deep(activation, depth=12, width=40):
    return net_of(*[fanin.Dense(width, activation)] * depth, fanin.Dense(3))


def variance_of_sums(net, number, X=ROWS):
    """Of the sums of a dense layer: what a net predicts that ends there, without an activation."""
    layers = [*net.layers[: number - 1], dataclasses.replace(net.layers[number - 1], activation="identity")]
    shorter = fanin.Network(net.n_inputs, layers, dtype=net.dtype)
    weights = net.get_weights()
    shorter.set_weights({name: weights[name] for name in shorter.get_weights()})
    return shorter.predict(X).var(dtype=float)


@pytest.mark.parametrize("orthogonal", [True, False])
def test_the_sums_of_every_layer_have_unit_variance_for_every_activation(every_activation, orthogonal):
    net = deep(every_activation)
    report = fanin.lsuv(net, ROWS, orthogonal=orthogonal)
    assert [row.name for row in report.layers] == [f"layer{k}" for k in range(1, 14)]
    for number, row in enumerate(report.layers, start=1):
        assert variance_of_sums(net, number) == pytest.approx(1, abs=0.01)
        assert row.after == pytest.approx(variance_of_sums(net, number), rel=1e-9)
        assert row.note == ""


def test_signals_that_vanish_or_explode_do_neither_afterwards():
    for scale in (0.1, 10.0):
        layers = [fanin.Dense(40, "relu", initializers.HeNormal(scale))] * 12
        net = net_of(*layers, dtype="float32")
        before = net.predict(ROWS).std()
        assert not 1e-9 < before < 1e9
        report = fanin.lsuv(net, ROWS, orthogonal=False)
        assert 0.1 < net.predict(ROWS).std() < 10
        assert report.layers[-1].after == pytest.approx(1, abs=0.01)


def test_weights_are_orthogonal_up_to_the_factor_or_the_given_ones():
    start, net, given = (
        net_of(fanin.Dense(4, "tanh"), fanin.Dense(9)),
        *[deep("tanh", 1, 9) for _ in range(2)],
    )
    net = start.copy()
    report = fanin.lsuv(net, ROWS)
    weights = net.get_weights()
    W = weights["layer1.weight"]
    np.testing.assert_allclose(W.T @ W, report.layers[0].factor ** 2 * np.eye(4), atol=1e-13)
    before = given.get_weights()
    report = fanin.lsuv(given, ROWS, orthogonal=False)
    for row in report.layers:
        np.testing.assert_allclose(
            given.get_weights()[f"{row.name}.weight"], row.factor * before[f"{row.name}.weight"], rtol=1e-14
        )
        assert row.before * row.factor**2 == pytest.approx(row.after, rel=1e-12)
        assert row.trials == 1


def test_the_seed_determines_the_orthogonal_start_and_layers_differ():
    nets = [net_of(*[fanin.Dense(6)] * 2, seed=seed) for seed in (1, 1, 2)]
    for net in nets:
        fanin.lsuv(net, ROWS)
    assert digest(nets[0]) == digest(nets[1]) != digest(nets[2])
    first, _, second, _ = nets[0].get_weights().values()
    assert np.abs(first / np.linalg.norm(first) - second / np.linalg.norm(second)).max() > 0.01


def test_biases_stay_and_different_ones_take_more_trials():
    biases = np.linspace(-1, 1, 8)
    net = net_of(fanin.Dense(8, "tanh", bias_initializer=biases), fanin.Dense(2))
    report = fanin.lsuv(net, ROWS)
    np.testing.assert_array_equal(net.get_weights()["layer1.bias"], biases)
    assert report.layers[0].trials > 1
    assert variance_of_sums(net, 1) == pytest.approx(1, abs=0.01)
    hopeless = net_of(fanin.Dense(8, bias_initializer=10 * biases))
    report = fanin.lsuv(hopeless, ROWS, trials=3)
    assert report.layers[0].trials == 3
    assert report.layers[0].note == "not within the tolerance"


def test_layers_within_the_tolerance_keep_their_weights():
    net = deep("tanh", 2)
    fanin.lsuv(net, ROWS)
    before = digest(net)
    report = fanin.lsuv(net, ROWS, orthogonal=False)
    assert digest(net) == before
    assert {(row.factor, row.trials) for row in report.layers} == {(1.0, 0)}
    assert fanin.lsuv(net, ROWS, orthogonal=False, tolerance=1e-30).layers[0].trials > 0


def test_layers_with_batch_norm_keep_their_weights_and_pass_on_what_training_sees():
    net = net_of(
        fanin.Dense(20, "relu", batch_norm=True), fanin.BatchNorm(), fanin.Dropout(0.5), fanin.Dense(20)
    )
    before = net.get_weights()
    report = fanin.lsuv(net, ROWS)
    after = net.get_weights()
    changed = [name for name in before if not np.array_equal(before[name], after[name])]
    assert changed == ["layer4.weight"]
    normalized, dense = report.layers
    assert (normalized.factor, normalized.trials, normalized.note) == (1, 0, "batch norm normalizes it")
    z = ROWS @ before["layer1.weight"]
    assert normalized.before == pytest.approx(z.var(), rel=1e-12)
    a = np.maximum((z - z.mean(axis=0)) / np.sqrt(z.var(axis=0) + 1e-5), 0)
    a = (a - a.mean(axis=0)) / np.sqrt(a.var(axis=0) + 1e-5)
    assert (a @ after["layer4.weight"]).var() == pytest.approx(dense.after, rel=1e-9)
    assert dense.after == pytest.approx(1, abs=0.01)


def test_layers_inside_residuals_have_unit_variance_too():
    block = fanin.Residual([fanin.Dense(10, "relu"), fanin.Dense(6)])
    net = net_of(block, fanin.Activation("tanh"), fanin.Dense(2))
    report = fanin.lsuv(net, ROWS)
    assert [row.name for row in report.layers] == ["layer1.layer1", "layer1.layer2", "layer3"]
    w = net.get_weights()
    z = ROWS @ w["layer1.layer1.weight"]
    y = np.maximum(z, 0) @ w["layer1.layer2.weight"]
    out = np.tanh(ROWS + y) @ w["layer3.weight"]
    for sums, row in zip((z, y, out), report.layers, strict=True):
        assert sums.var() == pytest.approx(1, abs=0.01)
        assert sums.var() == pytest.approx(row.after, rel=1e-9)
    np.testing.assert_allclose(net.predict(ROWS), out, rtol=1e-9)


def test_a_layer_without_variance_keeps_its_weights_and_is_named():
    dead = fanin.Dense(5, "relu", bias_initializer=initializers.Constant(-1e3))
    net = net_of(fanin.Dense(6), dead, fanin.Dense(3), fanin.Dense(2, initializer="zeros"))
    before = net.get_weights()
    report = fanin.lsuv(net, ROWS)
    assert [row.note for row in report.layers[2:]] == ["no variance, so unchanged"] * 2
    for name in ("layer3.weight", "layer4.weight"):
        np.testing.assert_array_equal(net.get_weights()[name], before[name])
    huge = net_of(fanin.Dense(3, initializer=initializers.Constant(3e38)), dtype="float32")
    assert fanin.lsuv(huge, ROWS, orthogonal=False).layers[0].note == "no finite variance, so unchanged"
    assert (huge.get_weights()["layer1.weight"] == np.float32(3e38)).all()


@pytest.mark.parametrize("kind", [fanin.Standardize, fanin.RobustScale])
def test_rows_pass_through_the_input_layer_that_has_learned(kind):
    X = np.where(np.random.default_rng(4).random(ROWS.shape) < 0.1, np.nan, 1e6 + ROWS)
    layers = [kind("mean"), fanin.Dense(10, "tanh"), fanin.Dense(2)]
    net = net_of(*layers, dtype="float32")
    with pytest.raises(ValueError, match="its input layer has not learned from data yet"):
        fanin.lsuv(net, X)
    net.adapt(X)
    report = fanin.lsuv(net, X)
    z = net.first_inputs(X).astype(float) @ net.get_weights()["layer2.weight"]
    assert z.var() == pytest.approx(1, abs=0.01)
    assert report.layers[0].after == pytest.approx(z.var(), rel=1e-5)


def test_many_rows_are_represented_by_some_that_are_evenly_spaced():
    X = np.random.default_rng(5).normal(size=(5000, 6)) * np.linspace(0.1, 3, 5000)[:, None]
    net, twin = deep("tanh", 2), deep("tanh", 2)
    fanin.lsuv(net, X)
    fanin.lsuv(twin, X[::3])
    assert digest(net) == digest(twin)


def test_training_starts_from_the_scaled_weights_and_the_base_rate():
    net = net_of(fanin.Dense(8, "tanh"), fanin.Dense(1, bias_initializer="base_rate"))
    fanin.lsuv(net, ROWS)
    before = net.get_weights()
    net.fit(ROWS, ROWS[:, 4], rule=optim.SGD(0.0), epochs=1)
    np.testing.assert_array_equal(net.get_weights()["layer1.weight"], before["layer1.weight"])
    assert net.get_weights()["layer2.bias"] == pytest.approx(ROWS[:, 4].mean())


def test_the_report_prints_as_a_table():
    row = fanin.unit_variance.LsuvLayer
    report = fanin.LsuvReport((row("layer1", 0.25, 1.0, 2.0, 1), row("layer2.layer1", 0, 0, 1, 0, "a note")))
    assert repr(report).splitlines() == [
        "layer          variance    after   factor  trials",
        "layer1             0.25        1        2       1",
        "layer2.layer1         0        0        1       0  a note",
    ]


@pytest.mark.parametrize(
    ("X", "options", "words"),
    [
        (ROWS[:1], {}, "X: expected at least 2 rows, got 1"),
        (ROWS[:0], {}, "X: expected at least 2 rows, got 0"),
        (ROWS[:, :5], {}, "X: expected 6 columns, one for each input, got shape "),
        (np.where(ROWS > 4, np.inf, ROWS), {}, "X: row 0, column 4 is inf; every value must be finite"),
        (ROWS, {"tolerance": 0.0}, r"tolerance: expected a number in \(0, infinity\), got 0\.0"),
        (ROWS, {"tolerance": np.nan}, "tolerance: expected a "),
        (ROWS, {"trials": 0}, "trials: expected at least 1, got 0"),
        (ROWS, {"trials": 2.5}, "trials: expected an integer, got 2.5"),
        (ROWS, {"orthogonal": 1}, "orthogonal: expected True or False, got 1"),
    ],
)
def test_bad_arguments_of_lsuv_are_refused_and_change_nothing(X, options, words):
    net = deep("tanh", 2)
    before = digest(net)
    with pytest.raises((ValueError, TypeError), match=rf"^{words}"):
        fanin.lsuv(net, X, **options)
    assert digest(net) == before


def test_a_trained_network_is_refused():
    net = deep("tanh", 1)
    net.fit(ROWS, ROWS[:, :3], rule=optim.SGD(1e-3), epochs=2)
    with pytest.raises(
        ValueError, match=r"^net: expected a network that has not been trained, got one after 2 "
    ):
        fanin.lsuv(net, ROWS)


def test_layers_behind_a_whitening_or_indicators_get_unit_variance_too():
    X = np.random.default_rng(9).normal(size=(300, 6))
    X[::3, 1] = np.nan
    for layer in (fanin.Whiten(0.9, missing="mean"), fanin.Standardize("median")):
        net = fanin.Network(6, [layer, fanin.Dense(20, "relu"), fanin.Dense(1)])
        net.adapt(X)
        report = fanin.lsuv(net, X)
        assert [row.name for row in report.layers] == ["layer2", "layer3"]
        assert all(row.after == pytest.approx(1, abs=0.01) for row in report.layers)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fanin.lsuv(ROWS, net_of(fanin.Dense(2))), "net: expected a fanin.Network, got ndarray"),
        (lambda: fanin.find_rate(ROWS, ROWS, 5), "net: expected a fanin.Network, got ndarray"),
        (
            lambda: net_of(fanin.Standardize, fanin.Dense(2)),
            r"at position 0, got .*; write fanin.Standardize\(...\)",
        ),
    ],
)
def test_swapped_arguments_and_classes_instead_of_values_are_explained(call, message):
    with pytest.raises(TypeError, match=message):
        call()
