"""A model file holds everything: loading restores what was saved, and training resumes exactly."""

from __future__ import annotations

import copy
import json
import pickle
import warnings

import numpy as np
import pytest

import fanin
import stored_models
from fanin import _core, initializers, losses, optim
from helpers import dense_with, loss_for, python_prints, rule_classes

X = np.sin(np.arange(60 * 4)).reshape(60, 4)
Y = np.arange(60) % 3

VARIANTS = {
    "rprop": [{"variant": v} for v in _core.rule_ranges()["rprop"]["variant"]],
    "rmsprop": [{}, {"momentum": 0.5, "nesterov": True, "centered": True}, {"bias_correction": True}],
    "adaptive_gain": [{}, {"momentum": 0.5}],
}
RULES = [rule(**options) for name, rule in rule_classes().items() for options in VARIANTS.get(name, [{}])] + [
    optim.Nesterov(optim.Cosine(0.1, steps=30, warm_up=5), momentum=optim.Piecewise([0.5, 0.9], [7])),
    optim.Momentum(optim.InverseTime(0.1, steps=3), momentum=optim.SutskeverMomentum(0.9, period=3)),
    optim.Around(optim.Adam(optim.Exponential(0.01)), clip_value=0.1, l1=1e-4, l2=1e-3, weight_decay=0.1),
    optim.AdamW(weight_decay=optim.Cosine(0.5, steps=30)),
    optim.Around(optim.SGD(0.1), weight_decay=optim.Exponential(0.1, steps=9), average_share=0.1),
    optim.Around(optim.Nesterov(0.01), clip_norm=0.5, accumulate=3, average_decay=0.9, fan_in_power=0.5),
    optim.Around(optim.Adam(), frozen=["layer1.weight"], rate_scales={"layer3.bias": 0.5}, average_decay=0.5),
]


def new_net(dtype: str = "float32", **options) -> fanin.Network:
    layers = [
        fanin.Dense(17, "tanh", batch_norm=fanin.BatchNorm(decay=0.5, bias_correction=True)),
        fanin.Dropout(0.2),
        fanin.Dense(40, "relu"),
        fanin.BatchNorm(bias_correction=True, exact_statistics=True),
        fanin.Dense(3),
    ]
    return fanin.Network(4, layers, "softmax_cross_entropy", dtype=dtype, **options)


def train(net: fanin.Network, rule: optim.Rule, epochs: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optim.BatchSizeWarning)
        net.fit(X, Y, rule=rule, epochs=epochs, batch_size=16)


def reloaded(net: fanin.Network) -> fanin.Network:
    return fanin.Network.from_bytes(net.to_bytes())


def description(net: fanin.Network) -> dict:
    data = net.to_bytes()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    return json.loads(header["__metadata__"]["fanin"])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_five_epochs_and_five_after_loading_are_ten(rule, dtype, tmp_path):
    at_once, halfway = new_net(dtype, seed=2**64 - 1), new_net(dtype, seed=2**64 - 1)
    train(at_once, rule, 10)
    train(halfway, rule, 5)
    halfway.save(tmp_path / "halfway")
    resumed = fanin.load(tmp_path / "halfway")
    assert resumed.rule == rule
    assert resumed.epochs == 5
    train(resumed, resumed.rule, 5)
    for name, weights in at_once.get_weights().items():
        assert np.array_equal(weights, resumed.get_weights()[name]), name
    assert at_once.to_bytes() == resumed.to_bytes()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_a_copy_trains_on_with_the_bits_of_its_original(rule, dtype):
    net = new_net(dtype, seed=3)
    train(net, rule, 2)
    net.metadata = {"name": "original"}
    twin, before = net.copy(), net.to_bytes()
    assert twin.to_bytes() == before
    train(twin, rule, 2)
    twin.metadata = {}
    assert net.to_bytes() == before
    train(net, rule, 2)
    net.metadata = {}
    assert twin.to_bytes() == net.to_bytes()
    assert net.layers == twin.layers


