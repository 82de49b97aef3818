"""Replays act as the callbacks of the fit did, on other data they say so, and chunks can be replayed."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import fanin
from fanin import optim

X = np.random.default_rng(0).normal(size=(40, 3))
Y = np.sin(X[:, :1])
OPTIONS = {"rule": optim.Momentum(0.2), "batch_size": 8, "epochs": 8}  # 5 steps an epoch


def new_net():
    return fanin.Network(3, [fanin.Dense(5, "tanh"), fanin.Dense(1)])


class Recorder:
    """What the network was after each epoch."""

    def __init__(self):
        self.seen = {}

    def on_epoch_end(self, net, epoch, logs):
        self.seen[epoch] = net.to_bytes()


def diagnosis_of(**options):
    return new_net().fit(X, Y, **{**OPTIONS, **options}, diagnose=True).diagnosis


@pytest.mark.parametrize(
    "callback",
    [
        fanin.ReduceOnPlateau(0.5, patience=1, monitor="loss", threshold=0.3, best_weights=True),
        fanin.RateControl(window=2),
        fanin.EarlyStopping(patience=2, monitor="loss", min_delta=0.02),
        lambda net, epoch, logs: net.set_weights({k: 0.5 * w for k, w in net.get_weights().items()}),
    ],
    ids=["ReduceOnPlateau", "RateControl", "EarlyStopping", "function"],
)
def test_callbacks_change_a_replay_as_they_changed_the_fit(callback):
    recorder, start = Recorder(), new_net()
    history = start.copy().fit(X, Y, **OPTIONS, callbacks=[callback, recorder])
    state = {name: value for name, value in vars(callback).items() if name != "_count"}
    epochs = len(history.loss)
    for epoch in range(1, epochs + 1):
        again = fanin.replay(start, X, Y, step=5 * epoch, **OPTIONS, callbacks=[callback, recorder])
        assert again.to_bytes() == recorder.seen[epoch]
    assert len(recorder.seen) == epochs > 2
    assert {name: value for name, value in vars(callback).items() if name != "_count"} == state


def test_callbacks_do_not_act_in_the_middle_of_an_epoch():
    calls = []
    options = {**OPTIONS, "callbacks": [lambda net, epoch, logs: calls.append(epoch)]}
    fanin.replay(new_net(), X, Y, step=13, **options)
    assert calls == [1, 2]


def test_a_step_after_early_stopping_is_refused():
    options = {**OPTIONS, "callbacks": [lambda net, epoch, logs: epoch == 3]}
    fanin.replay(new_net(), X, Y, step=15, **options)
    with pytest.raises(ValueError, match="step: expected at most 15, the steps of the fit, got 16"):
        fanin.replay(new_net(), X, Y, step=16, **options)


def test_a_callback_that_cannot_be_copied_is_refused():
    recorder = Recorder()
    recorder.lock = threading.Lock()
    with pytest.raises(TypeError, match=r"callbacks: expected callbacks that copy\.deepcopy can copy"):
        fanin.replay(new_net(), X, Y, step=1, **OPTIONS, callbacks=[recorder])


def test_a_diagnosis_holds_all_that_a_replay_needs():
    diagnosis = diagnosis_of(rule=optim.Adam(optim.Cosine(0.1)), max_time=10.0)
    expected = new_net()
    expected.fit(
        X, Y, **{**OPTIONS, "rule": optim.Adam(optim.Cosine(0.1)), "max_steps": diagnosis.history.steps}
    )
    assert fanin.replay(diagnosis, X, Y, step=40).to_bytes() == expected.to_bytes()
    with pytest.raises(
        TypeError, match="options: expected none with a Diagnosis, which has them, got epochs"
    ):
        fanin.replay(diagnosis, X, Y, step=40, epochs=3)


def test_other_data_than_those_of_the_fit_are_noticed():
    diagnosis = diagnosis_of()
    with pytest.raises(ValueError, match="X, y: expected the data of the fit, whose loss in epoch 1 was"):
        fanin.replay(diagnosis, X + 1, Y, step=7)
    with pytest.raises(ValueError, match="X: expected"):
        fanin.replay(diagnosis, X[:, :2], Y, step=7)


def test_a_fit_that_diverged_is_replayed_up_to_its_last_finite_step():
    options = {**OPTIONS, "rule": optim.SGD(1e6)}
    with pytest.raises(fanin.DivergedError) as raised:
        new_net().fit(X, Y, **options)
    last = 5 * (raised.value.epoch - 1) + raised.value.step - 1
    weights = fanin.replay(new_net(), X, Y, step=last, **options).get_weights()
    assert all(np.isfinite(array).all() for array in weights.values())
    with pytest.raises(fanin.DivergedError):
        fanin.replay(new_net(), X, Y, step=last + 1, **options)


CHUNKS = [(X[:17], Y[:17]), (X[17:20], Y[17:20]), (X[20:], Y[20:])]  # 3, 1 and 3 steps


def chunked(net, **options):
    return net.fit_chunks(CHUNKS, **{**OPTIONS, "epochs": 3, **options})


@pytest.mark.parametrize("chunks", [CHUNKS, lambda: iter(CHUNKS)], ids=["list", "function"])
def test_every_step_of_a_fit_on_chunks_is_replayed(chunks):
    recorder = Recorder()
    steps = chunked(new_net(), callbacks=[recorder]).steps
    for step in range(1, steps + 1):
        limited = new_net()
        chunked(limited, max_steps=step)
        again = fanin.replay(new_net(), chunks=chunks, step=step, **{**OPTIONS, "epochs": 3})
        assert again.to_bytes() == limited.to_bytes()
        if step % 7 == 0:
            assert again.to_bytes() == recorder.seen[step // 7]
    assert steps == 21


def test_callbacks_of_chunks_act_after_the_last_chunk_alone():
    calls = []
    options = {**OPTIONS, "callbacks": [lambda net, epoch, logs: calls.append(epoch)]}
    for step, expected in ((3, []), (6, []), (7, [1]), (13, [1]), (14, [1, 2])):
        calls.clear()
        fanin.replay(new_net(), chunks=CHUNKS, step=step, **options)
        assert calls == expected


def test_schedules_span_all_steps_of_a_fit_on_chunks():
    rule, net = optim.Adam(optim.Cosine(0.1)), new_net()
    chunked(net, rule=optim.Adam(optim.Cosine(0.1, steps=20)), max_steps=11)
    again = fanin.replay(
        new_net(), chunks=CHUNKS, step=11, **{**OPTIONS, "epochs": 3, "rule": rule}, max_steps=20
    )
    assert all((again.get_weights()[name] == array).all() for name, array in net.get_weights().items())


def test_a_stream_that_is_gone_cannot_be_replayed():
    with pytest.raises(ValueError, match="chunks: a stream can be read only once; expected the chunks of"):
        fanin.replay(new_net(), chunks=iter(CHUNKS), step=1, **OPTIONS)


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        ({"checkpoint": 3}, TypeError, "checkpoint: expected a Network, a path or a Diagnosis, got int"),
        ({"step": -1}, ValueError, "step: expected"),
        ({"step": 1.5}, TypeError, "step: expected"),
        ({"epoch": 3}, TypeError, "options: expected any of rule, epochs, .*, got 'epoch'"),
        ({"chunks": CHUNKS}, TypeError, "chunks: expected None together with X and y"),
        ({"y": None}, TypeError, "X, y: expected the data of the fit, got None"),
        ({"step": 41}, ValueError, "step: expected at most 40, the steps of the fit, got 41"),
        ({"epochs": 0}, ValueError, "step: expected at most 0"),
    ],
)
def test_arguments_of_a_replay_are_checked(change, kind, message):
    arguments = {"checkpoint": new_net(), "X": X, "y": Y, "step": 1, **OPTIONS, **change}
    with pytest.raises(kind, match=message):
        fanin.replay(**arguments)
