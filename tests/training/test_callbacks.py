"""Callbacks see each epoch, may use the network and stop the fit; after their errors the network is usable."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from fanin import optim
from helpers import digest


@pytest.fixture
def net():
    return fanin.Network(5, [fanin.Dense(8, "tanh"), fanin.Dense(3)], loss="softmax_cross_entropy")


class Recorder:
    """Records every call."""

    def __init__(self):
        self.calls = []

    def on_fit_begin(self, net, history):
        self.calls.append(("begin", net, history))

    def on_epoch_end(self, net, epoch, logs):
        self.calls.append((epoch, net, dict(logs)))

    def on_fit_end(self, net, history):
        self.calls.append(("end", net, history))


def fit(net, data, callbacks, **options):
    options = {"rule": optim.Adam(), "epochs": 4, "batch_size": 16, **options}
    return net.fit(*data, callbacks=callbacks, **options)


def test_an_object_and_a_function_are_called_after_each_epoch_counted_from_one(net, classification):
    recorder, seen = Recorder(), []
    history = fit(net, classification, [recorder, lambda *arguments: seen.append(arguments)])
    assert [call[0] for call in recorder.calls] == ["begin", 1, 2, 3, 4, "end"]
    assert all(call[1] is net for call in recorder.calls)
    assert recorder.calls[0][2] is recorder.calls[-1][2] is history
    assert [(epoch, logs["loss"]) for _, epoch, logs in seen] == list(enumerate(history.loss, 1))
    assert history.stopped_epoch is None


def test_epochs_count_from_one_again_in_the_next_fit(net, classification):
    epochs = []
    for _ in range(2):
        fit(net, classification, [lambda net, epoch, logs: epochs.append(epoch)], epochs=2)
    assert epochs == [1, 2, 1, 2]


def test_logs_are_the_figures_of_the_epoch_as_plain_numbers(net, classification):
    X, y = classification
    recorder = Recorder()
    history = fit(net, (X, y), [recorder], validation_data=(X[:20], y[:20]))
    logs = [call[2] for call in recorder.calls[1:-1]]
    for name, entries in (
        ("loss", history.loss),
        ("val_loss", history.val_loss),
        ("val_accuracy", history.val_metric),
        ("learning_rate", history.learning_rate),
        ("seconds", history.seconds),
    ):
        assert [epoch[name] for epoch in logs] == entries
    assert all(type(value) is float for epoch in logs for value in epoch.values())
    names = {"loss", "val_loss", "val_accuracy", "learning_rate", "seconds"}
    assert all(set(epoch) == names for epoch in logs)


def test_logs_without_validation_data_have_no_validation_figures(net, classification):
    recorder = Recorder()
    fit(net, classification, [recorder])
    assert set(recorder.calls[1][2]) == {"loss", "learning_rate", "seconds"}


@pytest.mark.parametrize("true", [True, np.True_], ids=["Python", "NumPy"])
def test_true_stops_after_the_epoch_and_all_callbacks_have_seen_it(net, classification, true):
    recorder = Recorder()
    history = fit(net, classification, [lambda net, epoch, logs: epoch == 2 and true, recorder])
    assert len(history.loss) == history.stopped_epoch == 2
    assert [call[0] for call in recorder.calls] == ["begin", 1, 2, "end"]
    assert history.to_dict()["stopped_epoch"] == 2


@pytest.mark.parametrize("answer", [None, False, np.False_, 1, "stop", {"loss": 1.0}, np.ones(3)], ids=repr)
def test_any_value_other_than_true_continues_the_fit(net, classification, answer):
    history = fit(net, classification, [lambda net, epoch, logs: answer])
    assert len(history.loss) == 4
    assert history.stopped_epoch is None


def test_a_stopped_fit_continues_with_the_same_bits(net, classification):
    whole = fanin.Network(5, net.layers, loss=net.loss)
    fit(whole, classification, [])
    fit(net, classification, [lambda net, epoch, logs: epoch == 3])
    fit(net, classification, [], epochs=1)
    assert digest(net) == digest(whole)


def test_a_callback_may_predict_evaluate_and_get_weights_without_changing_the_training(net, classification):
    X, y = classification
    plain, losses = fanin.Network(5, net.layers, loss=net.loss), []

    def look(net, epoch, logs):
        assert net.predict(X).shape == (53, 3)
        losses.append(net.evaluate(X, y)["loss"])
        net.get_weights()["layer1.weight"][:] = 0  # a copy

    history = fit(net, (X, y), [look], validation_data=(X, y))
    fit(plain, (X, y), [])
    assert losses == history.val_loss
    assert digest(net) == digest(plain)


def test_weights_set_by_a_callback_are_those_the_next_epoch_trains(net, classification):
    start, seen = net.get_weights(), []

    def reset(net, epoch, logs):
        seen.append(logs["loss"])
        net.set_weights(start)

    fit(net, classification, [reset], rule=optim.SGD(0.1), batches="in_order")
    assert len(set(seen)) == 1
    assert all(np.array_equal(net.get_weights()[name], weights) for name, weights in start.items())


def test_a_callback_may_train_another_network_but_not_this_one(net, classification):
    other = fanin.Network(5, net.layers, loss=net.loss)
    fit(net, classification, [lambda _, epoch, logs: fit(other, classification, [], epochs=1)])
    assert digest(net) == digest(other)
    with pytest.raises(RuntimeError, match="another training"):
        fit(net, classification, [lambda net, epoch, logs: fit(net, classification, [])])
    assert len(fit(net, classification, []).loss) == 4


@pytest.mark.parametrize("hook", ["on_fit_begin", "on_epoch_end", "on_fit_end"])
@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, StopIteration, GeneratorExit])
def test_an_exception_in_a_callback_leaves_a_usable_network(net, classification, hook, error):
    def fail(*arguments):
        raise error("mine")

    callback = Recorder()
    setattr(callback, hook, fail)
    with pytest.raises(error, match="mine") as kept:
        fit(net, classification, [callback], verbose=True)
    assert ("end" in [call[0] for call in callback.calls]) is False
    assert np.isfinite(net.predict(classification.X)).all()
    assert len(fit(net, classification, []).loss) == 4
    assert kept.type is error


def test_callbacks_begin_only_if_all_arguments_are_valid(net, classification):
    recorder = Recorder()
    with pytest.raises(ValueError, match="y: expected 53 rows"):
        fit(net, (classification.X, classification.y[:9]), [recorder])
    with pytest.raises(ValueError, match="epochs"):
        fit(net, classification, [recorder], epochs=-1)
    assert recorder.calls == []


def test_no_epochs_begin_and_end(net, classification):
    recorder = Recorder()
    history = fit(net, classification, [recorder], epochs=0)
    assert [call[0] for call in recorder.calls] == ["begin", "end"]
    assert history.loss == []


@pytest.mark.parametrize(
    ("callbacks", "words"),
    [
        (3, "callbacks: expected a list, got 3"),
        (None, "callbacks: expected a list, got None"),
        (fanin.EarlyStopping(), "callbacks: expected a list, got EarlyStopping"),
        (print, "callbacks: expected a list"),
        ([None], "on_epoch_end.* at position 0, got None"),
        ([print, 3], "at position 1, got 3"),
        ("ab", "callbacks: expected a list, got 'ab'"),
        ([fanin.EarlyStopping], r"position 0 is a class; .*EarlyStopping\(...\)"),
    ],
    ids=["number", "None", "no list", "function", "None in it", "number in it", "text", "class"],
)
def test_callbacks_that_cannot_be_called_are_refused_before_training(net, classification, callbacks, words):
    before = digest(net)
    with pytest.raises(TypeError, match=words):
        fit(net, classification, callbacks)
    assert digest(net) == before


def test_a_callback_may_change_its_logs(net, classification, capsys):
    history = fit(net, classification, [lambda net, epoch, logs: logs.clear()], verbose=True)
    assert len(history.loss) == len(history.seconds) == 4
    assert capsys.readouterr().out.count("\n") == 4


def test_a_history_is_readable_at_a_glance(net, classification):
    X, y = classification
    history = fit(net, (X, y), [lambda net, epoch, logs: epoch == 3], validation_data=(X, y))
    text = repr(history)
    assert text.startswith(f"<fanin.History: 3 epochs, loss {history.loss[-1]:.4g}, val_loss ")
    assert f"val_accuracy {history.val_metric[-1]:.4g}, learning_rate 0.001, stopped after 3" in text
    assert repr(fit(net, (X, y), [], epochs=1)).startswith("<fanin.History: 1 epoch, loss ")
    assert repr(fit(net, (X, y), [], epochs=0)) == "<fanin.History: 0 epochs, 0 s>"


def test_to_dict_copies_the_lists(net, classification):
    history = fit(net, classification, [])
    history.to_dict()["loss"].clear()
    assert len(history.loss) == 4
