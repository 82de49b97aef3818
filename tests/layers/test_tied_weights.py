"""Layers with the transposed weights of an earlier one."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse

import fanin
from fanin import optim
from helpers import digest
from reference.layers import predict
from slopes import assert_a_step_goes_down_the_slope, set_at_random

Dense, Dropout, Tied = fanin.Dense, fanin.Dropout, fanin.Tied

NETS = {
    "an autoencoder": [Dropout(0.2), Dense(34, "tanh"), Dense(3), Tied(3, "gelu"), Tied(2)],
    "wide": [Dense(70, "softplus"), Dense(133), Tied(2, "mish"), Dropout(0.1), Tied(1, "tanh"), Dense(3)],
    "twice the same weights": [Dense(7, "tanh"), Tied(1, "silu"), Dense(7), Tied(1, "logistic"), Dense(2)],
    "among other layers": [
        Dense(8, "relu"),
        fanin.BatchNorm(),
        fanin.Activation("tanh"),
        Tied(1),
        fanin.BatchNorm(),
        fanin.Residual([Dense(5, "tanh")]),
        Dense(3),
    ],
}
DIGITS = {"float32": 2e-5, "float64": 1e-12}


@pytest.fixture(params=NETS)
def layers(request):
    return NETS[request.param]


@pytest.fixture
def samples(layers):
    rng = np.random.default_rng(0)
    return rng.normal(size=(70, 5)) + 0.5, rng.normal(size=(70, network(layers).n_outputs))


def network(layers, dtype="float64"):
    return fanin.Network(5, layers, seed=3, dtype=dtype)


def as_twin(tied):
    """The same network with weights of its own for each layer."""
    weights = tied.get_weights()
    layers, own = [], dict(weights)
    for number, layer in enumerate(tied.layers, start=1):
        if isinstance(layer, Tied):
            own[f"layer{number}.weight"] = weights[f"layer{layer.layer}.weight"].T
            layer = Dense(weights[f"layer{number}.bias"].size, layer.activation)
        layers.append(layer)
    twin = fanin.Network(tied.n_inputs, layers, seed=3, dtype=tied.dtype)
    twin.set_weights(own)
    return twin


def tied_changes(before, after, layers):
    """How arrays change, with the changes of a twin's weights added up."""
    changes = {name: after[name] - before[name] for name in before}
    for number, layer in enumerate(layers, start=1):
        if isinstance(layer, Tied) and f"layer{number}.weight" in changes:
            change = changes.pop(f"layer{number}.weight").T
            changes[f"layer{layer.layer}.weight"] = changes[f"layer{layer.layer}.weight"] + change
    return changes


def assert_steps_like_its_twin(net, X, y, rule, **options):
    twin = as_twin(net)
    changes = []
    for one in (net, twin):
        before = one.get_weights()
        one.fit(X, y, rule=rule, epochs=1, batches="in_order", **options)
        changes.append(tied_changes(before, one.get_weights(), net.layers))
    for name, change in changes[0].items():
        np.testing.assert_allclose(change, changes[1][name], rtol=1e-9, atol=1e-12, err_msg=name)
        assert np.abs(change).max() > 1e-6, name


@pytest.mark.parametrize("threads_used", [1, 3])
def test_a_step_goes_down_the_slope_with_tied_weights(layers, samples, threads, threads_used):
    threads(threads_used)
    assert_a_step_goes_down_the_slope(lambda: network(layers), samples)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rule", [None, optim.Nesterov(0.01), optim.ScheduleFreeAdamW(0.01)])
def test_predictions_of_tied_layers_follow_the_equations(layers, samples, dtype, rule):
    net = network(layers, dtype)
    set_at_random(net)
    x, y = samples
    for _ in range(2):
        net.fit(x, y, rule=rule, epochs=2)
        weights = {name: array.astype("float64") for name, array in net.get_weights().items()}
        expected = predict(layers, weights, x)
        tolerance = DIGITS[dtype] * abs(expected).max()
        for rows in (slice(None), slice(7, 8)):
            np.testing.assert_allclose(net.predict(x[rows]), expected[rows], rtol=0, atol=tolerance)
        loss = (0.5 * ((expected - y) ** 2).sum(axis=1)).mean()
        assert net.evaluate(x, y)["loss"] == pytest.approx(loss, rel=1e-4 if dtype == "float32" else 1e-11)


def test_the_gradient_of_tied_weights_is_the_sum_over_their_layers(samples, layers):
    if any(isinstance(layer, Dropout | fanin.BatchNorm) for layer in layers):
        layers = [layer for layer in NETS["wide"] if not isinstance(layer, Dropout)]
        samples = samples[0], np.tile(samples[1], 3)[:, :3]
    for batch_size, accumulate in ((70, 1), (35, 2), (20, 4), (1, 70)):
        rule = optim.Around(optim.SGD(0.1), accumulate=accumulate)
        assert_steps_like_its_twin(network(layers), *samples, rule, batch_size=batch_size)


