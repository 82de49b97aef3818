"""A schedule without steps of its own spans the whole fit, and ends with it, also if time ends it."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import time

import numpy as np
import pytest

import fanin
from fanin import optim
from fanin.training.steps import Steps

ROWS, BATCH = 100, 8  # 13 steps an epoch
X = np.random.default_rng(0).normal(size=(ROWS, 6))
Y = np.tanh(X[:, :2])
WHOLE = [optim.Cosine(0.01, 0.001, warm_up=3), optim.OneCycle(0.02)]
CHAIN = optim.Chain([optim.Constant(0.01), optim.Cosine(0.01)], steps=[20])


def new_net(**options):
    return fanin.Network(6, [fanin.Dense(24, "tanh", **options), fanin.Dense(2)], seed=3)


def fit(net, schedule, **options):
    return net.fit(X, Y, **{"rule": optim.Adam(schedule), "batch_size": BATCH, **options})


@pytest.mark.parametrize("whole", WHOLE, ids=lambda schedule: schedule.name)
@pytest.mark.parametrize(
    ("options", "steps"),
    [
        ({}, 130),
        ({"epochs": 3}, 39),
        ({"epochs": 3, "max_steps": 20}, 20),
        ({"epochs": 3, "max_steps": 200}, 39),
        ({"max_steps": 200}, 200),
    ],
)
def test_a_schedule_without_steps_takes_those_of_the_fit(whole, options, steps):
    net, by_hand = new_net(), new_net()
    history = fit(net, whole, **options)
    fit(by_hand, dataclasses.replace(whole, steps=steps), **options)
    np.testing.assert_array_equal(net.predict(X), by_hand.predict(X))
    assert history.steps == steps


def test_groups_of_batches_count_as_one_step():
    net, by_hand = new_net(), new_net()
    for trained, steps in ((net, None), (by_hand, 3 * 4)):
        rule = optim.Around(optim.SGD(optim.Cosine(0.1, steps=steps)), accumulate=4)
        history = trained.fit(X, Y, rule=rule, batch_size=BATCH, epochs=3)
    np.testing.assert_array_equal(net.predict(X), by_hand.predict(X))
    assert history.steps == 12


def test_each_fit_has_its_own_span():
    net, by_hand = new_net(), new_net()
    for epochs in (1, 2):
        net.fit(X, Y, rule=optim.SGD(optim.Cosine(0.1)), batch_size=BATCH, epochs=epochs)
    first = optim.Cosine(0.1, steps=13)
    by_hand.fit(X, Y, rule=optim.SGD(first), batch_size=BATCH, epochs=1)
    shifted = optim.Piecewise([0.1] + [optim.Cosine(0.1)(t, 26) for t in range(1, 27)], list(range(13, 39)))
    by_hand.fit(X, Y, rule=optim.SGD(shifted), batch_size=BATCH, epochs=2)
    np.testing.assert_array_equal(net.predict(X), by_hand.predict(X))


def test_the_history_has_the_rate_of_the_last_update_of_each_epoch():
    net, whole, own = new_net(), optim.Cosine(0.01), optim.Exponential(0.01, steps=10)
    assert fit(net, 0.02, epochs=2).learning_rate == [0.02, 0.02]
    assert fit(net, own, epochs=2).learning_rate == [own(39), own(52)]
    assert fit(net, whole, epochs=3).learning_rate == [whole(t, 39) for t in (13, 26, 39)]
    assert fit(net, whole, max_steps=20).learning_rate == [whole(t, 20) for t in (13, 20)]
    groups = optim.Around(optim.SGD(whole), accumulate=4)
    assert fit(net, 0.1, rule=groups, epochs=2).learning_rate == [whole(t, 8) for t in (4, 8)]
    (history,) = fanin.train_together([(new_net(), X, Y, {"rule": optim.SGD(own), "batch_size": 50})])
    assert history.learning_rate == [own(t) for t in range(2, 22, 2)]
    chunks = [(X[:48], Y[:48]), (X[48:96], Y[48:96])]
    history = new_net().fit_chunks(chunks, rule=optim.SGD(own), batch_size=BATCH, epochs=2)
    assert history.learning_rate == [own(12), own(24)]


def test_the_rate_in_the_history_includes_the_factor_of_callbacks():
    control = fanin.ReduceOnPlateau(factor=0.5, patience=1, monitor="loss")
    rates = fit(new_net(), 0.0, rule=optim.SGD(0.0), epochs=3, callbacks=[control]).learning_rate
    assert rates == [0, 0, 0]
    rates = fit(new_net(), 0.0, rule=optim.SGD(1e-12), epochs=4, callbacks=[control]).learning_rate
    assert rates == [1e-12, 1e-12, 0.5e-12, 0.25e-12]


def test_a_chain_ends_with_the_fit():
    net, fall = new_net(), optim.Cosine(0.01)
    assert fit(net, CHAIN, epochs=3).learning_rate == [0.01, fall(6, 19), fall(19, 19)]
    with pytest.raises(ValueError, match="steps: expected a sum below the steps of the fit, which are 13 in"):
        fit(net, CHAIN, epochs=1)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("whole", [*WHOLE, CHAIN], ids=lambda schedule: schedule.name)
@pytest.mark.parametrize(
    "limit", [{"max_time": 1e-9}, {"max_time": 0.05}, {"max_time": 0.02, "epochs": 10**6}]
)
def test_a_fit_ended_by_time_has_its_schedule_end_and_is_repeated_by_its_steps(whole, limit, threads):
    net, again = new_net(), new_net()
    with fanin.num_threads(threads):
        history = fit(net, whole, **limit)
    repeated = fit(again, whole, max_steps=pickle.loads(pickle.dumps(history.steps)))
    assert net.to_bytes() == again.to_bytes()
    assert repeated.loss == history.loss
    at, done, steps = history.steps.knots[-1]
    assert done + (history.steps - at) / steps == pytest.approx(1)
    assert len(history.steps.knots) < 500
    assert repeated.steps.knots == history.steps.knots


def test_a_plan_renewed_between_two_epochs_has_one_knot_for_each_step():
    """A slow callback makes the plan due at the end of an epoch and again at the start of the next."""
    net, again = new_net(), new_net()
    history = fit(net, WHOLE[0], max_time=0.1, callbacks=[lambda *_: time.sleep(0.01)])
    at = [knot[0] for knot in history.steps.knots]
    assert at == sorted(set(at))
    fit(again, WHOLE[0], max_steps=history.steps)
    assert net.to_bytes() == again.to_bytes()


def test_nets_trained_together_until_time_is_up_are_repeated_by_their_steps():
    nets, again = ([new_net() for _ in range(3)] for _ in range(2))
    options = {"rule": optim.Adam(WHOLE[0]), "batch_size": BATCH}
    histories = fanin.train_together([(net, X, Y, {**options, "max_time": 0.05}) for net in nets])
    for net, history in zip(again, histories, strict=True):
        net.fit(X, Y, **options, max_steps=history.steps)
    assert [net.to_bytes() for net in nets] == [net.to_bytes() for net in again]


def test_a_fit_that_a_callback_ends_is_repeated_by_its_steps():
    net, again = new_net(), new_net()
    history = fit(net, WHOLE[0], epochs=50, callbacks=[lambda net, epoch, logs: epoch == 4])
    assert history.steps == 4 * 13
    fit(again, WHOLE[0], max_steps=copy.copy(history.steps))
    assert net.to_bytes() == again.to_bytes()


def test_enough_time_ends_a_fit_with_its_epochs():
    net, free = new_net(), new_net()
    history = fit(net, WHOLE[0], epochs=2, max_time=1e4)
    fit(free, WHOLE[0], epochs=2)
    at, done, steps = history.steps.knots[-1]
    assert done + (26 - at) / steps == pytest.approx(1)
    assert (history.steps, history.stopped_epoch) == (26, None)
    np.testing.assert_allclose(net.predict(X), free.predict(X), atol=1e-4)


def test_chunks_span_the_fit_if_it_has_a_limit():
    chunks = [(X[:48], Y[:48]), (X[48:96], Y[48:96])]
    nets = [new_net() for _ in range(2)]
    options = {"batch_size": BATCH, "epochs": 3, "max_steps": 30}
    nets[0].fit_chunks(chunks, rule=optim.SGD(optim.Cosine(0.1)), **options)
    nets[1].fit_chunks(chunks, rule=optim.SGD(optim.Cosine(0.1, steps=30)), **options)
    np.testing.assert_array_equal(nets[0].predict(X), nets[1].predict(X))
    with pytest.raises(
        ValueError, match="steps: expected the number of steps of the schedule, because nothing limits"
    ):
        nets[0].fit_chunks(chunks, rule=optim.SGD(optim.Cosine(0.1)))


def test_a_schedule_over_the_fit_is_stored_with_the_network():
    net = new_net()
    rule = optim.Momentum(optim.OneCycle(0.01), optim.OneCycle.for_momentum())
    net.fit(X, Y, rule=rule, epochs=2)
    loaded = fanin.Network.from_bytes(net.to_bytes())
    for trained in (net, loaded):
        trained.fit(X, Y, rule=rule, epochs=2)
    assert net.to_bytes() == loaded.to_bytes()


def test_mistakes_are_refused_before_training():
    net = new_net()
    before = net.to_bytes()
    with pytest.raises(ValueError, match="warm_up: expected less than steps, which are 13 in this fit"):
        fit(net, optim.Cosine(0.1, warm_up=13), epochs=1)
    with pytest.raises(
        ValueError, match="momentum: expected a schedule with its number of steps, because nesterov"
    ):
        net.fit(X, Y, rule=optim.Nesterov(0.1, optim.OneCycle.for_momentum()))
    with pytest.raises(ValueError, match="max_steps: expected ascending knots of a fit, got one that is not"):
        fit(net, 0.1, max_steps=Steps(3, [(0, 0.0, 10.0), (0, 0.5, 2.0)]))
    assert net.to_bytes() == before
    with pytest.raises(
        ValueError, match="steps: expected the number of steps of the schedule, because an optimizer"
    ):
        optim.Optimizer(optim.SGD(optim.Cosine(0.1)), [np.zeros(2)])
    with pytest.raises(
        ValueError, match="steps: expected the steps of the fit, because the schedule has none"
    ):
        optim.Cosine(0.1)(5)
    with pytest.raises(ValueError, match=r"steps: expected a number in \[1, infinity\), got 0"):
        optim.Cosine(0.1, steps=0)
    with pytest.raises(ValueError, match=r"steps: expected a number in \[1, infinity\), got 0"):
        optim.Cosine(0.1)(5, 0)
