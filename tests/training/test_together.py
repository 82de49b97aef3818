"""Nets trained together have the bits and histories of nets trained alone, whatever happens to the others."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import fanin
from fanin import DivergedError, EarlyStopping, optim
from helpers import digest, python_prints
from systems import posix


def regression(rows=300, seed=0):
    X = np.random.default_rng(seed).normal(size=(rows, 6))
    return X, np.tanh(X[:, :2])


def new_net(seed=0, dtype="float32", **options):
    layers = [fanin.Dense(24, "tanh", **options), fanin.Dropout(0.2), fanin.Dense(2)]
    return fanin.Network(6, layers, seed=seed, dtype=dtype)


def members():
    """Fits that differ in every possible way."""
    X, y = regression()
    other, labels = np.random.default_rng(1).normal(size=(77, 4)), np.arange(77) % 3
    classifier = fanin.Network(4, [fanin.Dense(9, "relu"), fanin.Dense(3)], "softmax_cross_entropy")
    exact = new_net(4, batch_norm=fanin.BatchNorm(exact_statistics=True))
    averaged = optim.Around(optim.Nesterov(0.01), average_decay=0.9, clip_norm=1.0)
    stopping = {"validation_data": (X[:50], y[:50]), "callbacks": [EarlyStopping(patience=2, min_delta=0.01)]}
    fraction = {"validation_fraction": 0.2, "sample_weight": np.arange(300.0), "batches": "in_order"}
    return [
        (new_net(1), X, y, {"rule": optim.Adam(0.01), "epochs": 7}),
        (new_net(2, "float64"), X, y, {"rule": averaged, "epochs": 3, "batch_size": 7}),
        (classifier, other, labels, {"rule": optim.SchaulVSGD(), "epochs": 20, "batch_size": 1}),
        (new_net(3), X, y, {"rule": optim.Adam(0.05), "epochs": 100, **stopping}),
        (exact, X, y, {"rule": optim.RMSprop(), "epochs": 5, **fraction}),
        (new_net(5), X, y, {"rule": optim.SGD(), "epochs": 0}),
    ]


def figures(history):
    return {name: value for name, value in history.to_dict().items() if name != "seconds"}


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_training_together_equals_training_alone_bit_for_bit(threads):
    alone = [(net, net.fit(X, y, **options)) for net, X, y, options in members()]
    together = members()
    with fanin.num_threads(threads):
        histories = fanin.train_together(together)
    assert len(histories) == len(alone)
    for (net, history), (twin, *_), found in zip(alone, together, histories, strict=True):
        assert twin.to_bytes() == net.to_bytes()
        assert figures(found) == figures(history)
        assert len(found.seconds) == len(history.seconds)
    assert histories[3].stopped_epoch is not None


@pytest.mark.parametrize(("count", "threads"), [(1, 3), (2, 3), (2, 4), (3, 7), (5, 3)])
def test_nets_large_enough_for_several_threads_keep_their_bits(count, threads):
    """With fewer nets than threads, each has its own team of threads, also together with a small net."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(512, 200)), rng.integers(5, size=512)

    def fresh():
        layers = [fanin.Dense(256, "relu"), fanin.Dense(256, "relu"), fanin.Dense(5)]
        nets = [fanin.Network(200, layers, "softmax_cross_entropy", seed=seed) for seed in range(count)]
        if count > 2:
            nets[1] = fanin.Network(200, layers[2:], "softmax_cross_entropy")
        rules = [optim.Adam(), optim.Around(optim.SGD(), clip_norm=0.1), optim.Nesterov(0.01)]
        return [
            (net, X, y, {"rule": rules[number % 3], "epochs": 2 + number % 2, "batch_size": 128})
            for number, net in enumerate(nets)
        ]

    alone, together = fresh(), fresh()
    for net, _, _, options in alone:
        net.fit(X, y, **options)
    with fanin.num_threads(threads):
        fanin.train_together(together)
    assert [digest(member[0]) for member in together] == [digest(member[0]) for member in alone]