@pytest.mark.parametrize(("batch_size", "accumulate"), [(9000, 1), (4500, 2), (3000, 3)])
def test_blocks_of_large_batches_add_up_the_gradient_of_tied_weights(batch_size, accumulate):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(9000, 5))
    net = network([Dense(9, "tanh"), Dense(2), Tied(2, "tanh"), Tied(1)])
    rule = optim.Around(optim.SGD(0.1), accumulate=accumulate)
    assert_steps_like_its_twin(net, X, X, rule, batch_size=batch_size, sample_weight=rng.uniform(size=9000))


def test_a_rule_with_a_second_gradient_turns_the_weights_where_it_is_taken(threads):
    X = np.random.default_rng(0).normal(size=(70, 5))
    digests = set()
    for number in (1, 2):
        threads(number)
        net = network([Dense(9, "tanh"), Tied(1)])
        history = net.fit(X, X, rule=optim.SchaulVSGD(), epochs=30, batch_size=10)
        digests.add(digest(net))
    assert history.loss[-1] < history.loss[0] / 2
    assert len(digests) == 1


def test_tied_layers_give_the_same_bits_on_any_number_of_threads(layers, threads):
    rng = np.random.default_rng(0)
    samples = rng.normal(size=(450, 5)), rng.normal(size=(450, network(layers).n_outputs))
    digests = set()
    for number in (1, 2, 3, 7):
        threads(number)
        net = network(layers, "float32")
        net.fit(*samples, rule=optim.Nesterov(0.01), epochs=2, batch_size=130)
        digests.add(digest(net) + str(net.predict(samples[0]).tobytes()))
    assert len(digests) == 1


def test_a_net_with_tied_weights_predicts_with_the_bits_of_its_twin(layers, samples):
    net = network(layers, "float32")
    twin = as_twin(net)
    for rows in (slice(None), slice(0, 1)):
        assert np.array_equal(net.predict(samples[0][rows]), twin.predict(samples[0][rows]))


def test_files_and_copies_of_tied_layers_train_on_with_the_same_bits(layers, samples, tmp_path):
    net = network(layers, "float32")
    net.fit(*samples, rule=optim.Adam(0.01), epochs=2)
    net.save(tmp_path / "model.safetensors")
    loaded, copy = fanin.load(tmp_path / "model.safetensors"), net.copy()
    assert loaded.layers == tuple(layers)
    assert repr(loaded) == repr(net)
    assert np.array_equal(loaded.predict(samples[0]), net.predict(samples[0]))
    for other in (net, loaded, copy):
        other.fit(*samples, rule=optim.Adam(0.01), epochs=2)
    assert digest(net) == digest(loaded) == digest(copy)


@pytest.mark.parametrize("frozen", ["layer1.weight", "layer2.bias", "layer1", "layer2"])
def test_frozen_arrays_of_tied_layers_stay_and_the_others_change(frozen):
    X = np.random.default_rng(0).normal(size=(70, 5))
    net = network([Dense(9, "tanh"), Tied(1)])
    before = net.get_weights()
    net.fit(X, X, rule=optim.Around(optim.SGD(0.1), frozen=[frozen]), epochs=2)
    for name, array in net.get_weights().items():
        assert np.array_equal(array, before[name]) == name.startswith(frozen), name


@pytest.mark.parametrize("solver", [optim.LBFGS(), optim.ConjugateGradient()])
def test_solvers_along_lines_train_tied_weights(solver):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 2)) @ rng.normal(size=(2, 5))
    net = network([Dense(2), Tied(1)])
    net.fit(X, X, rule=solver)
    assert net.evaluate(X, X)["loss"] < 1e-8
    objective = net.objective(X, 2 * X)
    w = objective.weights()
    gradient, direction = objective.loss_and_gradient(w)[1], rng.normal(size=w.shape)
    slope = (objective.loss(w + 1e-6 * direction) - objective.loss(w - 1e-6 * direction)) / 2e-6
    assert gradient @ direction == pytest.approx(slope, rel=1e-6)


def test_second_derivatives_of_tied_weights_are_refused():
    X = np.ones((5, 5))
    net = network([Dense(2), Tied(1)])
    objective = net.objective(X, X)
    w = objective.weights()
    for call in (lambda: objective.hvp(w, w), lambda: objective.gnvp(w, w), lambda: objective.jacobian(w)):
        with pytest.raises(ValueError, match="expected no Tied for Jacobians and second derivatives"):
            call()
    for solver, name in ((optim.HessianFree(), "hessian_free"), (optim.LevenbergMarquardt(), "levenberg")):
        with pytest.raises(ValueError, match=f"network: expected no Tied with {name}"):
            net.fit(X, X, rule=solver)
    assert fanin.optim.suggest(net, X + np.eye(5), X).reason.endswith("needs a network without tied weights")
    with pytest.raises(ValueError, match="net: expected no Tied, because second derivatives"):
        fanin.diagnose.examine(net, X, X)


