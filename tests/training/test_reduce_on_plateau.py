"""ReduceOnPlateau multiplies the learning rate by a factor once a figure no longer improves."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import fanin
from fanin import ReduceOnPlateau, optim
from helpers import digest

X = np.random.default_rng(0).normal(size=(40, 3))
Y = np.tanh(X[:, 0])
NAN, INF = float("nan"), float("inf")
RULE = optim.SGD(0.5)


class Script:
    """Puts figures from a list into the logs."""

    def __init__(self, figures):
        self.figures, self.digests = figures, []

    def on_epoch_end(self, net, epoch, logs):
        logs["figure"] = self.figures[epoch - 1]
        self.digests.append(digest(net))


def new_net():
    return fanin.Network(3, [fanin.Dense(4, "tanh"), fanin.Dense(1)])


def played(figures, rule=RULE, **options):
    """A net, its callback and the bits after each epoch of a fit with these figures."""
    net, script, reduce = new_net(), Script(figures), ReduceOnPlateau(monitor="figure", **options)
    net.fit(X, Y, rule=rule, epochs=len(figures), batch_size=8, callbacks=[script, reduce])
    return net, reduce, script.digests


@pytest.mark.parametrize(
    ("figures", "options", "after"),
    [
        ([3, 2, 1, 1, 1, 1, 1], {"patience": 2}, [5, 7]),
        ([3, 2, 1, 1, 0.5, 1, 1], {"patience": 2}, [7]),
        ([1, 1, 1, 1, 1, 1, 1, 1], {"patience": 1, "cooldown": 2}, [2, 5, 8]),
        ([1, 1, 0.5, 1, 1, 1, 1], {"patience": 1, "cooldown": 2}, [2, 5]),
        ([10, 9.97, 9.94, 9.93, 9.92], {"patience": 2, "threshold": 0.01}, [3, 5]),
        ([10, 9.8, 9.6, 9.4, 9.2], {"patience": 2, "threshold": 0.01}, []),
        ([-1, -1.005, -1.02, -1.02], {"patience": 1, "threshold": 0.01}, [2, 4]),
        ([1, 2, 2.0001, 2.0001], {"patience": 1, "mode": "max"}, [3, 4]),
        ([NAN, 2, NAN, NAN, 1], {"patience": 2}, [4]),
        ([INF, 2, 1, 0.5], {"patience": 1}, []),
    ],
    ids=str,
)
def test_the_rate_is_reduced_when_a_figure_stops_improving(figures, options, after):
    assert played(figures, **options)[1].reduced_after == after


@pytest.mark.parametrize(
    ("rate", "reduced"),
    [
        (0.5, 0.25),
        (optim.Exponential(0.5, 0.5, 100), optim.Exponential(0.25, 0.5, 100)),
        (optim.Piecewise([0.5, 0.25], [7]), optim.Piecewise([0.25, 0.125], [7])),
    ],
    ids=lambda rate: getattr(rate, "name", "number"),
)
@pytest.mark.parametrize(
    "around", [lambda rule: rule, lambda rule: optim.Around(rule, l2=1e-3)], ids=["bare", "around"]
)
def test_epochs_after_a_reduction_have_the_bits_of_the_smaller_rate(rate, reduced, around):
    rule, smaller = (around(optim.Momentum(of)) for of in (rate, reduced))
    net, _, _ = played([2, 1, 1, 1], rule, patience=1, factor=0.5, cooldown=5)
    by_hand = new_net()
    by_hand.fit(X, Y, rule=rule, epochs=3, batch_size=8)
    by_hand.fit(X, Y, rule=smaller, epochs=1, batch_size=8)
    assert net.to_bytes() == by_hand.to_bytes()
    assert net.rule == smaller


def test_a_schedule_over_the_fit_keeps_its_end():
    rule = optim.SGD(optim.Cosine(0.5))
    net, _, _ = played([2, 1, 1, 1], rule, patience=1, factor=0.5, cooldown=5)
    by_hand = new_net()
    rates = [optim.Cosine(0.5)(t, 20) for t in range(1, 16)] + [
        optim.Cosine(0.25)(t, 20) for t in range(16, 21)
    ]
    by_hand.fit(X, Y, rule=optim.SGD(optim.Piecewise(rates, list(range(1, 20)))), epochs=4, batch_size=8)
    np.testing.assert_array_equal(net.predict(X), by_hand.predict(X))


def test_the_rate_does_not_fall_below_its_minimum_nor_rise_to_it():
    for rate, minimum, last in ((0.5, 0.2, 0.2), (0.1, 0.2, 0.1)):
        net, reduce, _ = played([1] * 6, optim.SGD(rate), patience=1, factor=0.5, minimum=minimum)
        assert (reduce.reduced_after, net.rule) == ([2, 3, 4, 5, 6], optim.SGD(last))
    scheduled = optim.SGD(optim.Exponential(0.5))
    net, _, _ = played([1] * 6, scheduled, patience=1, factor=0.5, minimum=0.2)
    assert net.rule.learning_rate.first == pytest.approx(0.2)


def test_a_reduction_continues_from_the_best_weights_if_asked():
    net, reduce, digests = played([2, 1, 3, 3], patience=2, best_weights=True)
    assert reduce.reduced_after == [4]
    assert digest(net) == digests[1] != digests[3]


def test_fits_together_and_fits_in_turn_have_their_own_count():
    nets = [new_net() for _ in range(2)]
    reduces = [ReduceOnPlateau(0.5, patience=1, monitor="figure") for _ in range(2)]
    options = [
        {"rule": optim.SGD(0.5), "epochs": 4, "batch_size": 8, "callbacks": [Script([1, 1, 0, 0]), reduce]}
        for reduce in reduces
    ]
    fanin.train_together([(net, X, Y, of) for net, of in zip(nets, options, strict=True)])
    alone = new_net()
    alone.fit(X, Y, **{**options[0], "callbacks": [Script([1, 1, 0, 0]), reduces[0]]})
    assert len({net.to_bytes() for net in (*nets, alone)}) == 1
    assert [reduce.reduced_after for reduce in reduces] == [[2, 4]] * 2
    with pytest.raises(
        ValueError, match="member 2: expected a ReduceOnPlateau of its own, got that of member 1"
    ):
        fanin.train_together([(net, X, Y, options[0]) for net in nets])


def test_it_can_be_copied_and_pickled():
    _, reduce, _ = played([1, 1], patience=1)
    for other in (copy.copy(reduce), pickle.loads(pickle.dumps(reduce))):
        assert (other, other.reduced_after) == (reduce, [2])


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"factor": 1}, ValueError, r"factor: expected a number in \(0, 1\), got 1"),
        ({"factor": 0}, ValueError, r"factor: expected a number in \(0, 1\), got 0"),
        ({"factor": NAN}, ValueError, "factor: expected a finite number, got nan"),
        ({"patience": 0}, ValueError, "patience: expected at least 1, got 0"),
        ({"cooldown": -1}, ValueError, "cooldown: expected at least 0, got -1"),
        ({"minimum": -1}, ValueError, r"minimum: expected a number in \[0, infinity\), got -1"),
        ({"threshold": NAN}, ValueError, "threshold: expected a finite number, got nan"),
        ({"best_weights": 1}, TypeError, "best_weights: expected"),
        ({"mode": "up"}, ValueError, "mode: expected"),
    ],
)
def test_invalid_options_are_refused(options, kind, message):
    with pytest.raises(kind, match=message):
        ReduceOnPlateau(**options)


def test_a_fit_that_it_cannot_watch_is_refused():
    net = new_net()
    with pytest.raises(ValueError, match="ReduceOnPlateau: val_loss needs validation data"):
        net.fit(X, Y, rule=optim.SGD(), callbacks=[ReduceOnPlateau()])
    with pytest.raises(ValueError, match="ReduceOnPlateau: expected a rule with a learning rate, got Rprop"):
        net.fit(X, Y, rule=optim.Rprop(), batch_size=40, callbacks=[ReduceOnPlateau(monitor="loss")])
