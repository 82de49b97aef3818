"""Learning rates by array and by fan-in, and frozen arrays."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from fanin import optim
from helpers import (
    digest,
    flat,
    inputs_for,
    inputs_of_reference,
    reference_rule,
    rule_named,
    without_decay,
)
from reference.rules import decayed_step

OPTIONS = {"epochs": 2, "batch_size": 20}


def small_net(dtype="float64", **options):
    layers = [fanin.Dense(7, "tanh", batch_norm=True), fanin.Dense(6, "relu"), fanin.Dense(3)]
    return fanin.Network(5, layers, "softmax_cross_entropy", dtype=dtype, **options)


def test_a_rate_scale_scales_the_change_and_the_decay_of_its_array(every_rule):
    rule = without_decay(rule_named(every_rule))
    arrays = [np.random.default_rng(i).normal(size=(6, 3)) for i in range(2)]
    expected, states = [a.copy() for a in arrays], [{}, {}]
    around = optim.Around(rule, rate_scales={1: 0.25}, weight_decay=0.1)
    opt, textbook = optim.Optimizer(around, arrays), reference_rule(every_rule, rule)
    for t in range(1, 20):
        g = [np.random.default_rng(t + i).normal(size=(6, 3)) for i in range(2)]
        inputs = inputs_for(rule, g, seed=t)
        at = [a.copy() for a in arrays]
        opt.step(g, **inputs)
        for i, scale in enumerate((1, 0.25)):
            more = inputs_of_reference(inputs, i)
            if every_rule == "muon":
                more["hidden"] = i == 0
            expected[i] += scale * decayed_step(textbook, g[i], states[i], t, 0.1 * at[i], **more)
    for mine, theirs in zip(opt.weights(), expected, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-9)


def test_the_name_of_an_array_takes_precedence_over_its_layer(classification):
    rates = {"layer1.beta": 4, "layer1": 0.5, "layer3": 0, "layer2": 1}
    nets = [small_net() for _ in range(2)]
    before = nets[0].get_weights()
    for net, rule in zip(
        nets, (optim.SGD(0.1), optim.Around(optim.SGD(0.1), rate_scales=rates)), strict=True
    ):
        net.fit(*classification, rule=rule, epochs=1, batch_size=53)
    plain, scaled = (net.get_weights() for net in nets)
    of_arrays = {
        "layer1.weight": 0.5,
        "layer1.gamma": 0.5,
        "layer1.beta": 4,
        "layer3.weight": 0,
        "layer3.bias": 0,
    }
    for name in before:
        if ".running" not in name:
            change = of_arrays.get(name, 1) * (plain[name] - before[name])
            np.testing.assert_allclose(
                scaled[name] - before[name], change, rtol=1e-9, atol=1e-14, err_msg=name
            )


@pytest.mark.parametrize("power", [0.5, 1])
def test_the_rate_of_weights_may_fall_with_the_fan_in(power, classification):
    nets = [small_net() for _ in range(2)]
    before = nets[0].get_weights()
    for net, rule in zip(
        nets, (optim.SGD(0.1), optim.Around(optim.SGD(0.1), fan_in_power=power)), strict=True
    ):
        net.fit(*classification, rule=rule, epochs=1, batch_size=53)
    plain, scaled = (net.get_weights() for net in nets)
    for name, fan_in in {
        "layer1.weight": 5,
        "layer2.weight": 7,
        "layer3.weight": 6,
        "layer2.bias": 1,
    }.items():
        change = fan_in**-power * (plain[name] - before[name])
        np.testing.assert_allclose(scaled[name] - before[name], change, rtol=1e-9, atol=1e-14)
    arrays = [np.zeros((9, 4)), np.zeros((3, 3, 2)), np.zeros(9)]
    optim.Optimizer(optim.Around(optim.SGD(1), fan_in_power=power), arrays).step(
        [np.ones_like(a) for a in arrays]
    )
    for array, fan_in in zip(arrays, (9, 9, 1), strict=True):
        np.testing.assert_allclose(array, -(float(fan_in) ** -power))


def test_the_largest_stable_rate_of_a_linear_neuron_does_not_depend_on_n_with_fan_in_power_one():
    for n in (4, 64):
        X = np.sign(np.random.default_rng(n).normal(size=(1, n)))  # lambda_max = n
        for rate, stable in ((1.9, True), (2.1, False)):
            net = fanin.Network(n, [fanin.Dense(1)], dtype="float64")
            net.fit(
                X,
                [1.0],
                rule=optim.Around(optim.SGD(rate), fan_in_power=1, frozen=["layer1.bias"]),
                epochs=60,
            )
            assert (net.evaluate(X, [1.0])["loss"] < 1e-3) == stable


@pytest.mark.parametrize("accumulate", [1, 2])
@pytest.mark.parametrize(
    "frozen",
    [
        ["layer1"],
        ["layer1", "layer2"],
        ["layer1", "layer2", "layer3"],
        ["layer2", "layer3"],
        ["layer1.weight", "layer2"],
        ["layer1", "layer2.weight", "layer3.weight"],
        ["layer1.weight", "layer1.beta"],
    ],
    ids=str,
)
def test_unfrozen_arrays_get_the_same_bits_as_when_all_gradients_are_computed(
    frozen, accumulate, classification, dtype
):
    """Gradients that only frozen arrays need are not computed; with a rate of 0 they are."""
    nets = [small_net(dtype) for _ in range(2)]
    for net, kept in zip(nets, ({"frozen": frozen}, {"rate_scales": dict.fromkeys(frozen, 0)}), strict=True):
        rule = optim.Around(optim.Momentum(0.1), accumulate=accumulate, **kept)
        net.fit(*classification, rule=rule, **OPTIONS)
    assert digest(nets[0]) == digest(nets[1])


def test_a_net_with_frozen_lower_layers_has_the_same_bits_for_every_number_of_threads(threads):
    rng, digests = np.random.default_rng(3), set()
    X, y = rng.normal(size=(300, 40)), rng.integers(0, 3, 300)
    layers = [fanin.Dense(n, "relu", batch_norm=n == 96) for n in (128, 96, 64)]
    rule = optim.Around(optim.Adam(0.01), frozen=["layer1", "layer2.weight", "layer3.bias"])
    for n in (1, 2, 3, 7):
        threads(n)
        net = fanin.Network(40, [*layers, fanin.Dense(3)], "softmax_cross_entropy")
        net.fit(X, y, rule=rule, epochs=2, batch_size=100)
        digests.add(digest(net))
    assert len(digests) == 1


@pytest.mark.parametrize("frozen", [["layer1"], ["layer2.weight", "layer3.bias"], ("layer1.gamma",)], ids=str)
def test_frozen_arrays_stay_bit_for_bit_and_others_are_trained(every_rule, frozen, classification, dtype):
    net = small_net(dtype)
    net.fit(*classification, rule=rule_named(every_rule), **OPTIONS)  # velocities are not 0
    before = net.get_weights()
    net.fit(*classification, rule=optim.Around(rule_named(every_rule), frozen=frozen), **OPTIONS)
    stays = {name for name, w in net.get_weights().items() if w.tobytes() == before[name].tobytes()}
    expected = {name for name in before if name in frozen or name.partition(".")[0] in frozen}
    assert stays == {name for name in expected if ".running" not in name}
    net.fit(*classification, rule=rule_named(every_rule), **OPTIONS)
    assert all(net.get_weights()[name].tobytes() != before[name].tobytes() for name in expected)


def test_a_frozen_array_keeps_its_state_and_does_not_count_in_the_norm():
    arrays = [np.ones((2, 2)), np.ones(3)]
    opt = optim.Optimizer(optim.Around(optim.Momentum(0.1), frozen=[0], clip_norm=1.0), arrays)
    opt.step([np.full((2, 2), 1e6), np.array([0.0, 0.6, 0.8])])
    assert arrays[0].tolist() == [[1, 1], [1, 1]]
    assert opt.state["v"][0].tolist() == [[0, 0], [0, 0]]
    np.testing.assert_allclose(arrays[1], [1, 0.94, 0.92])


def test_a_second_gradient_is_taken_at_a_point_with_frozen_arrays_unmoved(dtype):
    """The curvature of E = 1/2 (w x + b - y)^2 along b is 1 for any x if w is frozen."""
    y = 5 + 0.01 * np.random.default_rng(0).normal(size=(200, 1))
    biases = []
    for size in (0.0, 1000.0):
        net = fanin.Network(1, [fanin.Dense(1, initializer="zeros")], dtype=dtype)
        rule = optim.Around(optim.SchaulVSGD(), frozen=["layer1.weight"])
        net.fit(np.full((200, 1), size), y, rule=rule, epochs=4, batch_size=10)
        biases.append(net.get_weights()["layer1.bias"])
    assert np.array_equal(*biases)
    opt = optim.Optimizer(optim.Around(optim.SchaulVSGD(), frozen=[0]), [np.full(2, 3.0), np.zeros(40)])
    frozen, free = opt.shifted([np.ones(2), np.ones(40)])
    assert frozen.tolist() == [3, 3]
    assert (free != 0).all()


def test_all_of_nesterovs_arrays_are_their_weights_while_frozen():
    w = np.zeros(4)
    opt = optim.Optimizer(optim.Nesterov(0.1), [w])
    opt.step([np.ones(4)])
    weights = opt.weights()[0]
    opt.rule = optim.Around(optim.Nesterov(0.1), frozen=[0])
    np.testing.assert_allclose(w, weights, rtol=1e-15)
    held = w.copy()
    opt.step([np.ones(4)])
    assert np.array_equal(w, held)
    opt.rule = optim.Around(optim.Nesterov(0.1), rate_scales={0: 0.5})
    np.testing.assert_allclose(w, weights + 0.5 * 0.9 * opt.state["v"][0])
    np.testing.assert_allclose(opt.weights()[0], weights)


def test_a_scaled_nesterov_in_a_network_is_nesterov_at_that_rate(classification):
    nets = [small_net() for _ in range(2)]
    scales = {f"layer{i}": 0.5 for i in (1, 2, 3)}
    rules = (optim.Nesterov(0.05), optim.Around(optim.Nesterov(0.1), rate_scales=scales))
    for net, rule in zip(nets, rules, strict=True):
        for _ in range(2):
            net.fit(*classification, rule=rule, **OPTIONS)
        net.set_weights(net.get_weights())
        net.fit(*classification, rule=rule, **OPTIONS)
    np.testing.assert_allclose(flat(nets[0].get_weights()), flat(nets[1].get_weights()), rtol=0, atol=1e-13)


NAMES = (
    r"expected an array or a layer of the network \(layer1.weight, layer1.beta, layer1.gamma, layer2.weight, "
    r"layer2.bias, layer3.weight, layer3.bias\), got"
)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"frozen": ["layer4"]}, f"frozen: {NAMES} 'layer4'"),
        ({"frozen": ["layer1.bias"]}, f"frozen: {NAMES} 'layer1.bias'"),
        ({"frozen": [0]}, f"frozen: {NAMES} 0"),
        ({"rate_scales": {"layer": 2}}, f"rate_scales: {NAMES} 'layer'"),
        ({"rate_scales": {"layer1.running_mean": 2}}, f"rate_scales: {NAMES} 'layer1.running_mean'"),
    ],
    ids=str,
)
def test_an_unknown_name_gets_a_clear_message_before_anything_is_trained(options, message, classification):
    net = small_net()
    before = flat(net.get_weights())
    with pytest.raises(ValueError, match=message):
        net.fit(*classification, rule=optim.Around(optim.SGD(), **options))
    assert np.array_equal(flat(net.get_weights()), before)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"frozen": "layer1"}, TypeError, "frozen: expected a list of arrays or layers, got 'layer1'"),
        ({"frozen": 3}, TypeError, "frozen: expected a list of arrays or layers, got 3"),
        (
            {"rate_scales": [1, 2]},
            TypeError,
            r"rate_scales: expected a dict of array -> factor, got \[1, 2\]",
        ),
        (
            {"rate_scales": {"layer1": -1}},
            ValueError,
            r"rate_scales: layer1: expected a number in \[0, infinity\)",
        ),
        ({"rate_scales": {"layer1": "x"}}, TypeError, "rate_scales: layer1: expected a number, got 'x'"),
        ({"fan_in_power": -1}, ValueError, r"fan_in_power: expected a number in \[0, infinity\), got -1"),
    ],
    ids=str,
)
def test_invalid_rates_and_names_get_a_clear_message(options, error, message):
    with pytest.raises(error, match=message):
        optim.Around(optim.SGD(), **options)


@pytest.mark.parametrize("place", [2, -1, "layer1", True, 0.5], ids=repr)
def test_an_optimizer_names_arrays_by_position(place):
    with pytest.raises(
        ValueError, match=rf"frozen: expected the position of an array, 0 to 1, got {place!r}"
    ):
        optim.Optimizer(optim.Around(optim.SGD(), frozen=[place]), [np.ones(2), np.ones(2)])


def test_a_rule_with_rates_by_array_is_a_value():
    rule = optim.Around(optim.SGD(), rate_scales={"layer1": 0.5}, frozen=["layer2"])
    twin = optim.Around(optim.SGD(), rate_scales={"layer1": 0.5}, frozen=("layer2",))
    assert rule == twin
    assert hash(rule) == hash(twin)
    assert repr(rule) == "Around(SGD(learning_rate=0.01), rate_scales={'layer1': 0.5}, frozen=('layer2',))"
