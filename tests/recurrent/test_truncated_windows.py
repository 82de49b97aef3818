"""Truncated backpropagation: an update after each window, states carried, gradients stopped at its beginning."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from fanin import optim
from helpers import digest
from sequences import (
    LAYERS,
    LENGTHS,
    assert_close,
    every_kind,
    in_one,
    labels,
    mean_loss,
    net_of,
    sequences,
    slopes_of,
    window,
)

X, Y = sequences(), labels(many=True)
LONGEST = max(LENGTHS)
IN_ORDER = {"batches": "in_order", "batch_size": len(X), "epochs": 1}
EQUAL = np.stack(sequences((12,) * 6))
EQUAL_Y = np.stack(labels(many=True, lengths=(12,) * 6))


def by_the_equations(net, rate, truncation, batch, weights):
    """The weights after the windows of a batch of SGD, and the loss of each window with its number of steps."""
    states = {number: {} for number in batch}
    losses = []
    for start in range(0, max(len(X[number]) for number in batch), truncation):
        end = start + truncation
        left = [number for number in batch if len(X[number]) > start]
        y = in_one([Y[number][start:end] for number in left])

        def outputs(now, carried, left=left, start=start, end=end):
            return np.concatenate(
                [window(net, now, X[number][start:end], carried[number]) for number in left]
            )

        def loss(now, y=y, outputs=outputs, carried=states):
            return mean_loss(net, outputs(now, {number: dict(state) for number, state in carried.items()}), y)

        slopes = slopes_of(loss, weights)
        losses.append((loss(weights), len(y)))
        outputs(weights, states)
        weights = {name: array - rate * slopes[name] for name, array in weights.items()}
    return weights, losses


@every_kind
@pytest.mark.parametrize("levels", [1, 2])
@pytest.mark.parametrize("truncation", [1, 2, 4])
def test_windows_carry_the_state_and_stop_the_gradient(kind, levels, truncation):
    net = net_of(kind, many=True, units=3, levels=levels)
    start = net.get_weights()
    expected, losses = by_the_equations(net, 0.5, truncation, range(len(X)), start)
    history = net.fit(X, Y, rule=optim.SGD(0.5), truncation=truncation, **IN_ORDER)
    assert_close(net.get_weights(), expected, 1e-12)
    values, steps = zip(*losses, strict=True)
    assert history.loss[0] == pytest.approx(np.average(values, weights=steps), rel=1e-12)


@every_kind
def test_each_batch_begins_with_a_state_of_zeros(kind):
    net = net_of(kind, many=True, units=3)
    weights = net.get_weights()
    for batch in ([0, 1], [2, 3], [4]):
        weights, _ = by_the_equations(net, 0.5, 4, batch, weights)
    net.fit(X, Y, rule=optim.SGD(0.5), truncation=4, **{**IN_ORDER, "batch_size": 2})
    assert_close(net.get_weights(), weights, 1e-12)


@every_kind
def test_windows_without_steps_change_nothing(kind):
    """Shorter sequences of a batch end before the last window of the others."""
    nets = [net_of(kind, many=True) for _ in range(2)]
    options = {"rule": optim.Momentum(0.1), "truncation": 4, **IN_ORDER, "batch_size": 2}
    nets[0].fit(X, Y, **options)
    for batch in (slice(2), slice(2, 4), slice(4, 5)):
        nets[1].fit(X[batch], Y[batch], **options)
    assert digest(nets[0]) == digest(nets[1])


@every_kind
@pytest.mark.parametrize("truncation", [LONGEST, LONGEST + 1, 10**9])
def test_a_truncation_as_long_as_the_sequences_is_none(kind, truncation, dtype):
    nets = [net_of(kind, many=True, levels=2, dtype=dtype) for _ in range(2)]
    options = {"rule": optim.Adam(0.01), "epochs": 3, "batch_size": 2}
    histories = [
        net.fit(X, Y, truncation=steps, **options)
        for net, steps in zip(nets, (None, truncation), strict=True)
    ]
    assert histories[0].loss == histories[1].loss
    assert digest(nets[0]) == digest(nets[1])


@every_kind
def test_a_truncated_fit_gives_the_same_bits_again(kind, dtype):
    nets = [net_of(kind, many=True, levels=2, units=33, dtype=dtype) for _ in range(2)]
    for net in nets:
        net.fit(X, Y, rule=optim.Adam(0.01), epochs=3, batch_size=2, truncation=4)
    assert digest(nets[0]) == digest(nets[1])


@every_kind
def test_schedules_count_windows(kind):
    """Six sequences of twelve steps, in two batches, make six windows an epoch."""
    rules = (optim.Adam(optim.Cosine(0.01)), optim.Adam(optim.Cosine(0.01, steps=12)))
    nets = [net_of(kind, many=True) for _ in rules]
    for net, rule in zip(nets, rules, strict=True):
        net.fit(EQUAL, EQUAL_Y, rule=rule, epochs=2, batch_size=3, truncation=4)
    for net, rule in zip(nets[1:], rules[1:], strict=True):
        before = digest(net)
        net.fit(EQUAL, EQUAL_Y, rule=rule, epochs=1, batch_size=3, truncation=4)
        assert digest(net) == before  # the rate is 0 at the end
    nets[0].set_weights(nets[1].get_weights())
    piecewise = optim.SGD(optim.Piecewise([0.1, 0.0], [6]))
    once, twice = (net_of(kind, many=True) for _ in range(2))
    once.fit(EQUAL, EQUAL_Y, rule=piecewise, epochs=1, batch_size=3, truncation=4)
    twice.fit(EQUAL, EQUAL_Y, rule=piecewise, epochs=2, batch_size=3, truncation=4)
    moved = max(
        np.abs(a - b).max() for a, b in zip(*(n.get_weights().values() for n in (once, twice)), strict=True)
    )
    assert moved == 0


@every_kind
def test_steps_of_windows_are_clipped_by_their_norm(kind):
    net = net_of(kind, many=True)
    before = net.get_weights()
    rule = optim.Around(optim.SGD(1.0), clip_norm=1e-3)
    net.fit(EQUAL, EQUAL_Y, rule=rule, truncation=12, **{**IN_ORDER, "batch_size": 6})
    change = np.concatenate([(array - before[name]).ravel() for name, array in net.get_weights().items()])
    assert np.linalg.norm(change) == pytest.approx(1e-3, rel=1e-9)


@every_kind
def test_weights_of_steps_mask_windows_too(kind):
    """The last window has no weight at all: it changes nothing."""
    nets = [net_of(kind, many=True) for _ in range(2)]
    weights = np.ones((6, 12))
    weights[:, 8:] = 0
    for net, (x, y, w) in zip(
        nets, ((EQUAL, EQUAL_Y, weights), (EQUAL[:, :8], EQUAL_Y[:, :8], None)), strict=True
    ):
        net.fit(x, y, rule=optim.SGD(0.1), sample_weight=w, truncation=4, **{**IN_ORDER, "batch_size": 6})
    assert_close(nets[0].get_weights(), nets[1].get_weights(), 1e-13)


@every_kind
def test_a_truncated_fit_resumes_after_saving(kind, tmp_path):
    options = {"rule": optim.Nesterov(0.05), "batch_size": 2, "truncation": 4}
    at_once, halfway = (net_of(kind, many=True) for _ in range(2))
    at_once.fit(X, Y, epochs=4, **options)
    halfway.fit(X, Y, epochs=2, **options)
    halfway.save(tmp_path / "halfway")
    resumed = fanin.load(tmp_path / "halfway")
    resumed.fit(X, Y, epochs=2, **options)
    assert digest(resumed) == digest(at_once)


@every_kind
def test_a_carried_state_remembers_beyond_a_window(kind):
    """The label is the sign of the first step, which later windows only know from the state."""
    rng = np.random.default_rng(8)
    x = 0.1 * rng.normal(size=(60, 12, 1))
    y = np.repeat(rng.integers(2, size=(60, 1)), 12, axis=1)
    x[:, 0, 0] = 2 * y[:, 0] - 1
    net = fanin.Network(
        1, [LAYERS[kind](12, return_sequences=True), fanin.Dense(2)], "softmax_cross_entropy", seed=1
    )
    net.fit(x, y, rule=optim.Around(optim.Adam(0.01), clip_norm=1), epochs=60, batch_size=20, truncation=6)
    last = net.predict(x)[:, -1].argmax(axis=1)
    assert np.mean(last == y[:, -1]) > 0.95
