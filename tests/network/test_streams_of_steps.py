"""Streams: a network is stepped through sequences, with a state that Python holds."""

from __future__ import annotations

import numpy as np
import pytest

import fanin


def new_net(many: bool = False, seed: int = 0, dtype: str = "float32") -> fanin.Network:
    layers = [fanin.LSTM(5, return_sequences=True), fanin.GRU(4, return_sequences=many), fanin.Dense(2)]
    return fanin.Network(3, layers, seed=seed, dtype=dtype)


@pytest.mark.parametrize("many", [False, True])
def test_steps_of_a_stream_are_the_bits_of_a_prediction(many, rng, dtype):
    net, X = new_net(many, dtype=dtype), rng.normal(size=(4, 9, 3)).astype(dtype)
    state, single = net.new_state(4), net.new_state()
    for t in range(9):
        expected = net.predict(X[:, : t + 1])
        if many:
            expected = expected[:, -1]
        assert np.array_equal(net.step(X[:, t], state), expected)
        one = net.step(X[1, t], single)
        assert one.shape == (2,)
        assert np.array_equal(one, expected[1])


def test_a_state_is_reset_and_copied(rng):
    net, x = new_net(), rng.normal(size=(3, 3))
    state = net.new_state()
    first = net.step(x[0], state)
    branch = state.copy()
    second = net.step(x[1], state)
    assert not np.array_equal(net.step(x[2], state), second)
    assert np.array_equal(net.step(x[1], branch), second)
    state.reset()
    assert np.array_equal(net.step(x[0], state), first)
    assert net.new_state(7).rows == 7


def test_a_step_writes_to_out():
    net = new_net()
    out = np.zeros(2, "float32")
    assert net.step(np.ones(3), net.new_state(), out) is out
    assert np.array_equal(out, net.step([1, 1, 1], net.new_state()))
    rows = np.zeros((4, 2), "float32")
    assert net.step(np.ones((4, 3)), net.new_state(4), out=rows) is rows


def test_new_weights_take_effect_at_the_next_step():
    net, other = new_net(), new_net(seed=1)
    state = net.new_state()
    net.set_weights(other.get_weights())
    assert np.array_equal(net.step(np.ones(3), state), other.step(np.ones(3), other.new_state()))


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.ones(4), "X: expected 3 columns, one for each input, got"),
        (np.ones((2, 3)), r"X: expected shape \(1, 3\), a row for each sequence of the state, got \(2, 3\)"),
        (np.array([1.0, np.nan, 1.0]), "X: row 0, column 1 is nan; every value must be finite in float32"),
    ],
)
def test_a_step_of_another_shape_or_without_a_number_leaves_the_state_as_it_is(x, message):
    net = new_net()
    state = net.new_state()
    with pytest.raises(ValueError, match=message):
        net.step(x, state)
    assert np.array_equal(net.step(np.ones(3), state), net.step(np.ones(3), net.new_state()))


def test_states_of_other_networks_are_refused():
    net = new_net()
    other = fanin.Network(3, [fanin.GRU(4), fanin.Dense(2)])
    with pytest.raises(ValueError, match="state: "):
        net.step(np.ones(3), other.new_state())
    for state in (None, new_net(dtype="float64").new_state()):
        with pytest.raises(TypeError, match="state: expected the result of new_state of this network, got "):
            net.step(np.ones(3), state)


def test_states_need_recurrent_layers_and_rows():
    with pytest.raises(ValueError, match="recurrent"):
        fanin.Network(3, [fanin.Dense(2)]).new_state()
    with pytest.raises(ValueError, match="rows: expected at least 1, got 0"):
        new_net().new_state(0)
    with pytest.raises(TypeError, match=r"rows: expected an integer, got 1\.5"):
        new_net().new_state(1.5)
