"""Separate activations, and layers with a skip connection."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from fanin import layers as L
from fanin import optim
from helpers import digest
from reference.layers import predict
from slopes import assert_a_step_goes_down_the_slope, set_at_random, step

BN, Dense, Dropout, Activation, Residual = (
    fanin.BatchNorm,
    fanin.Dense,
    fanin.Dropout,
    fanin.Activation,
    fanin.Residual,
)

NETS = {
    "activations in a row": [
        Activation("tanh"),
        Dense(7),
        Activation("gelu"),
        Activation("softplus"),
        Dropout(0.2),
        Activation("logistic"),
        Dense(3),
        Activation("silu"),
    ],
    "residual on the inputs": [
        Residual([Dropout(0.2), Dense(40, "relu"), BN(), Dense(5, "tanh")]),
        Dropout(0.3),
        Residual([Activation("elu")]),
        Dense(3),
    ],
    "before each activation": [
        Dense(36),
        Residual([BN(), Activation("mish"), Dense(70, batch_norm=True), Activation("tanh"), Dense(36)]),
        Residual([BN(), Dropout(0.1), Dense(36, "gelu"), Dropout(0.4)]),
        BN(),
        Activation("softsign"),
        Dense(3, "logistic"),
    ],
    "inside each other": [
        Dense(6, "tanh", batch_norm=True),
        Dropout(0.3),
        Residual([Residual([Dense(34, "gelu"), Residual([Activation("tanh"), BN()]), Dense(6)]), Dense(6)]),
        Activation("selu"),
        Dense(3),
        Residual([Dense(3, "tanh")]),
    ],
    "nothing but what follows": [
        Residual([Dropout(0.3)]),
        Activation("tanh"),
        BN(),
        Residual([BN(), Activation("logistic"), Dropout(0.2)]),
        Dense(3),
        Activation("softplus"),
    ],
}


@pytest.fixture(params=NETS)
def layers(request):
    return NETS[request.param]


@pytest.fixture
def samples():
    rng = np.random.default_rng(0)
    return rng.normal(size=(70, 5)) + 0.5, rng.normal(size=(70, 3))


def network(layers, dtype="float64", seed=3):
    return fanin.Network(5, layers, seed=seed, dtype=dtype)


@pytest.mark.parametrize("threads_used", [1, 3])
def test_a_step_goes_down_the_slope_with_activations_and_residuals(layers, samples, threads, threads_used):
    threads(threads_used)
    assert_a_step_goes_down_the_slope(lambda: network(layers), samples)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_prediction_and_evaluation_follow_the_equations(layers, samples, dtype):
    net = network(layers, dtype)
    set_at_random(net)
    net.fit(*samples, rule=optim.Adam(0.01), epochs=3)
    x, y = samples
    weights = {name: array.astype("float64") for name, array in net.get_weights().items()}
    expected = predict(layers, weights, x)
    tolerance = {"float32": 2e-5, "float64": 1e-12}[dtype] * abs(expected).max()
    for rows in (slice(None), slice(7, 8)):
        np.testing.assert_allclose(net.predict(x[rows]), expected[rows], rtol=0, atol=tolerance)
    loss = (0.5 * ((expected - y) ** 2).sum(axis=1)).mean()
    assert net.evaluate(x, y)["loss"] == pytest.approx(loss, rel=1e-4 if dtype == "float32" else 1e-11)


def test_the_same_bits_on_any_number_of_threads(layers, threads):
    rng = np.random.default_rng(0)
    samples = rng.normal(size=(450, 5)), rng.normal(size=(450, 3))
    digests = set()
    for number in (1, 2, 3, 7):
        threads(number)
        net = network(layers, "float32")
        net.fit(*samples, rule=optim.Nesterov(0.01), epochs=2, batch_size=130)
        digests.add(digest(net) + str(net.predict(samples[0]).tobytes()))
    assert len(digests) == 1


def test_a_model_file_and_a_copy_train_on_with_the_same_bits(layers, samples, tmp_path):
    net = network(layers, "float32")
    net.fit(*samples, rule=optim.Adam(0.01), epochs=2)
    net.save(tmp_path / "model.safetensors")
    loaded, copy = fanin.load(tmp_path / "model.safetensors"), net.copy()
    assert loaded.layers == tuple(layers)
    assert repr(loaded) == repr(net)
    for other in (net, loaded, copy):
        other.fit(*samples, rule=optim.Adam(0.01), epochs=2)
    assert digest(net) == digest(loaded) == digest(copy)


def test_gradients_end_at_the_lowest_layer_that_is_trained(layers, samples):
    net = network(layers)
    *_, last = [name for name in net.get_weights() if "running" not in name]
    other = network(layers)
    frozen = [name for name in net.get_weights() if "running" not in name and name != last]
    step(net, samples, optim.SGD(0.1))
    step(other, samples, optim.Around(optim.SGD(0.1), frozen=frozen))
    assert np.array_equal(net.get_weights()[last], other.get_weights()[last])
    start = network(layers).get_weights()
    assert all(np.array_equal(other.get_weights()[name], start[name]) for name in frozen)


def test_options_that_need_the_whole_gradient_train_the_same_nets(layers, samples):
    plain, whole = network(layers, "float32"), network(layers, "float32")
    plain.fit(*samples, rule=optim.Adam(0.01), epochs=2)
    whole.fit(*samples, rule=optim.Around(optim.Adam(0.01), clip_norm=1e30), epochs=2)
    for name, array in plain.get_weights().items():
        np.testing.assert_allclose(array, whole.get_weights()[name], rtol=1e-6, atol=1e-7, err_msg=name)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_an_activation_after_a_dense_layer_is_that_of_the_layer(every_activation, samples, dtype):
    x, y = samples
    initializer = "he_normal"
    apart = [Dense(40, initializer=initializer), Activation(every_activation), Dense(3)]
    together = [Dense(40, every_activation, initializer=initializer), Dense(3)]
    nets = [fanin.Network(5, layers, seed=4, dtype=dtype) for layers in (apart, together)]
    for net in nets:
        net.fit(x, y, rule=optim.Adam(0.01), epochs=3)
    assert all(
        np.array_equal(one, other)
        for one, other in zip(*(net.get_weights().values() for net in nets), strict=True)
    )
    assert np.array_equal(*(net.predict(x) for net in nets))


def test_inputs_of_a_residual_that_lie_far_from_zero_keep_their_digits():
    """Folding their mean into the weights inside would lose them."""
    rng = np.random.default_rng(0)
    x = (rng.normal(size=(400, 6)) * 2.0**-3 + 1e5).astype("float32")
    layers = [Residual([BN(), Dense(6, initializer=np.ones((6, 6)))]), Dense(6, initializer=np.eye(6))]
    net = fanin.Network(6, layers, seed=1)
    net.fit(x, x, rule=optim.SGD(0.0), epochs=30, batch_size=40)
    weights = {name: array.astype("float64") for name, array in net.get_weights().items()}
    np.testing.assert_allclose(
        net.predict(x), predict(layers, weights, x.astype("float64")), rtol=0, atol=0.03
    )


def test_names_of_arrays_say_where_they_are():
    net = fanin.Network(4, [Dense(4), Residual([Dense(6, "relu"), Residual([BN()]), Dense(4)]), Dense(2)])
    inside = ("layer1.weight", "layer1.bias", "layer2.layer1.beta", "layer2.layer1.gamma")
    statistics = ("layer2.layer1.running_mean", "layer2.layer1.running_variance")
    names = [f"layer2.{name}" for name in (*inside, *statistics, "layer3.weight", "layer3.bias")]
    assert list(net.get_weights()) == ["layer1.weight", "layer1.bias", *names, "layer3.weight", "layer3.bias"]
    assert repr(net) == (
        "<fanin.Network 4-4-2 (identity, residual (relu, residual (batch norm), identity), identity), "
        "squared_error, float32, 100 parameters>"
    )


def test_random_numbers_inside_are_not_those_of_other_layers(samples):
    """Initial weights of each layer, and each dropout, have separate random streams."""
    square = Dense(5, initializer="lecun_uniform")
    net = network([square, Residual([square, Residual([square]), square]), square, Dense(3)])
    weights = [w for w in net.get_weights().values() if w.shape == (5, 5)]
    assert len({w.tobytes() for w in weights}) == len(weights) == 5
    assert np.array_equal(weights[0], network([square, Dense(3)]).get_weights()["layer1.weight"])

    # the sum of two dropouts of ones from the same stream would be only 0 or 4
    ones = [Dense(3, initializer=np.eye(5)[:, :3]), Dropout(0.5)]
    nested = network([*ones, Residual([Dropout(0.5)]), Dense(1, initializer=np.eye(3)[:, :1])])
    x = np.ones((200, 5))
    targets = np.zeros((200, 1))
    loss = nested.fit(x, targets, rule=optim.SGD(0.0), epochs=1, batch_size=200).loss[0]
    # outputs of 0, 0, 2 and 2 + 4, a quarter of the rows each; the loss is the mean of half their squares
    assert loss == pytest.approx((0 + 0 + 2 + 18) / 4, rel=0.25)


def test_exact_statistics_inside_are_those_of_the_whole_training_set(samples):
    norm = BN(exact_statistics=True)
    block = Residual([Dense(7, "tanh", batch_norm=norm), norm, Dense(5)])
    net = network([norm, block, Residual([norm, Activation("tanh")]), Dense(3)])
    net.fit(*samples, rule=optim.Adam(0.01), epochs=3, batch_size=16)
    weights = net.get_weights()
    x = samples[0]

    def assert_statistics(name, a):
        np.testing.assert_allclose(weights[f"{name}.running_mean"], a.mean(axis=0), atol=1e-11)
        np.testing.assert_allclose(weights[f"{name}.running_variance"], a.var(axis=0, ddof=1), rtol=1e-10)

    assert_statistics("layer1", x)
    a = predict(net.layers[:1], weights, x)
    assert_statistics("layer2.layer1", a @ weights["layer2.layer1.weight"])
    assert_statistics("layer2.layer2", predict(block.layers[:1], weights, a, "layer2."))
    assert_statistics("layer3.layer1", predict(net.layers[:2], weights, x))


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (
            [Residual([Dense(4)])],
            "layer 1: layers: expected as many output columns as input columns, 5, got 4",
        ),
        (
            [Dense(4), Residual([Dense(4), Residual([Dense(5)])])],
            "layer 2: layers: layer 2: layers: expected",
        ),
        ([Activation("tanh")], "layers: expected at least one Dense, got none"),
        ([Residual([Dropout(0.5)])], "layers: expected at least one Dense, got none"),
        ([Dense(3), BN()], "the last layer gives the outputs; expected a Dense, an Activation or a Residual"),
        ([Dense(5), Residual([Dropout(0.1), Dropout(0.1)])], "a Dropout directly after a Dropout"),
        ([Dense(5), Residual([BN(), Dropout(0.1), BN()])], "a BatchNorm directly after a BatchNorm"),
        (
            [Residual([Dense(5, initializer=np.ones((4, 5)))])],
            r"layer 1: layers: layer 1: initializer: expected shape \(5, 5\), got \(4, 5\)",
        ),
    ],
)
def test_layers_that_do_not_fit_are_refused(layers, message):
    with pytest.raises(ValueError, match=message):
        fanin.Network(5, layers)


def test_bad_residuals_and_activations_are_refused():
    with pytest.raises(ValueError, match="layers: expected at least one layer, got none"):
        Residual([])
    with pytest.raises(TypeError, match=r"layers: expected a list of fanin.Dense, .* got Dense\(units=3"):
        Residual(Dense(3))
    with pytest.raises(ValueError, match=r"activation: expected one of .*, got 'tan'"):
        Activation("tan")
    deep = Dense(5)
    for _ in range(9):
        deep = Residual([deep])
    with pytest.raises(ValueError, match="expected at most 8 levels of nested Residuals"):
        fanin.Network(5, [deep])


def test_a_residual_keeps_its_arguments():
    given = [Dense(4, "relu")]
    layer = Residual(given)
    given.append(Dense(5))
    assert layer == Residual([Dense(4, "relu")])
    assert hash(layer) == hash(Residual((Dense(4, "relu"),)))
    assert L.restored(L.described(4, [layer])) == [layer]
