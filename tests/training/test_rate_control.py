"""RateControl changes the learning rate as the textbook advises, and a fit warns of rates turned down too soon."""

from __future__ import annotations

import copy
import warnings

import numpy as np
import pytest

import fanin
from fanin import EarlyDecayWarning, RateControl, optim
from helpers import digest, linear_neuron

X = np.linspace(-1, 1, 64)[:, None]


class Script:
    """Puts losses from a list into the history and the logs, before a RateControl sees them."""

    def __init__(self, losses, name="loss"):
        self.losses, self.name = losses, name

    def on_fit_begin(self, net, history):
        self.history = history

    def on_epoch_end(self, net, epoch, logs):
        logs[self.name] = getattr(self.history, self.name)[-1] = self.losses[epoch - 1]


def played(losses, name="loss", rule=None, **options):
    """The decisions of a fit with these losses, whose weights all move in one direction."""
    net = linear_neuron([0.0])
    control = RateControl(**options)
    history = net.fit(
        X,
        1000 * X + 1000,
        rule=rule or optim.SGD(1e-5),
        epochs=len(losses),
        batch_size=64,
        validation_data=(X, X) if name == "val_loss" else None,
        callbacks=[Script(losses, name), control],
    )
    return history


def test_a_loss_that_keeps_rising_halves_the_rate_and_returns_to_the_best_weights():
    before, after = [], []
    callbacks = [
        lambda net, epoch, logs: before.append(digest(net)),
        Script([5, 4, 5, 6, 7, 6, 5]),
        RateControl(),
        lambda net, epoch, logs: after.append(digest(net)),
    ]
    options = {"rule": optim.SGD(1e-5), "epochs": 7, "batch_size": 64}
    history = linear_neuron([0.0]).fit(X, 1000 * X + 1000, callbacks=callbacks, **options)
    (decision,) = history.decisions
    assert (decision.what, decision.choice, history.rate_factor) == ("rate_factor", 0.5, 0.5)
    assert decision.reason == "the error keeps getting worse: reduce the rate, from the best weights"
    assert decision.numbers == {"epoch": 5, "factor": 0.5, "loss": 7, "before": 4}
    assert [b == a for b, a in zip(before, after, strict=True)] == [True] * 4 + [False] + [True] * 2
    assert after[4] == after[1]


def test_weights_that_oscillate_halve_the_rate_until_they_do_not():
    """On a bowl of curvature 1/3 along the weight and 1 along the bias, rate 1.9 oscillates along the bias."""
    net = linear_neuron([0.0])
    history = net.fit(X, X + 3, rule=optim.SGD(1.9), epochs=20, batch_size=64, callbacks=[RateControl()])
    assert history.decisions[0].reason == "the error oscillates: reduce the rate, from the best weights"
    assert history.decisions[0].numbers["cosine"] < -0.9
    assert history.rate_factor == 0.5 ** len(history.decisions) == 0.5


def test_a_steady_slow_fall_raises_the_rate_at_most_twice():
    history = played([1000 - k for k in range(20)])
    assert [decision.choice for decision in history.decisions] == [1.5, 2.25]
    assert history.decisions[0].numbers == {"epoch": 4, "factor": 1.5, "fall": pytest.approx(0.001)}
    assert "falls steadily but slowly: increase the rate" in history.decisions[0].reason
    assert played([1000 * 0.9**k for k in range(20)]).decisions == ()
    assert played([1000 - k + 5 * (k % 2) for k in range(20)]).decisions == ()


def test_a_plateau_on_the_validation_set_turns_the_rate_down():
    history = played([5, 4, 3, 3, 3, 3, 3, 3, 2, 2], "val_loss", optim.SGD(0.1), patience=5)
    (decision,) = history.decisions
    assert decision.reason == "the error on the validation set has stopped decreasing: turn the rate down"
    assert decision.numbers == {"epoch": 8, "factor": 0.3, "epochs": 5, "best": 3}
    assert played([5, 4, 3, 3, 3, 3, 3, 3, 2, 2], patience=5).decisions == ()


@pytest.mark.parametrize(
    "rate", [0.5, optim.Cosine(0.5, steps=50), optim.Piecewise([0.5, 0.25], after=[20])], ids=repr
)
def test_the_rate_of_the_next_epoch_is_multiplied_whether_number_or_schedule(rate):
    class Halve:
        def on_fit_begin(self, net, history):
            self.history = history

        def on_epoch_end(self, net, epoch, logs):
            self.history.rate_factor = 0.5

    net, by_hand = linear_neuron([0.0]), linear_neuron([0.0])
    options = {"epochs": 2, "batch_size": 8}
    net.fit(X, X, rule=optim.Momentum(rate), callbacks=[Halve()], **options)
    by_hand.fit(X, X, rule=optim.Momentum(rate), **{**options, "epochs": 1})
    halved = rate.times(0.5) if isinstance(rate, optim.Schedule) else rate * 0.5
    by_hand.fit(X, X, rule=optim.Momentum(halved), **{**options, "epochs": 1})
    assert net.to_bytes() == by_hand.to_bytes()
    assert net.rule == optim.Momentum(halved)