def test_no_members_give_no_histories():
    assert fanin.train_together([]) == []


def diverging():
    X, y = regression()
    options = {"rule": optim.SGD(1e30), "epochs": 4}
    return new_net(9), X, y, options


def test_the_error_of_a_diverged_net_replaces_its_history_and_the_others_are_trained():
    alone = new_net(1)
    X, y = regression()
    options = {"rule": optim.Adam(), "epochs": 4}
    alone.fit(X, y, **options)
    for on_error in ("return", "raise"):
        net, bad = new_net(1), diverging()
        fits = [bad, (net, X, y, options), diverging()]
        if on_error == "return":
            results = fanin.train_together(fits, on_error="return")
            assert [type(result) for result in results] == [DivergedError, fanin.History, DivergedError]
            assert results[0].epoch == 1
        else:
            with pytest.raises(DivergedError, match="in epoch 1"):
                fanin.train_together(fits)
        assert net.to_bytes() == alone.to_bytes()
        assert all(np.isfinite(w).all() for w in bad[0].get_weights().values())
        bad[0].fit(X, y, rule=optim.Adam(), epochs=1)


def test_an_exception_in_a_callback_ends_only_its_own_fit():
    X, y = regression()

    def fail(net, epoch, logs):
        if epoch == 2:
            raise OSError("disk full")

    options = {"rule": optim.Adam(), "epochs": 4}
    fits = [(new_net(1), X, y, {**options, "callbacks": [fail]}), (new_net(2), X, y, options)]
    error, history = fanin.train_together(fits, on_error="return")
    assert isinstance(error, OSError)
    assert [net.epochs for net, *_ in fits] == [2, 4]
    assert len(history.loss) == 4


def test_callbacks_run_on_the_calling_thread_and_may_use_their_net():
    X, y = regression()
    seen, caller = [], threading.get_ident()

    def callback(number):
        def look(net, epoch, logs):
            assert threading.get_ident() == caller
            assert net.predict(X[:5]).shape == (5, 2)
            net.copy()
            seen.append((number, epoch))
            return number == 2 and epoch == 3

        return look

    fits = [
        (new_net(i), X, y, {"rule": optim.Adam(), "epochs": 5, "callbacks": [callback(i)]}) for i in range(4)
    ]
    histories = fanin.train_together(fits)
    for number, history in enumerate(histories):
        expected = [1, 2, 3] if number == 2 else [1, 2, 3, 4, 5]
        assert [epoch for other, epoch in seen if other == number] == expected
        assert history.stopped_epoch == (3 if number == 2 else None)


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        (lambda m: (m[0], m[1][:5], *m[2:]), ValueError, r"member 2: y: expected .*5"),
        (lambda m: m[:3], TypeError, r"member 2: expected a tuple \(net, X, y, options\), got 3 of them"),
        (lambda m: list(m), TypeError, r"member 2: expected a tuple \(net, X, y, options\), got list"),
        (lambda m: ("net", *m[1:]), TypeError, "member 2: expected a fanin.Network first, got str"),
        (lambda m: (*m[:3], None), TypeError, "member 2: expected a dict of fit's keyword arguments, got None"),
        (lambda m: (*m[:3], {**m[3], "epoch": 1}), TypeError, "member 2: options: expected any of rule, .*'epoch'"),
        (lambda m: (*m[:3], {**m[3], "epochs": -1}), ValueError, "member 2: epochs: expected .*-1"),
        (lambda m: (*m[:3], {**m[3], "rule": "Adam"}), ValueError, "member 2: rule: expected one of sgd, .*'Adam'"),
        (
            lambda m: (*m[:3], {**m[3], "callbacks": [EarlyStopping()]}),
            ValueError,
            "member 2: EarlyStopping: val_loss needs validation data; pass",
        ),
    ],
)  # fmt: skip
def test_bad_arguments_name_the_member_before_any_training(change, kind, message):
    X, y = regression()
    options = {"rule": optim.Adam(), "epochs": 1}
    first, second = new_net(1), new_net(2)
    before = first.to_bytes()
    with pytest.raises(kind, match=message):
        fanin.train_together([(first, X, y, options), change((second, X, y, options))])
    assert first.to_bytes() == before
    first.fit(X, y, **options)
    second.fit(X, y, **options)


