"""Watching a fit: the same bits, and figures that are those of NumPy."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import numpy as np
import pytest

import fanin
from fanin import _core, optim

rng = np.random.default_rng(0)
X = rng.standard_normal((203, 7)).astype("float32")
LABELS = rng.integers(0, 3, 203)
DENSE = [fanin.Dense(20, "relu"), fanin.Dense(9, "tanh"), fanin.Dense(3)]
NETS: dict[str, list[fanin.layers.Layer]] = {
    "dense": DENSE,
    "batch norm": [fanin.Dense(20, "relu", batch_norm=True), fanin.BatchNorm(), fanin.Dense(3)],
    "dropout": [fanin.Dropout(0.1), fanin.Dense(40, "logistic"), fanin.Dropout(0.5), fanin.Dense(3)],
    "residual": [
        fanin.Dense(8, "relu"),
        fanin.Residual([fanin.Dense(8, "tanh"), fanin.Dense(8)]),
        fanin.Dense(3),
    ],
    "inputs": [fanin.Whiten(), fanin.Dense(8, "gelu"), fanin.Dense(3)],
    "codes": [fanin.PiecewiseLinear(bins=8), fanin.Dense(8, "relu"), fanin.Dense(3)],
}
RULES: dict[str, Any] = {
    "adam": optim.Adam(0.01),
    "nesterov": optim.Nesterov(0.01),
    "muon": optim.Muon(),
    "clipped": optim.Around(optim.SGD(0.1), clip_norm=0.5, accumulate=2),
    "averaged": None,
    "two gradients": optim.SchaulVSGD(),
}


def net_of(layers: list[fanin.layers.Layer], dtype: str = "float32") -> fanin.Network:
    return fanin.Network(7, layers, "softmax_cross_entropy", seed=3, dtype=dtype)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("kind", NETS)
def test_a_watched_fit_of_any_layers_gives_the_same_bits(kind: str, threads: int):
    with fanin.num_threads(threads):
        plain, watched = net_of(NETS[kind]), net_of(NETS[kind])
        plain.fit(X, LABELS, epochs=5)
        history = watched.fit(X, LABELS, epochs=5, diagnose=True)
    assert watched.to_bytes() == plain.to_bytes()
    assert history.diagnosis.watched.steps[-1] == 35


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", RULES)
def test_a_watched_fit_by_any_rule_gives_the_same_bits(name: str, dtype: str):
    plain, watched = net_of(DENSE, dtype), net_of(DENSE, dtype)
    weights = np.linspace(0, 2, 203)
    arguments = {"rule": RULES[name], "epochs": 6, "sample_weight": weights}
    plain.fit(X, LABELS, **arguments)
    watched.fit(X, LABELS, **arguments, diagnose=True)
    assert watched.to_bytes() == plain.to_bytes()


def test_chunks_and_fits_in_parallel_are_watched_too():
    alone, chunked = net_of(DENSE), net_of(DENSE)
    nets = [net_of(DENSE) for _ in range(3)]
    alone.fit(X, LABELS, rule=optim.Adam(0.01), epochs=4)
    options = {"rule": optim.Adam(0.01), "epochs": 4, "diagnose": True}
    histories = fanin.train_together([(net, X, LABELS, options) for net in nets])
    assert all(net.to_bytes() == alone.to_bytes() for net in nets)
    assert all(history.diagnosis.watched.epochs.tolist() == [1, 2, 3, 4] for history in histories)
    chunks = [(X[:100], LABELS[:100]), (X[100:], LABELS[100:])]
    history = chunked.fit_chunks(chunks, rule=optim.Adam(0.01), epochs=4, diagnose=True)
    assert history.diagnosis.watched.epochs.tolist() == [1, 2, 3, 4]
    assert history.diagnosis.watched.steps.tolist() == [8, 16, 24, 32]


def figures_of(
    net: fanin.Network, epochs: int, every: int, batch_size: int = 203, batches: str = "in_order"
) -> dict[str, Any]:
    """What a watch measures in so many epochs of SGD at the rate .25."""
    watch, rule = _core.Watch(every), optim.SGD(0.25)
    arguments = (None, batch_size, batches, None, 0, epochs, _core.Budget(None, [], None), None, watch)
    kind = _core.TrainingFloat32 if net.dtype == np.float32 else _core.TrainingFloat64
    with closing(kind(net._core, X, LABELS, *arguments)) as training:
        for _ in range(epochs):
            training.epoch(rule.name, rule.values_on(net._trained))
    return watch.figures() | {"units": [watch.units(i) for i in range(len(watch.figures()["layers"]))]}


def forward(weights: dict[str, Any]) -> list[Any]:
    a = [X.astype(float)]
    for number, f in enumerate((lambda z: np.maximum(z, 0), np.tanh, lambda z: z), start=1):
        a.append(f(a[-1] @ weights[f"layer{number}.weight"] + weights[f"layer{number}.bias"]))
    return a


def test_measurements_of_a_step_are_those_of_numpy():
    net = net_of(DENSE, "float64")
    before = net.get_weights()
    found = figures_of(net, 1, 1)
    after = net.get_weights()
    a = forward(before)
    p = np.exp(a[3]) / np.exp(a[3]).sum(1, keepdims=True)
    dz = [None, None, (p - np.eye(3)[LABELS])]
    dz[1] = dz[2] @ before["layer3.weight"].T * (1 - a[2] ** 2)
    dz[0] = dz[1] @ before["layer2.weight"].T * (a[1] > 0)
    assert found["layers"] == ("inputs", "layer1", "layer2", "layer3")
    for place, value in enumerate(a):
        assert found["mean"][0, place] == pytest.approx(value.mean())
        assert found["deviation"][0, place] == pytest.approx(value.std())
        assert found["spread"][0, place] == pytest.approx(np.sqrt(value.var(0, ddof=1).mean()))
        np.testing.assert_allclose(found["units"][place]["mean"], value.mean(0))
        np.testing.assert_allclose(found["units"][place]["deviation"], value.std(0, ddof=1))
        gradient = found["gradient_of_layer"][0, place]
        assert (
            np.isnan(gradient)
            if place == 0
            else gradient == pytest.approx(np.sqrt(np.mean(dz[place - 1] ** 2)))
        )
    np.testing.assert_allclose(found["units"][1]["flat"], (a[1] == 0).mean(0))
    np.testing.assert_allclose(found["units"][2]["flat"], (1 - a[2] ** 2 < 0.05).mean(0))
    for place, name in enumerate(found["arrays"]):
        change = after[name] - before[name]
        assert found["weight"][0, place] == pytest.approx(np.sqrt(np.mean(before[name] ** 2)))
        assert found["update"][0, place] == pytest.approx(np.sqrt(np.mean(change**2)))
        assert found["gradient"][0, place] == pytest.approx(np.sqrt(np.mean(change**2)) / 0.25)
    assert found["first_loss"] == pytest.approx(-np.log(p[np.arange(203), LABELS]).mean())
    assert found["loss"][0] == found["highest_loss"][0] == found["first_loss"]
    assert found["highest_step"][0] == 1
    assert np.isnan(found["cosine"][0])


def test_the_cosine_is_that_of_the_changes_in_two_steps():
    net = net_of([fanin.Dense(8, "relu"), fanin.Dense(3)], "float64")
    twin, weights = net.copy(), [net.get_weights()]
    for _ in range(2):
        figures_of(net, 1, 1)
        weights.append(net.get_weights())
    flat = [np.concatenate([w.ravel() for w in named.values()]) for named in weights]
    first, second = flat[1] - flat[0], flat[2] - flat[1]
    expected = first @ second / np.linalg.norm(first) / np.linalg.norm(second)
    found = figures_of(twin, 2, 1)
    assert found["cosine"][1] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("threads", [2, 3, 7])
def test_measurements_do_not_depend_on_the_number_of_threads(threads: int):
    layers = [fanin.Dense(300, "relu"), fanin.Dense(100, "tanh", batch_norm=True), fanin.Dense(3)]
    figures = []
    for count in (1, threads):
        with fanin.num_threads(count):
            figures.append(figures_of(net_of(layers), 3, 2, 50, "shuffled"))
    one, several = figures
    assert one.keys() == several.keys()
    for name in one:
        if name != "units":
            np.testing.assert_array_equal(one[name], several[name], err_msg=name)


def test_batches_of_few_rows_add_up_to_the_figures_of_all():
    net = net_of(DENSE)
    before = net.get_weights()
    watch, rule = _core.Watch(1), optim.SGD(0.0)
    arguments = (None, 10, "shuffled", None, 0, 1, _core.Budget(None, [], None), None, watch)
    with closing(_core.TrainingFloat32(net._core, X, LABELS, *arguments)) as training:
        training.epoch(rule.name, rule.values_on(net._trained))
    found, a = watch.figures(), forward(before)
    for place, value in enumerate(a):
        assert found["deviation"][0, place] == pytest.approx(value.std(), rel=1e-5)
        np.testing.assert_allclose(
            watch.units(place)["deviation"], value.std(0, ddof=1), rtol=1e-5, atol=1e-6
        )


def test_long_fits_keep_a_record_of_several_epochs():
    net = net_of([fanin.Dense(3)])
    found = figures_of(net, 3000, 1)
    epochs = found["epochs"]
    assert 500 < len(epochs) <= 1025
    assert epochs[-1] == 3000
    assert set(np.diff(epochs)[:-1].tolist()) == {4}
    assert found["steps"].tolist() == epochs.tolist()
