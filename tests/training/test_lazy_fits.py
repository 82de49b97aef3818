"""Whatever a fit does besides its steps, rows that are updated lazily are up to date for whoever reads them."""

from __future__ import annotations

import json

import numpy as np
import pytest

import fanin
from fanin import optim
from helpers import digest, rule_named
from rare import COLUMNS, LAZY, SAME_BITS, difference, rows_of_rare_columns, trained

sparse = pytest.importorskip("scipy.sparse")
DENSE, Y = rows_of_rare_columns()
X = sparse.csr_array(DENSE)
pytestmark = pytest.mark.filterwarnings("ignore:rule:fanin.optim.BatchSizeWarning")
ADAM = optim.Around(optim.Adam(0.01), lazy="always", weight_decay=0.1)
AVERAGED = optim.Around(optim.Momentum(0.1), lazy="always", average_decay=0.9)


def description_of(net: fanin.Network) -> dict:
    data = net.to_bytes()
    return json.loads(json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]["fanin"])


def state_of(net: fanin.Network) -> dict[str, np.ndarray]:
    """All arrays of the model file of a float64 network: weights, slots of the rule, averages."""
    data = net.to_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    places = {
        name: part["data_offsets"] for name, part in json.loads(data[8:start]).items() if "shape" in part
    }
    return {name: np.frombuffer(data[start + begin : start + end]) for name, (begin, end) in places.items()}


@pytest.mark.parametrize("name", LAZY)
@pytest.mark.parametrize("average", [0, 0.9])
def test_the_saved_state_of_a_lazy_rule_is_that_of_the_dense_form(name, average):
    rule = optim.Around(rule_named(name), average_decay=average)
    mine, theirs = (state_of(trained(given, Y, rule)) for given in (X, DENSE))
    assert list(mine) == list(theirs)
    for array, values in theirs.items():
        np.testing.assert_allclose(
            mine[array], values, rtol=0, atol=2e-8 * np.abs(values).max(), err_msg=array
        )


@pytest.mark.parametrize("name", LAZY)
def test_a_lazy_fit_resumed_from_a_file_has_the_bits_of_one_that_never_stopped(name, tmp_path):
    rule, path = (
        optim.Around(rule_named(name), weight_decay=0.0, clip_value=0.5),
        tmp_path / "model.safetensors",
    )
    stopped = trained(X, Y, rule, epochs=2)
    stopped.save(path)
    resumed = trained(X, Y, rule, net=fanin.load(path), epochs=2)
    halves = trained(X, Y, rule, net=stopped, epochs=2)
    assert digest(resumed) == digest(halves) == digest(trained(X, Y, rule))


@pytest.mark.parametrize("rule", [ADAM, AVERAGED], ids=str)
def test_reading_between_epochs_changes_nothing_and_sees_rows_that_are_up_to_date(rule):
    seen = []

    def read(net, epoch, logs):
        seen.append(net.copy())
        assert digest(fanin.Network.from_bytes(net.to_bytes())) == digest(net)
        net.predict(X)
        net.evaluate(X, Y)
        net.get_weights(averaged=False)

    net = trained(X, Y, rule, callbacks=[read], validation_data=(X, Y))
    assert digest(net) == digest(trained(X, Y, rule)) == digest(seen[-1])
    for epochs, then in enumerate(seen, start=1):
        assert (
            difference(then, trained(DENSE, Y, optim.Around(rule.rule, **around(rule)), epochs=epochs)) < 2e-8
        )


def around(rule) -> dict[str, float]:
    return {"weight_decay": rule.weight_decay, "average_decay": rule.average_decay}


@pytest.mark.parametrize("name", LAZY)
def test_batches_without_any_weight_change_nothing_of_lazy_rows(name, dtype):
    weights = np.ones(len(Y))
    weights[40:96] = 0
    options = {"sample_weight": weights, "batches": "in_order"}
    net, other = (trained(given, Y, rule_named(name), dtype, **options) for given in (X, DENSE))
    assert digest(net) == digest(other) if name in SAME_BITS else difference(net, other) < 5e-6


@pytest.mark.parametrize("place", ["layer1", "layer1.weight"])
def test_frozen_weights_of_rare_columns_keep_their_bits_and_others_train(place, dtype):
    rule = optim.Around(optim.Adam(0.01), frozen=[place])
    net, other = (trained(given, Y, rule, dtype) for given in (X, DENSE))
    assert digest(net) == digest(other)
    start = trained(X, Y, optim.SGD(0.0), dtype, epochs=1)
    assert np.array_equal(net.get_weights()["layer1.weight"], start.get_weights()["layer1.weight"])
    with pytest.raises(ValueError, match="no layer reads sparse rows"):
        trained(DENSE, Y, optim.Around(optim.Adam(0.01), frozen=[place], lazy="always"))