def test_objects_that_two_fits_cannot_share_are_refused_before_any_training():
    X, y = regression()
    options = {"rule": optim.Adam(), "epochs": 1}
    net, other = new_net(1), new_net(2)
    with pytest.raises(
        ValueError,
        match=r"member 3: expected a network of its own, such as net.copy\(\), got that of member 1",
    ):
        fanin.train_together([(net, X, y, options), (other, X, y, options), (net, X, y, options)])
    shared = {**options, "validation_data": (X, y), "callbacks": [EarlyStopping()]}
    with pytest.raises(
        ValueError, match="member 2: expected an EarlyStopping of its own, got that of member 1"
    ):
        fanin.train_together([(net, X, y, shared), (other, X, y, shared)])
    with pytest.raises(TypeError, match="members: expected a list of"):
        fanin.train_together(5)
    with pytest.raises(ValueError, match="on_error: expected"):
        fanin.train_together([], on_error="ignore")
    assert net.epochs == other.epochs == 0


def test_a_net_that_is_being_trained_is_refused():
    X, y = regression()
    net, other = new_net(1), new_net(2)
    options = {"rule": optim.Adam(), "epochs": 1}

    def nested(_, epoch, logs):
        with pytest.raises(RuntimeError, match="another training is under way"):
            fanin.train_together([(other, X, y, options), (net, X, y, options)])

    net.fit(X, y, callbacks=[nested], **options)
    assert (net.epochs, other.epochs) == (1, 0)


def test_a_rule_for_full_batches_warns_once_per_member():
    X, y = regression()
    fits = [(new_net(seed), X, y, {"rule": optim.Rprop(), "epochs": 2}) for seed in range(2)]
    with pytest.warns(optim.BatchSizeWarning) as caught:
        fanin.train_together(fits)
    assert [warning.filename for warning in caught] == [__file__, __file__]


SMALL, HUGE = (64, 32, 5), (6000, 6000, 2)


@posix
@pytest.mark.parametrize(("rows", "batch", "count"), [SMALL, HUGE], ids=["small steps", "huge steps"])
@pytest.mark.parametrize("threads", ["1", "2"])
def test_control_c_ends_all_fits_and_leaves_usable_nets(rows, batch, count, threads):
    code = f"""
import os, signal, threading
import numpy as np
import fanin
from fanin import optim

signal.signal(signal.SIGINT, signal.default_int_handler)
X, y = np.random.default_rng(0).normal(size=({rows}, 256)), np.arange({rows}) % 10
layers = [fanin.Dense(512 if {rows} > 64 else 16, "relu"), fanin.Dense(10)]
nets = [fanin.Network(256, layers, "softmax_cross_entropy", seed=seed) for seed in range({count})]
options = dict(rule=optim.Adam(), batch_size={batch})

def press_control_c():
    os.kill(os.getpid(), signal.SIGINT)

try:
    threading.Timer(0.3, press_control_c).start()
    fanin.train_together([(net, X, y, dict(options, epochs=10**8)) for net in nets])
    print("the fits ended on their own")
except KeyboardInterrupt as interrupt:
    kept = interrupt
for net in nets:
    assert all(np.isfinite(w).all() for w in net.get_weights().values())
    net.fit(X[:64], y[:64], epochs=1, **options)
print("usable")
"""
    printed = python_prints("-c", code, FANIN_NUM_THREADS=threads, FANIN_ISA="baseline")
    assert printed == "usable\n"