def test_training_resumes_in_another_process(tmp_path):
    at_once, halfway = new_net(), new_net()
    train(at_once, RULES[-3], 4)
    train(halfway, RULES[-3], 2)
    halfway.save(tmp_path / "halfway")
    python_prints(
        "-c",
        "import sys, fanin, files.test_model_file as t; net = fanin.load(sys.argv[1]); "
        "t.train(net, net.rule, 2); net.save(sys.argv[1])",
        str(tmp_path / "halfway"),
    )
    assert (tmp_path / "halfway").read_bytes() == at_once.to_bytes()


@pytest.mark.parametrize(
    "path", sorted(stored_models.FOLDER.glob("*_later.safetensors")), ids=lambda p: p.stem
)
def test_a_stored_file_of_every_version_loads_and_trains_on(path):
    net = fanin.load(str(path).replace("_later", ""))
    later = fanin.load(path)
    name = path.stem.split("_", 1)[1].removesuffix("_later")
    assert net.rule == stored_models.NETS[name][2]
    assert net.layers == stored_models.new_net(name).layers
    assert net.metadata["classes"] == "rot, grün, blau"
    stored_models.train(net, net.rule)
    for weights, expected in zip(net.get_weights().values(), later.get_weights().values(), strict=True):
        assert np.array_equal(weights, expected)
    assert net.to_bytes() == later.to_bytes()


def test_the_format_of_this_version_has_stored_files():
    version = description(new_net())["version"]
    assert len(list(stored_models.FOLDER.glob(f"v{version}_*.safetensors"))) == 2 * len(stored_models.NETS)


def test_tools_for_safetensors_read_the_weights(tmp_path):
    numpy_face = pytest.importorskip("safetensors.numpy")
    from safetensors import safe_open

    net = new_net()
    train(net, optim.Adam(), 1)
    net.save(tmp_path / "model")
    tensors = numpy_face.load_file(tmp_path / "model")
    for name, weights in net.get_weights().items():
        assert np.array_equal(tensors[name], weights)
    assert tensors["rule.m.layer3.weight"].shape == (17, 40)
    with safe_open(tmp_path / "model", "numpy") as file:
        metadata = file.metadata()
    assert metadata["format"] == "fanin"
    numpy_face.save_file(tensors, tmp_path / "again", metadata)  # in another order
    assert fanin.load(tmp_path / "again").to_bytes() == net.to_bytes()


@pytest.mark.parametrize("name", list(_core.losses()))
def test_every_loss_is_restored(name):
    net = fanin.Network(4, [fanin.Dense(3)], loss_for(name, 3))
    assert reloaded(net)._loss == net._loss
    assert reloaded(fanin.Network(4, [fanin.Dense(3)], losses.Huber(0.1)))._loss == losses.Huber(0.1)


@pytest.mark.parametrize("name", list(_core.initializers()))
def test_every_initializer_and_activation_is_restored(name):
    for activation in _core.activations():
        layers = [
            fanin.Dense(4, activation, bias_initializer=initializers.Constant(0.1)),
            dense_with(name, 4, 3),
        ]
        net = fanin.Network(4, layers)
        restored = reloaded(net).layers
        for kind in ("initializer", "bias_initializer"):
            given = getattr(layers[1], kind)
            assert str(getattr(restored[1], kind)) in (str(given), getattr(given, "name", given))
        assert restored[0].activation == activation
        twin = fanin.Network(4, reloaded(net).layers)
        assert np.array_equal(twin.predict(X), net.predict(X))


def test_arrays_as_initializers_keep_every_bit():
    for array in ([[0.1], [1 / 3]], [[0.5], [2.0]], [[1e-320], [1e300]]):
        net = fanin.Network(2, [fanin.Dense(1, initializer=array)], dtype="float64")
        assert reloaded(net).layers == net.layers