@pytest.mark.parametrize("steps", [1, 7, 50, 73])
def test_a_fit_that_ends_within_an_epoch_leaves_no_row_behind(steps):
    net, other = (trained(given, Y, optim.AdamW(0.01), max_steps=steps, epochs=None) for given in (X, DENSE))
    assert difference(net, other) < 2e-8
    continued, twin = (trained(given, Y, optim.AdamW(0.01), net=n) for given, n in ((X, net), (DENSE, other)))
    assert difference(continued, twin) < 2e-8


def test_a_fit_that_stops_early_leaves_no_row_behind():
    nets = []
    for given in (X, DENSE):
        stop = fanin.EarlyStopping(patience=1, min_delta=0.1)
        net = trained(given, Y, optim.Adam(0.01), callbacks=[stop], validation_data=(X, Y), epochs=20)
        nets.append(net)
    assert difference(*nets) < 2e-8


def test_a_fit_out_of_time_leaves_no_row_behind():
    rows = np.arange(20_000) % len(Y)
    for seconds in (1e-9, 2e-3):
        net = trained(X[rows], Y[rows], optim.Adam(0.01), max_time=seconds)
        steps = description_of(net)["training"]["steps"]
        twin = trained(DENSE[rows], Y[rows], optim.Adam(0.01), max_steps=steps, epochs=None)
        assert difference(net, twin) < 2e-7


@pytest.mark.parametrize("rule", [ADAM, AVERAGED, optim.Adagrad(), optim.Lion()], ids=str)
def test_nets_trained_together_on_sparse_rows_have_the_bits_of_each_alone(rule, threads):
    for number in (1, 2):
        threads(number)
        nets = [trained(X, Y, optim.SGD(0.1), epochs=1, max_steps=1) for _ in range(3)]
        options = {"rule": rule, "epochs": 2, "batch_size": 8}
        fanin.train_together([(net, X, Y, options) for net in nets])
        start = trained(X, Y, optim.SGD(0.1), epochs=1, max_steps=1)
        assert {digest(net) for net in nets} == {digest(trained(X, Y, rule, net=start, epochs=2))}


def test_chunks_of_sparse_rows_are_fits_of_lazy_rows(dtype):
    chunks = [(0, 150), (150, 151), (151, 400)]
    nets = []
    for given in (X, DENSE):
        net = fanin.Network(
            COLUMNS, [fanin.Dense(6, "tanh"), fanin.Dense(3)], "softmax_cross_entropy", dtype=dtype
        )
        net.fit_chunks([(given[a:b], Y[a:b]) for a, b in chunks], rule=optim.Adam(0.01), batch_size=8)
        nets.append(net)
    assert difference(*nets) < (5e-6 if dtype == "float32" else 2e-8)


def test_another_rule_and_other_options_follow_a_lazy_one():
    rules = [
        ADAM,
        optim.SGD(0.1),
        optim.Around(optim.Adam(), clip_norm=1.0),
        AVERAGED,
        optim.Adam(),
        "lion",
        ADAM,
    ]
    nets = [None, None]
    for rule in rules:
        free = optim.Around(rule.rule, **around(rule)) if isinstance(rule, optim.Around) else rule
        free = optim.Around(rule.rule, clip_norm=1.0) if getattr(rule, "clip_norm", None) else free
        nets = [
            trained(given, Y, free, net=net, epochs=1) for given, net in zip((X, DENSE), nets, strict=True)
        ]
        assert difference(*nets) < 1e-7


def test_weights_set_in_a_callback_are_those_that_training_continues_from():
    def halve(net, epoch, logs):
        net.set_weights({name: array / 2 for name, array in net.get_weights().items()})

    nets = [trained(given, Y, optim.Adam(0.01), callbacks=[halve]) for given in (X, DENSE)]
    assert difference(*nets) < 2e-8


def test_a_lazy_fit_that_diverges_restores_the_last_finite_weights():
    nets = []
    for given in (X, DENSE):
        net = trained(given, Y, optim.SGD(0.1), epochs=1)
        before = digest(net)
        with pytest.raises(fanin.DivergedError):
            net.fit(given * 1e200, Y, rule=optim.Momentum(1e200), epochs=2, batch_size=8)
        assert digest(net) == before
        nets.append(net)
    assert digest(nets[0]) == digest(nets[1])


def test_batches_of_more_rows_than_a_block_train_with_the_dense_forms_bits(dtype):
    rows = np.arange(5000) % len(Y)
    rule = optim.Adam(0.01)
    nets = [trained(given[rows], Y[rows], rule, dtype, batch_size=5000, epochs=2) for given in (X, DENSE)]
    assert digest(nets[0]) == digest(nets[1])
    with pytest.raises(ValueError, match="this fit needs the whole gradient of large batches"):
        trained(X[rows], Y[rows], optim.Around(rule, lazy="always"), batch_size=5000)
    with pytest.raises(
        ValueError, match="count_power: expected 0, because batches of more than 4096 rows are"
    ):
        trained(X[rows], Y[rows], optim.Around(rule, count_power=0.5), batch_size=5000)
    with pytest.raises(
        ValueError, match="count_power: expected 0, because no layer reads sparse rows or whole"
    ):
        trained(DENSE, Y, optim.Around(rule, count_power=0.5))