@pytest.mark.parametrize("kind", ["csr", "coded"])
def test_sparse_and_coded_rows_train_tied_weights_with_the_bits_of_dense_ones(kind):
    rng = np.random.default_rng(0)
    if kind == "csr":
        given = scipy.sparse.random_array((70, 40), density=0.05, format="csr", rng=rng)
    else:
        table = {"number": rng.normal(size=70), "other": rng.normal(size=70)}
        given = fanin.TableEncoder().fit(table).transform(table)
    X = given.toarray()
    nets = [fanin.Network(X.shape[1], [Dense(9, "tanh"), Tied(1)], seed=1) for _ in range(2)]
    for net, rows in zip(nets, (X, given), strict=True):
        net.fit(rows, X, epochs=2)
    assert digest(nets[0]) == digest(nets[1])
    assert np.array_equal(nets[0].predict(X), nets[1].predict(given))


def test_tied_layers_act_on_each_step_of_sequences():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(8, 6, 5))
    gru = fanin.GRU(4, return_sequences=True)
    net = network([Dense(7, "tanh"), gru, Dense(7), Tied(1), fanin.Recurrent(3), Dense(4, "tanh"), Tied(6)])
    assert_steps_like_its_twin(net, X, rng.normal(size=(8, 3)), optim.SGD(0.1), batch_size=8)
    state = net.new_state(rows=8)
    steps = [net.step(X[:, t], state).copy() for t in range(6)]
    assert np.array_equal(steps[-1], net.predict(X))


def test_biases_of_tied_layers_start_where_they_are_told_to():
    X = np.random.default_rng(0).normal(size=(200, 5)) + 3
    net = network([Dense(2), Tied(1, bias_initializer=np.arange(5.0))])
    assert np.array_equal(net.get_weights()["layer2.bias"], np.arange(5))
    rated = network([Dense(2, initializer="zeros"), Tied(1, bias_initializer="base_rate")])
    rated.fit(X, X, rule=optim.SGD(0.0), epochs=1)
    np.testing.assert_allclose(rated.get_weights()["layer2.bias"], X.mean(axis=0))


def test_texts_about_a_network_have_its_tied_layers():
    net = fanin.Network(20, [fanin.Standardize(), Dense(8, "tanh"), Tied(2, "relu"), Dense(1)])
    assert "20-8-20-1 (standardize, tanh, tied relu, identity)" in repr(net)
    X = np.random.default_rng(0).normal(size=(90, 20))
    history = net.fit(X, X[:, :1], diagnose=True, epochs=2)
    assert history.diagnosis
    assert "layer3  tied relu                8 -> 20          20" in net.summary()
    coded = fanin.Network(20, [fanin.PiecewiseLinear(4), Dense(8), Tied(2)])
    assert "20-8-? (piecewise linear, identity, tied identity), squared_error" in repr(coded)
    scaled = fanin.Network(20, [Dense(8, "tanh"), Tied(1), Dense(1)])
    assert [row.name for row in fanin.lsuv(scaled, X).layers] == ["layer1", "layer3"]


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([Dense(4), Tied(2)], "layer 2: layer: expected the number of an earlier Dense, got 2"),
        ([Dense(4), Tied(7)], "layer 2: layer: expected the number of an earlier Dense, got 7"),
        ([Dropout(0.1), Dense(5), Tied(1)], "layer 3: layer: expected the number of an earlier Dense, got 1"),
        ([Dense(4), Tied(1), Tied(2)], "layer 3: layer: expected the number of an earlier Dense, got 2"),
        (
            [Dense(4), Dense(3), Tied(1)],
            "layer 3: layer: layer 1 has 4 units; its transposed weights need as many inputs, got 3",
        ),
        ([Dense(4, batch_norm=True), Tied(1)], "layer 2: layer: layer 1 has batch norm, or follows one;"),
        (
            [Dense(4), fanin.BatchNorm(), Dense(3), Tied(3)],
            "layer 4: layer: layer 3 has batch norm, or follows one; expected a Dense without",
        ),
        (
            [Dense(5), fanin.Residual([Tied(1)])],
            "layer 2: layers: layer 1: a Tied inside a Residual; expected one in the network's list",
        ),
        ([fanin.Residual([Dense(5)]), Tied(1)], "layer 2: layer: expected the number of an earlier Dense"),
        (
            [Dense(4), Tied(1, bias_initializer=[1.0, 2.0])],
            "layer 2: bias_initializer: array: expected 5 elements, got 2",
        ),
        (
            [Dense(4), Tied(1, bias_initializer="orthogonal")],
            "layer 2: bias_initializer: orthogonal is for weights",
        ),
    ],
)
def test_tied_layers_that_cannot_stand_there_are_refused(layers, message):
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        network(layers)


def test_numbers_of_layers_are_integers_from_1_on():
    with pytest.raises(ValueError, match="layer: expected at least 1, got 0"):
        Tied(0)
    with pytest.raises(TypeError, match=r"layer: expected an integer, got 1\.5"):
        Tied(1.5)