def test_a_net_that_was_never_trained_has_no_rule():
    assert new_net().rule is None
    assert reloaded(new_net()).rule is None
    assert reloaded(new_net()).epochs == 0


def test_a_diverged_rule_starts_afresh_with_and_without_loading():
    net = fanin.Network(4, [fanin.Dense(3)], "softmax_cross_entropy")
    train(net, optim.Momentum(0.1), 1)
    with pytest.raises(fanin.DivergedError):
        net.fit(X * 1e30, Y, rule=optim.Momentum(1e38), epochs=3)
    again = reloaded(net)
    assert net.rule is None
    for each in (net, again):
        train(each, optim.Momentum(0.1), 1)
    assert again.to_bytes() == net.to_bytes()


def test_weights_set_while_looking_ahead_are_saved():
    net = new_net()
    train(net, optim.Nesterov(0.1), 1)
    net.set_weights({name: w * 1.5 for name, w in net.get_weights().items()})
    again = reloaded(net)
    for each in (net, again):
        train(each, each.rule, 2)
    assert again.to_bytes() == net.to_bytes()


def test_a_callback_may_save_each_epoch(tmp_path):
    net = new_net()
    net.fit(
        X, Y, rule=optim.Adam(), epochs=3, callbacks=[lambda n, epoch, logs: n.save(tmp_path / str(epoch))]
    )
    resumed = fanin.load(tmp_path / "2")
    resumed.fit(X, Y, rule=resumed.rule, epochs=1)
    assert resumed.to_bytes() == net.to_bytes()


@pytest.mark.parametrize(
    "duplicate", [copy.copy, copy.deepcopy, fanin.Network.copy, lambda n: pickle.loads(pickle.dumps(n))]
)
def test_copies_and_pickles_are_networks_of_their_own(duplicate):
    class Named(fanin.Network):
        pass

    globals()["Named"] = Named
    Named.__qualname__ = "Named"
    net = Named(4, [fanin.Dense(3)], seed=5)
    net.note = "added"
    train_on = optim.Nesterov()
    net.fit(X, X[:, :3], rule=train_on, epochs=1)
    twin = duplicate(net)
    assert type(twin) is Named
    assert twin.note == "added"
    for each in (net, twin):
        each.fit(X, X[:, :3], rule=train_on, epochs=1)
    assert twin.to_bytes() == net.to_bytes()
    twin.set_weights({name: w * 0 for name, w in twin.get_weights().items()})
    assert net.get_weights()["layer1.weight"].any()


def test_metadata_are_strings_that_are_saved():
    net = new_net()
    texts = {"labels": json.dumps(["a", "ü", "\U0001f600"]), "": "", "control": '\0\x1f\n\t\\"/\x7f'}
    net.metadata = texts
    assert reloaded(net).metadata == texts
    with pytest.raises(TypeError, match="does not support item assignment"):
        net.metadata["labels"] = "x"


@pytest.mark.parametrize(
    ("given", "kind", "message"),
    [
        (["a"], TypeError, "metadata: expected a dict of name -> text, got list"),
        ({"a": 1}, TypeError, "metadata: expected a dict of name -> text, got 1"),
        ({1: "a"}, TypeError, "metadata: expected a dict of name -> text, got 1"),
        ({"a": "\ud800"}, ValueError, "metadata: expected text in UTF-8"),
        ({"a": "x" * 2**21}, ValueError, "metadata: expected at most 1 MiB of text, got 2097153 bytes"),
    ],
)
def test_metadata_that_are_not_strings_are_refused(given, kind, message):
    net = new_net()
    with pytest.raises(kind, match=message):
        net.metadata = given
    assert net.metadata == {}


def test_a_pickle_without_bytes_is_refused():
    with pytest.raises(TypeError, match="data: expected bytes, got str"):
        fanin.Network.from_bytes("abc")
