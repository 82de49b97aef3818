"""A fit is replayed up to any of its steps, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from fanin import optim

ROWS, BATCH = 45, 8  # 6 steps an epoch, the last of 5 rows
RNG = np.random.default_rng(0)
X = RNG.normal(size=(ROWS, 4))
Y = (X[:, 0] * X[:, 1] > 0).astype(int) + (X[:, 2] > 1)


def new_net(**options):
    layers = [fanin.Dense(6, "tanh", batch_norm=True), fanin.Dropout(0.2), fanin.Dense(3)]
    return fanin.Network(4, layers, "softmax_cross_entropy", **options)


FITS = {
    "default rule": {},
    "momentum": {"rule": optim.Momentum(0.1)},
    "nesterov": {"rule": optim.Nesterov(optim.Piecewise([0.1, 0.02], after=[7]), 0.9)},
    "averages": {"rule": optim.Around(optim.Adam(0.01), average_decay=0.9, clip_norm=1.0)},
    "two batches a step": {"rule": optim.Around(optim.Adam(0.01), accumulate=2)},
    "weights of classes": {"class_weight": "balanced", "sample_weight": np.linspace(0, 1, ROWS)},
    "balanced batches": {"batches": "balanced", "order_seed": 3},
    "validation": {"validation_fraction": 0.2, "validation_split": "stratified"},
}


def fit(net, **options):
    return net.fit(X, Y, **{"batch_size": BATCH, "epochs": 3, **options})


def replay(start, step, **options):
    return fanin.replay(start, X, Y, step=step, **{"batch_size": BATCH, "epochs": 3, **options})


@pytest.mark.parametrize("name", FITS)
def test_every_step_of_a_fit_is_that_of_a_fit_which_ends_there(name):
    steps = fit(new_net(), **FITS[name]).steps
    for step in range(1, steps + 1):
        limited = new_net()
        fit(limited, **FITS[name], max_steps=step)
        assert replay(new_net(), step, **FITS[name]).to_bytes() == limited.to_bytes(), step
    assert steps > 5


@pytest.mark.parametrize("name", FITS)
def test_ends_of_epochs_are_what_a_callback_has_seen(name):
    seen = {}
    steps = fit(new_net(), **FITS[name], callbacks=[lambda n, e, logs: seen.update({e: n.to_bytes()})]).steps
    for epoch in (1, 2, 3):
        assert replay(new_net(), epoch * steps // 3, **FITS[name]).to_bytes() == seen[epoch]


@pytest.mark.parametrize("accumulate", [1, 2])
def test_schedules_that_span_the_fit_take_the_values_of_the_whole_fit(accumulate, dtype):
    def rule(steps=None):
        momentum = optim.Polynomial(0.5, 0.9, steps=steps)
        inner = optim.Momentum(optim.Cosine(0.2, steps=steps), momentum)
        return optim.Around(inner, accumulate=accumulate)

    steps = fit(new_net(dtype=dtype), rule=rule()).steps
    for step in range(1, steps + 1):
        limited = new_net(dtype=dtype)
        fit(limited, rule=rule(int(steps)), max_steps=step)
        again = replay(new_net(dtype=dtype), step, rule=rule())
        for array, expected in zip(again.get_weights().values(), limited.get_weights().values(), strict=True):
            assert array.tobytes() == expected.tobytes()
    assert steps == (18 if accumulate == 1 else 9)


def test_a_limit_of_steps_is_what_schedules_span_in_a_replay_too():
    rule = optim.SGD(optim.Cosine(0.2))
    limited = new_net()
    fit(limited, rule=rule, max_steps=10)
    assert replay(new_net(), 10, rule=rule, max_steps=10).to_bytes() == limited.to_bytes()
    assert replay(new_net(), 10, rule=rule).to_bytes() != limited.to_bytes()


def test_a_fit_with_a_limit_of_time_is_replayed_by_its_steps():
    rule, net, seen = optim.Adam(optim.Cosine(0.1)), new_net(), {}
    history = fit(
        net,
        rule=rule,
        epochs=10**6,
        max_time=0.05,
        callbacks=[lambda n, e, logs: seen.update({e: n.to_bytes()})],
    )
    again = replay(new_net(), history.steps, rule=rule, epochs=10**6, max_steps=history.steps)
    assert again.to_bytes() == net.to_bytes()
    if len(seen) > 1:
        assert replay(new_net(), 6, rule=rule, max_steps=history.steps).to_bytes() == seen[1]
    with pytest.raises(ValueError, match=r"max_time: expected None.*max_steps=history\.steps"):
        replay(new_net(), 1, rule=rule, max_time=0.05)


def test_the_rate_auto_is_that_of_the_whole_fit():
    seen, options = {}, {"rule": optim.Adam("auto"), "epochs": 5}
    fit(new_net(), **options, callbacks=[lambda n, e, logs: seen.update({e: n.to_bytes()})])
    assert replay(new_net(), 12, **options).to_bytes() == seen[2]


def test_a_replay_without_steps_is_the_start():
    net = new_net()
    assert replay(net, 0).to_bytes() == net.to_bytes()
    assert replay(net, 0) is not net


def test_a_replay_leaves_the_start_as_it_is():
    net = new_net()
    replay(net, 7)
    assert net.to_bytes() == new_net().to_bytes()


def test_a_replay_starts_from_a_model_file_too(tmp_path):
    net, path = new_net(), tmp_path / "start.safetensors"
    net.save(path)
    assert replay(path, 7).to_bytes() == replay(net, 7).to_bytes()
    assert isinstance(replay(str(path), 7), fanin.Network)


def test_a_fit_that_continues_another_one_is_replayed_from_between_them():
    net = new_net()
    fit(net)
    start = net.copy()
    fit(net)
    assert replay(start, 18).to_bytes() == net.to_bytes()


def test_iterations_of_solvers_are_steps_too():
    net = fanin.Network(4, [fanin.Dense(5, "tanh"), fanin.Dense(3)], "softmax_cross_entropy")
    seen, options = {}, {"rule": optim.LBFGS(), "epochs": 6, "batch_size": None}
    start = net.copy()
    fit(net, **options, callbacks=[lambda n, e, logs: seen.update({e: n.to_bytes()})])
    for step in (1, 4, 6):
        assert replay(start, step, **options).to_bytes() == seen[step]


def test_an_input_layer_learns_again_in_a_replay():
    layers = [fanin.Standardize(missing="mean"), fanin.Dense(4, batch_norm=True), fanin.Dense(3)]
    net = fanin.Network(4, layers, "softmax_cross_entropy")
    start, seen, options = net.copy(), {}, {"rule": optim.SGD(optim.Cosine(0.1))}
    fit(net, **options, callbacks=[lambda n, e, logs: seen.update({e: n.to_bytes()})])
    assert replay(start, 12, **options).to_bytes() == seen[2]


def test_a_fit_with_a_schedule_may_be_the_first_of_an_input_layer_with_indicators():
    net = fanin.Network(4, [fanin.Standardize(missing="mean"), fanin.Dense(3)], "softmax_cross_entropy")
    assert len(fit(net, rule=optim.SGD(optim.Cosine(0.1))).loss) == 3
