"""EarlyStopping stops a fit that no longer improves, and restores the weights of the best epoch."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import fanin
from fanin import EarlyStopping, optim
from helpers import digest, linear_neuron


class Script:
    """Puts figures from a list into the logs, and records the bits of the weights after each epoch."""

    def __init__(self, *figures, name="figure"):
        self.figures, self.name, self.digests = figures, name, []

    def on_epoch_end(self, net, epoch, logs):
        logs[self.name] = self.figures[epoch - 1]
        self.digests.append(digest(net))


def played(figures, name="figure", **options):
    """A fit with these figures and EarlyStopping; returns also the bits after each epoch."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 3)), rng.normal(size=40)
    net = fanin.Network(3, [fanin.Dense(4, "tanh"), fanin.Dense(1)])
    script = Script(*figures, name=name)
    callbacks = [script, EarlyStopping(monitor=name, **options)]
    history = net.fit(X, y, rule=optim.Adam(), epochs=len(figures), batch_size=8, callbacks=callbacks)
    assert len(set(script.digests)) == len(script.digests)
    return net, history, script.digests


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("figures", "options", "best", "stopped"),
    [
        ([3, 2, 1, 1, 1, 0], {"patience": 2}, 3, 5),
        ([3, 2, 1, 2, 0, 1], {"patience": 2}, 5, None),
        ([3, 4, 5], {"patience": 1}, 1, 2),
        ([3, 2, 1], {"patience": 1}, 3, None),
        ([3, 3, 3, 3], {"patience": 3}, 1, 4),
        ([3, 2.9, 2.8, 2.7, 2.7], {"patience": 2, "min_delta": np.float32(0.15)}, 3, 5),
        ([3, 2.75, 2.5, 2.25, 2.0, 1.75], {"patience": 2, "min_delta": 0.25}, 5, None),
        ([1, 2, 3, 2, 2, 9], {"patience": 2, "mode": "max"}, 3, 5),
        ([NAN, 2, NAN, 1, NAN, NAN], {"patience": 2}, 4, 6),
        ([NAN, NAN, 1], {"patience": 2}, None, 2),
        ([INF, 2, 1], {"patience": 2}, 3, None),
        ([-INF, -INF, 1], {"patience": 2}, 1, 3),
        ([np.float32(2), np.float64(1), 1, 1], {"patience": 10**30}, 2, None),
    ],
    ids=str,
)
def test_hand_made_figures_stop_as_expected_and_the_best_weights_are_restored(
    figures, options, best, stopped
):
    net, history, digests = played(figures, **options)
    assert (history.best_epoch, history.stopped_epoch) == (best, stopped)
    assert len(history.loss) == (stopped or len(figures))
    assert digest(net) == digests[best - 1 if best else -1]


def test_an_improvement_of_exactly_min_delta_does_not_count():
    _, history, _ = played([3, 2.75, 2.5, 2.25], patience=1, min_delta=0.25)
    assert (history.best_epoch, history.stopped_epoch) == (1, 2)


@pytest.mark.parametrize("name", ["val_accuracy", "accuracy", "balanced_accuracy"])
def test_a_higher_accuracy_is_better(name):
    _, history, _ = played([0.25, 0.5, 0.375, 0.375], name=f"my_{name}", patience=2)
    assert (history.best_epoch, history.stopped_epoch) == (2, 4)


@pytest.mark.parametrize("monitor", ["val_loss", "val_accuracy"])
def test_the_weights_restored_give_the_best_validation_figure(monitor, classification, dtype):
    X = classification.X
    net = fanin.Network(
        5, [fanin.Dense(32, "relu"), fanin.Dense(3)], loss="softmax_cross_entropy", dtype=dtype
    )
    labels = np.random.default_rng(0).integers(3, size=53)  # noise: training on it soon hurts
    stopping = EarlyStopping(patience=5, monitor=monitor)
    history = net.fit(
        X[:30],
        labels[:30],
        rule=optim.Adam(0.02),
        epochs=500,
        validation_data=(X[30:], labels[30:]),
        callbacks=[stopping],
    )
    figures = history.val_loss if monitor == "val_loss" else history.val_metric
    best = min(figures) if monitor == "val_loss" else max(figures)
    assert history.stopped_epoch == len(figures) == history.best_epoch + 5 < 500
    assert figures[history.best_epoch - 1] == best
    assert net.evaluate(X[30:], labels[30:])[monitor.removeprefix("val_")] == best
    assert stopping.best_weights is None
    assert history.to_dict()["best_epoch"] == history.best_epoch
    assert f"best epoch {history.best_epoch}, stopped after {history.stopped_epoch}" in repr(history)


@pytest.mark.parametrize("batch_norm", [False, True])
def test_a_better_epoch_reuses_the_memory_of_the_previous_best(batch_norm):
    X = np.random.default_rng(0).normal(size=(40, 3))
    layers = [fanin.Dense(4, "tanh", batch_norm=batch_norm), fanin.BatchNorm(), fanin.Dense(1)]
    net = fanin.Network(3, layers)
    stopping = EarlyStopping(monitor="figure")
    kept = []

    class Note:
        def on_epoch_end(self, net, epoch, logs):
            best = stopping.best_weights
            for name, array in net.get_weights().items():
                np.testing.assert_array_equal(best[name], array, strict=True)
            kept.append([best[f"layer{layer}.weight"] for layer in (1, 3)])

    callbacks = [Script(3, 2, 1), stopping, Note()]
    net.fit(X, X[:, 0], rule=optim.Adam(), epochs=3, batch_size=8, callbacks=callbacks)
    assert len(kept) == 3
    assert all(array is first for arrays in kept for array, first in zip(arrays, kept[0], strict=True))


