"""A fit ends at a limit of steps or seconds, in the middle of an epoch if necessary, as part of a longer fit."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest

import fanin
from fanin import optim

ROWS, BATCH = 100, 8  # 13 steps an epoch, the last of 4 rows
X = np.random.default_rng(0).normal(size=(ROWS, 6))
Y = np.tanh(X[:, :2])


def new_net(seed=0, **options):
    layers = [fanin.Dense(24, "tanh", **options), fanin.Dropout(0.2), fanin.Dense(2)]
    return fanin.Network(6, layers, seed=seed)


def fit(net, X=X, y=Y, **options):
    return net.fit(X, y, **{"rule": optim.Adam(), "batch_size": BATCH, "epochs": 10, **options})


def weights(net):
    return {name: array.tobytes() for name, array in net.get_weights().items()}


@pytest.mark.parametrize("accumulate", [1, 2])
@pytest.mark.parametrize("steps", [1, 3])
def test_a_step_limit_trains_the_first_batches_of_an_epoch(steps, accumulate):
    rule, rows = optim.Around(optim.Adam(), accumulate=accumulate), steps * accumulate * BATCH
    limited, short = new_net(), new_net()
    history = fit(limited, rule=rule, max_steps=steps, batches="in_order")
    expected = fit(short, X[:rows], Y[:rows], rule=rule, epochs=1, batches="in_order")
    assert limited.to_bytes() == short.to_bytes()
    assert (history.loss, history.stopped_epoch) == (expected.loss, 1)


@pytest.mark.parametrize("threads", [1, 3])
def test_steps_are_counted_over_the_epochs_of_a_fit_alone(threads):
    limited, in_parts = new_net(batch_norm=True), new_net(batch_norm=True)
    with fanin.num_threads(threads):
        first = fit(limited, max_steps=13)
        second = fit(limited, max_steps=13 + 5)
    fit(in_parts, epochs=2)
    fit(in_parts, epochs=1, max_steps=5)
    assert limited.to_bytes() == in_parts.to_bytes()
    assert (len(first.loss), first.stopped_epoch) == (1, 1)
    assert (len(second.loss), second.stopped_epoch) == (2, 2)


def test_a_limit_beyond_the_last_epoch_changes_nothing():
    limited, free = new_net(), new_net()
    history = fit(limited, epochs=2, max_steps=10**30, max_time=1e9)
    expected = fit(free, epochs=2)
    assert limited.to_bytes() == free.to_bytes()
    assert (history.loss, history.stopped_epoch) == (expected.loss, None)


def test_a_fit_without_time_takes_one_step():
    limited, one_step = new_net(), new_net()
    history = fit(limited, max_time=1e-9)
    fit(one_step, max_steps=1)
    assert limited.to_bytes() == one_step.to_bytes()
    assert history.stopped_epoch == len(history.loss) == 1


def test_a_fit_that_runs_out_of_time_has_done_whole_updates_only():
    """If two batches make an update, their number is even, and that many steps give the same bits."""
    rule = optim.Around(optim.SGD(1e-4), accumulate=2)
    limited, again = new_net(), new_net()
    history = fit(limited, rule=rule, epochs=10**9, max_time=0.05)
    epochs = len(history.loss)
    assert history.stopped_epoch == epochs
    fit(again, rule=rule, epochs=epochs - 1)
    candidates = []
    for steps in range(1, 8):  # 13 batches make 7 updates
        net = again.copy()
        fit(net, rule=rule, epochs=1, max_steps=steps)
        candidates.append(weights(net))
    assert weights(limited) in candidates


def test_the_time_of_callbacks_counts():
    history = fit(new_net(), max_time=0.05, callbacks=[lambda *_: time.sleep(0.06)])
    assert history.stopped_epoch == len(history.loss) == 1


def test_an_epoch_cut_short_is_validated_and_seen_by_callbacks():
    net, seen = new_net(), []
    stopping = fanin.EarlyStopping(patience=5)
    history = fit(
        net,
        max_steps=20,
        validation_data=(X, Y),
        callbacks=[stopping, lambda net, epoch, logs: seen.append((epoch, logs["val_loss"]))],
    )
    assert seen == list(enumerate(history.val_loss, start=1))
    assert len(seen) == history.stopped_epoch == 2
    assert history.best_epoch in (1, 2)
    assert net.evaluate(X, Y)["loss"] == min(history.val_loss)


@pytest.mark.parametrize("steps", [3, 7, 11])
def test_chunks_share_one_limit_and_no_more_are_requested_after_it(steps):
    given = []

    def chunks():
        for first in range(0, ROWS, 32):  # 4 steps each
            given.append(first)
            yield X[first : first + 32], Y[first : first + 32], np.arange(1.0, 33)[: ROWS - first]

    options = {"rule": optim.Adam(), "batch_size": BATCH, "batches": "in_order"}
    limited, by_hand = new_net(), new_net()
    history = limited.fit_chunks(chunks, max_steps=steps, epochs=2, **options)
    total = trained = 0.0
    for first, left in zip(given, range(steps, 0, -4), strict=True):
        rows = min(left * BATCH, 32)
        part = np.arange(1.0, rows + 1)
        loss = by_hand.fit(
            X[first : first + rows], Y[first : first + rows], sample_weight=part, epochs=1, **options
        ).loss
        total, trained = total + loss[0] * part.sum(), trained + part.sum()
    assert weights(limited) == weights(by_hand)
    assert history.loss == pytest.approx([total / trained], rel=1e-6)
    assert history.stopped_epoch == 1


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_each_net_trained_together_has_its_own_limit(threads):
    limits = [{"max_steps": 5}, {"max_steps": 20}, {"epochs": 3}, {"max_time": 1e-9}]
    alone = [new_net(seed) for seed in range(4)]
    expected = [fit(net, **limit) for net, limit in zip(alone, limits, strict=True)]
    together = [new_net(seed) for seed in range(4)]
    options = {"rule": optim.Adam(), "batch_size": BATCH, "epochs": 10}
    with fanin.num_threads(threads):
        histories = fanin.train_together(
            [(net, X, Y, {**options, **limit}) for net, limit in zip(together, limits, strict=True)]
        )
    assert [net.to_bytes() for net in together] == [net.to_bytes() for net in alone]
    assert [history.loss for history in histories] == [history.loss for history in expected]
    assert [history.stopped_epoch for history in histories] == [1, 2, None, 1]


@pytest.mark.parametrize(
    ("limit", "kind", "message"),
    [
        ({"max_steps": 0}, ValueError, "max_steps: expected at least 1, got 0"),
        ({"max_steps": 1.5}, TypeError, "max_steps: expected an integer, got 1.5"),
        ({"max_steps": True}, TypeError, "max_steps: expected an integer, got True"),
        ({"max_time": 0}, ValueError, r"max_time: expected a number in \(0, infinity\), got 0"),
        ({"max_time": -1.0}, ValueError, r"max_time: expected a number in \(0, infinity\), got -1.0"),
        ({"max_time": math.inf}, ValueError, "max_time: expected a finite number, got inf"),
        ({"max_time": math.nan}, ValueError, "max_time: expected a finite number, got nan"),
        ({"max_time": "1"}, TypeError, "max_time: expected a number, got '1'"),
    ],
)
def test_invalid_limits_are_refused_before_training(limit, kind, message):
    net = new_net()
    before = net.to_bytes()
    with pytest.raises(kind, match=message):
        fit(net, **limit)
    with pytest.raises(kind, match=message):
        net.fit_chunks([(X, Y)], rule=optim.Adam(), **limit)
    with pytest.raises(kind, match=f"member 1: {message}"):
        fanin.train_together([(net, X, Y, {"rule": optim.Adam(), **limit})])
    assert net.to_bytes() == before
