"""Truncated backpropagation: windows of steps, each with an update, and states that are carried."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from fanin import optim
from helpers import digest


def new_net(many: bool = True) -> fanin.Network:
    return fanin.Network(1, [fanin.GRU(4, return_sequences=many), fanin.Dense(1)])


def waves(n: int = 6, time: int = 12):
    t = np.arange(time + 1) / 3 + np.arange(n)[:, None]
    return np.sin(t)[:, :-1, None], np.sin(t)[:, 1:]


def test_each_window_makes_an_update():
    X, y = waves()
    for truncation, updates in ((3, 4), (5, 3), (12, 1)):
        history = new_net().fit(X, y, epochs=2, batch_size=3, rule=optim.SGD(0.1), truncation=truncation)
        assert history.steps == 2 * 2 * updates


def test_a_window_of_the_whole_sequence_is_no_truncation():
    X, y = waves()
    nets = [new_net() for _ in range(3)]
    for net, truncation in zip(nets, (None, 12, 100), strict=True):
        net.fit(X, y, epochs=2, rule=optim.Adam(), truncation=truncation)
    assert digest(nets[0]) == digest(nets[1]) == digest(nets[2])


def test_rules_for_full_batches_count_sequences():
    X, y = waves()
    new_net().fit(X, y, epochs=1, batch_size=6, rule=optim.Rprop())
    with pytest.warns(optim.BatchSizeWarning, match="expected batch_size=6, the number of samples, got 5"):
        new_net().fit(X, y, epochs=1, batch_size=5, rule=optim.Rprop())


def test_chunks_are_truncated_like_fits():
    X, y = waves()
    net, twin = new_net(), new_net()
    net.fit(X, y, epochs=1, rule=optim.Adam(), truncation=5)
    twin.fit_chunks([(list(X), list(y))], rule=optim.Adam(), truncation=5)
    assert digest(net) == digest(twin)


def test_the_automatic_rate_knows_the_updates_of_windows():
    X, y = waves(24)
    history = new_net().fit(X, y, epochs=4, rule=optim.Adam("auto"), truncation=3)
    assert history.steps == 4 * 4


def test_truncation_needs_a_network_with_targets_at_every_step():
    X, y = waves()
    for net, given in (
        (new_net(many=False), (X, y[:, 0])),
        (fanin.Network(1, [fanin.Dense(1)]), (X[:, 0], y[:, 0])),
    ):
        with pytest.raises(ValueError, match="truncation: "):
            net.fit(*given, truncation=3)


@pytest.mark.parametrize(("truncation", "kind"), [(0, ValueError), (2.5, TypeError), (True, TypeError)])
def test_a_truncation_that_is_no_number_of_steps_is_refused(truncation, kind):
    with pytest.raises(kind, match="truncation: expected"):
        new_net().fit(*waves(), truncation=truncation)


def test_solvers_refuse_truncation():
    with pytest.raises(
        ValueError, match=r"truncation: expected None, the default, because .* takes all samples"
    ):
        new_net().fit(*waves(), rule=optim.LBFGS(), truncation=3)