def test_a_lower_rmse_is_better(regression):
    X, y = regression
    net = fanin.Network(5, [fanin.Dense(3)])
    history = net.fit(
        X,
        y,
        rule=optim.SGD(0.05),
        epochs=20,
        validation_data=(X, y),
        callbacks=[EarlyStopping(2, monitor="val_rmse")],
    )
    assert history.best_epoch == np.argmin(history.val_metric) + 1 > 2


def test_the_training_loss_needs_no_validation_data():
    """The bowl's loss falls while the rate is below 2 / curvature, and grows once it is above."""
    for rate, best in ((0.5, 5), (2.5, 1)):
        net = linear_neuron([1.0])
        history = net.fit(
            [[1.0], [-1.0]],
            [0.0, 0.0],
            rule=optim.SGD(rate),
            epochs=5,
            callbacks=[EarlyStopping(monitor="loss")],
        )
        assert history.best_epoch == best


def test_one_object_serves_several_fits_in_turn(classification):
    X, y = classification
    stopping, results = EarlyStopping(patience=2), []
    for _ in range(2):
        net = fanin.Network(5, [fanin.Dense(3)], loss="softmax_cross_entropy")
        options = {"rule": optim.SGD(0), "epochs": 10, "validation_data": (X, y)}
        history = net.fit(X, y, callbacks=[stopping], **options)
        results.append((history.best_epoch, history.stopped_epoch))
    assert results == [(1, 3)] * 2


def test_after_an_interrupt_the_best_weights_are_still_there(classification):
    X, y = classification
    net, best = fanin.Network(5, [fanin.Dense(3)], loss="softmax_cross_entropy"), []

    def interrupt(net, epoch, logs):
        if epoch == 1:
            best.append(digest(net))
        if epoch == 3:
            raise KeyboardInterrupt

    stopping = EarlyStopping(monitor="epoch")
    callbacks = [lambda net, epoch, logs: logs.update(epoch=epoch), stopping, interrupt]
    with pytest.raises(KeyboardInterrupt):
        net.fit(X, y, rule=optim.Adam(), callbacks=callbacks)
    assert digest(net) != best[0]
    net.set_weights(stopping.best_weights)
    assert digest(net) == best[0]


@pytest.mark.parametrize("monitor", ["val_loss", "val_accuracy"])
def test_a_validation_figure_without_validation_data_is_refused_before_training(monitor, classification):
    net = fanin.Network(5, [fanin.Dense(3)], loss="softmax_cross_entropy")
    before = digest(net)
    with pytest.raises(
        ValueError, match=f"EarlyStopping: {monitor} needs .* or validation_fraction=0.1, or monitor"
    ):
        net.fit(*classification, rule=optim.SGD(), callbacks=[EarlyStopping(monitor=monitor)])
    assert digest(net) == before


def test_the_error_for_an_unknown_figure_lists_those_in_the_logs(classification):
    net = fanin.Network(5, [fanin.Dense(3)], loss="softmax_cross_entropy")
    words = "monitor: expected one of loss, val_loss, val_accuracy, learning_rate, seconds, got 'val_acc'"
    with pytest.raises(ValueError, match=words):
        net.fit(
            *classification,
            rule=optim.SGD(),
            validation_data=classification,
            callbacks=[EarlyStopping(monitor="val_acc")],
        )


def test_a_figure_that_is_not_a_number_is_refused():
    with pytest.raises(TypeError, match="EarlyStopping: figure: expected a number, got 'good'"):
        played(["good"])


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"patience": 0}, ValueError, "patience: expected at least 1, got 0"),
        ({"patience": 2.5}, TypeError, "patience: expected an integer"),
        ({"patience": True}, TypeError, "patience"),
        ({"min_delta": -1}, ValueError, r"min_delta: expected a number in \[0, infinity\), got -1"),
        ({"min_delta": NAN}, ValueError, "min_delta: .*nan"),
        ({"min_delta": INF}, ValueError, "min_delta: .*inf"),
        ({"min_delta": 10**400}, ValueError, "min_delta"),
        ({"min_delta": "0"}, TypeError, "min_delta: expected a number"),
        ({"min_delta": True}, TypeError, "min_delta"),
        ({"monitor": 3}, TypeError, "monitor: expected the name of a figure, got 3"),
        ({"mode": "best"}, ValueError, "mode: expected one of auto, min, max, got 'best'"),
    ],
    ids=str,
)
def test_wrong_arguments_of_early_stopping_get_a_clear_message(options, error, words):
    with pytest.raises(error, match=words):
        EarlyStopping(**options)


def test_early_stopping_can_be_copied_and_pickled():
    stopping = EarlyStopping(3, 0.5, "loss")
    assert repr(stopping) == "EarlyStopping(patience=3, min_delta=0.5, monitor='loss', mode='auto')"
    assert copy.deepcopy(stopping) == stopping == pickle.loads(pickle.dumps(stopping))


def test_early_stopping_copies_and_pickles_in_the_middle_of_a_fit_without_its_count():
    stopping = EarlyStopping(3, monitor="loss")
    copies = []

    def copied(net, epoch, logs):
        copies.append(pickle.loads(pickle.dumps(copy.copy(stopping))))

    net = fanin.Network(1, [fanin.Dense(1)])
    X = [[1.0], [2.0]]
    net.fit(X, [1.0, 2.0], rule=optim.SGD(0), epochs=9, callbacks=[stopping, copied])
    assert len(copies) == 4
    history = net.fit(X, [1.0, 2.0], rule=optim.SGD(0), epochs=9, callbacks=[copies[-1]])
    assert history.stopped_epoch == 4