def test_a_factor_that_is_no_rate_ends_the_fit():
    class Spoil:
        def on_fit_begin(self, net, history):
            history.rate_factor = -1.0

        def on_epoch_end(self, net, epoch, logs):
            pass

    with pytest.raises(ValueError, match=r"rate_factor: expected a number in \[0, infinity\), got -1"):
        linear_neuron([0.0]).fit(X, X, rule=optim.SGD(), callbacks=[Spoil()])


def test_chunks_and_nets_trained_together_are_controlled_too():
    options = {"rule": optim.SGD(1e-3), "epochs": 20, "batch_size": 64}
    alone = linear_neuron([0.0]).fit(X, 3 * X, callbacks=[RateControl()], **options)
    chunked = linear_neuron([0.0]).fit_chunks([(X, 3 * X)], callbacks=[RateControl()], **options)
    nets = [linear_neuron([0.0]) for _ in range(2)]
    both = fanin.train_together([(net, X, 3 * X, {**options, "callbacks": [RateControl()]}) for net in nets])
    assert alone.decisions
    assert alone.decisions == chunked.decisions == both[0].decisions == both[1].decisions
    shared = RateControl()
    with pytest.raises(ValueError, match="member 2: expected a RateControl of its own, got that of member 1"):
        fanin.train_together([(net, X, X, {**options, "callbacks": [shared]}) for net in nets])


def test_a_rate_control_is_used_again_and_copied():
    control = RateControl(window=4)
    options = {"rule": optim.SGD(1e-3), "epochs": 20, "batch_size": 64}
    first = linear_neuron([0.0]).fit(X, 3 * X, callbacks=[control], **options)
    second = linear_neuron([0.0]).fit(X, 3 * X, callbacks=[copy.deepcopy(control)], **options)
    assert first.decisions == second.decisions
    assert repr(control) == "RateControl(window=4, patience=5)"
    with pytest.raises(ValueError, match="window: expected at least 2, got 1"):
        RateControl(window=1)
    with pytest.raises(RuntimeError, match="RateControl: on_epoch_end expected on_fit_begin first"):
        RateControl().on_epoch_end(linear_neuron([0.0]), 1, {"loss": 1.0})


def caught(rate, epochs=40, y=None, **options):
    net = linear_neuron([0.0])
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        net.fit(X, 3 * X if y is None else y, rule=optim.SGD(rate), epochs=epochs, batch_size=64, **options)
    return [one for one in found if one.category is EarlyDecayWarning]


def test_a_rate_turned_down_while_the_loss_still_falls_steadily_causes_one_warning():
    (warning,) = caught(optim.Piecewise([0.05, 0.005, 0.0005], after=[10, 20]))
    words = str(warning.message)
    assert (
        "turned it down from 0.05 to 0.005 after epoch 10, while the loss was still falling steadily, by 3."
        in words
    )
    assert "over 6 epochs): a quick win at the price of slower learning" in words
    assert warning.filename == __file__


@pytest.mark.parametrize("after", [17, 18, 19, 20])
def test_a_drop_within_an_epoch_ends_the_epochs_at_the_higher_rate(after):
    net, rate = linear_neuron([0.0]), optim.Piecewise([0.05, 0.005], after=[after])
    with pytest.warns(EarlyDecayWarning, match=f"from 0.05 to 0.005 after epoch {after // 2},"):
        net.fit(X, 3 * X, rule=optim.SGD(rate), epochs=40, batch_size=32)


@pytest.mark.parametrize(
    "rate",
    [
        0.05,
        optim.Cosine(0.05, steps=40),
        optim.Exponential(0.05, 0.5, steps=5),
        optim.Piecewise([0.05, 0.04], after=[10]),
        optim.Piecewise([0.05, 0.005], after=[30]),
        optim.Piecewise([0.05, 0.005], after=[3]),
        optim.Piecewise([0.0005, 0.00005], after=[10]),
        optim.Piecewise([0.005, 0.05], after=[10]),
    ],
    ids=repr,
)
def test_no_other_rate_causes_the_warning(rate):
    assert caught(rate) == []


def test_a_drop_at_a_loss_that_only_fluctuates_causes_no_warning():
    y = 3 * X + np.random.default_rng(0).normal(size=X.shape)
    assert caught(optim.Piecewise([0.9, 0.09], after=[100]), epochs=200, y=y) == []


def test_rate_control_waits_for_the_columns_of_an_input_layer():
    holes = np.where(X > 0.9, np.nan, X)
    net = fanin.Network(1, [fanin.Standardize(missing="mean"), fanin.Dense(3, "tanh"), fanin.Dense(1)])
    history = net.fit(holes, X[:, 0], rule=optim.SGD(0.01), epochs=8, callbacks=[RateControl()])
    assert len(history.loss) == 8
