"""linear_tail: in the last epochs of a fit the learning rate falls linearly to 0, step by step."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

import fanin
import fanin.sklearn
from conftest import made
from fanin import optim
from fanin.sklearn import MLPClassifier, MLPRegressor
from fanin.sklearn.start import initial_arrays
from fanin.training.tail import tail_epochs

RATE, BATCHES = 0.03, 3  # of 60 rows, 25 in a batch
SMALL = {
    "hidden_layer_sizes": 6,
    "random_state": 0,
    "batch_size": 25,
    "learning_rate_init": RATE,
    "n_iter_no_change": np.inf,
    "linear_tail": 0.25,
}


def estimator_of(case, **parameters):
    return getattr(fanin.sklearn, case.kind)(**SMALL | parameters)


def rates_of(estimator):
    return estimator.history_.learning_rate


def falling(rate, epochs):
    """The rate at the last step of each epoch."""
    steps = epochs * BATCHES
    return [rate * (1 - (step - 1) / steps) for step in range(BATCHES, steps + 1, BATCHES)]


@pytest.mark.parametrize(
    ("share", "epochs", "tail"),
    [(0.0, 100, 0), (0.01, 10, 1), (0.25, 20, 5), (0.25, 1, 1), (0.99, 10, 10), (0.26, 10, 3)],
)
def test_the_tail_is_a_share_of_the_epochs_and_at_least_one(share, epochs, tail):
    assert tail_epochs(share, epochs) == tail


@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize(("max_iter", "tail"), [(20, 5), (1, 1)])
def test_the_rate_falls_linearly_in_the_last_epochs(case, solver, max_iter, tail):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted = estimator_of(case, solver=solver, max_iter=max_iter).fit(case.X, case.y)
    assert fitted.n_iter_ == max_iter
    np.testing.assert_allclose(rates_of(fitted), [RATE] * (max_iter - tail) + falling(RATE, tail), rtol=1e-12)


@pytest.mark.parametrize("rule", [optim.SGD, optim.Adam])
def test_each_step_is_that_of_a_network_with_a_chain_of_schedules(rule):
    X, y = made("number").X, made("number").y
    weights = np.where(np.arange(60) // 25 == 1, 0.0, 1.0)  # the second of three batches has none
    solver = {optim.SGD: {"solver": "sgd", "momentum": 0}, optim.Adam: {"solver": "adam"}}[rule]
    regressor = MLPRegressor(**SMALL, **solver, max_iter=8, shuffle=False).fit(X, y, weights)

    net = fanin.Network(5, [fanin.Dense(6, "relu"), fanin.Dense(1)], dtype="float64")
    arrays = initial_arrays(np.random.RandomState(0), [5, 6, 1], "relu", np.dtype(np.float64))
    net.set_weights(dict(zip(net.get_weights(), arrays, strict=True)))
    rate = optim.Chain([optim.Constant(RATE), optim.Polynomial(RATE, 0.0, steps=6)], steps=[18])
    options = {"epsilon_hat": True, "epsilon": 1e-8} if rule is optim.Adam else {}
    rule = optim.Around(rule(rate, **options), l2_of_sum=1e-4)
    net.fit(X, y, sample_weight=weights, rule=rule, epochs=8, batch_size=25, batches="in_order")

    expected = list(net.get_weights().values())
    for mine, other in zip(
        regressor.coefs_ + regressor.intercepts_, expected[::2] + expected[1::2], strict=True
    ):
        np.testing.assert_allclose(mine, other, rtol=1e-10, atol=1e-12)


def test_the_epochs_before_the_tail_are_those_of_a_fit_without_one(case):
    with_tail = estimator_of(case, max_iter=20).fit(case.X, case.y)
    with pytest.warns(ConvergenceWarning):
        without = estimator_of(case, max_iter=15, linear_tail=0.0).fit(case.X, case.y)
    assert with_tail.loss_curve_[:15] == without.loss_curve_


def test_the_tail_begins_at_the_rate_that_schedules_have_reached(case):
    fitted = estimator_of(case, solver="sgd", learning_rate="invscaling", max_iter=8).fit(case.X, case.y)
    start = RATE / (6 * 60 + 1) ** 0.5
    np.testing.assert_allclose(rates_of(fitted)[6:], falling(start, 2), rtol=1e-12)


def test_the_tail_heeds_what_callbacks_multiply_the_rate_by(case):
    def halve(estimator, epoch, logs):
        estimator.history_.rate_factor = 1.0 if epoch < 5 else 0.5 if epoch < 7 else 0.25

    fitted = estimator_of(case, max_iter=8, callbacks=[halve]).fit(case.X, case.y)
    factors = np.array([1, 1, 1, 1, 1, 0.5, 0.5, 0.25])
    expected = factors * ([RATE] * 6 + falling(RATE, 2))
    np.testing.assert_allclose(rates_of(fitted), expected, rtol=1e-12)


@pytest.mark.parametrize(("max_iter", "tail"), [(100, 2), (10, 2), (8, 2)])
def test_when_patience_runs_out_the_tail_follows_at_once(case, max_iter, tail):
    fitted = estimator_of(case, tol=1e9, n_iter_no_change=4, max_iter=max_iter).fit(case.X, case.y)
    np.testing.assert_allclose(rates_of(fitted), [RATE] * 6 + falling(RATE, tail), rtol=1e-12)


def test_an_adaptive_rate_is_lowered_before_the_tail(case):
    """Every two epochs until it is at most 1e-6."""
    adaptive = {"solver": "sgd", "learning_rate": "adaptive", "tol": 1e9, "n_iter_no_change": 1}
    fitted = estimator_of(case, **adaptive, max_iter=200).fit(case.X, case.y)
    rates = [RATE] * 3 + [RATE / 5**level for level in range(1, 8) for _ in range(2)]
    rates += falling(rates[-1], tail_epochs(0.25, len(rates)))
    np.testing.assert_allclose(rates_of(fitted), rates, rtol=1e-12)


def test_the_best_epoch_of_early_stopping_may_be_in_the_tail():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 5))
    y = X @ rng.normal(size=5) + 0.5 * rng.normal(size=200)
    regressor = MLPRegressor(
        **SMALL | {"learning_rate_init": 0.1}, early_stopping=True, max_iter=30, validation_fraction=0.3
    ).fit(X[:140], y[:140], X_val=X[140:], y_val=y[140:])
    best = int(np.argmax(regressor.validation_scores_))
    assert best >= 30 - tail_epochs(0.25, 30)
    assert regressor.score(X[140:], y[140:]) == pytest.approx(regressor.best_validation_score_, abs=1e-12)
    assert regressor.best_validation_score_ == regressor.validation_scores_[best]


def test_a_callback_that_stops_a_fit_leaves_no_tail(case):
    fitted = estimator_of(case, callbacks=[lambda estimator, epoch, logs: epoch == 3]).fit(case.X, case.y)
    assert rates_of(fitted) == [RATE] * 3


def test_time_that_is_up_leaves_no_tail(case):
    fitted = estimator_of(case, max_time=0.05, max_iter=10**8).fit(case.X, case.y)
    assert set(rates_of(fitted)) == {RATE}


def test_a_fit_with_time_enough_has_the_whole_tail(case):
    fitted = estimator_of(case, max_time=1e6, max_iter=20).fit(case.X, case.y)
    np.testing.assert_allclose(rates_of(fitted), [RATE] * 15 + falling(RATE, 5), rtol=1e-9)


def test_partial_fit_has_no_tail(case):
    one, other = (estimator_of(case, linear_tail=share, max_iter=1) for share in (0.5, 0.0))
    with pytest.warns(ConvergenceWarning):
        other.fit(case.X, case.y)
    one.fit(case.X, case.y)
    for estimator in (one, other):
        for _ in range(3):
            estimator.partial_fit(case.X, case.y)
        assert rates_of(estimator) == [RATE]


def test_lbfgs_has_no_tail(case):
    one, other = (
        estimator_of(case, solver="lbfgs", linear_tail=share, tol=0.1).fit(case.X, case.y)
        for share in (0.5, 0.0)
    )
    assert all(map(np.array_equal, one.coefs_, other.coefs_))


@pytest.mark.parametrize("share", [-0.1, 1.0, np.nan, "0.1", None])
def test_a_share_that_is_no_number_from_0_up_to_1_is_refused(share):
    message = "The 'linear_tail' parameter of MLPClassifier must be a float in the range [0.0, 1.0)."
    with pytest.raises(ValueError, match=re.escape(message)):
        MLPClassifier(linear_tail=share).fit(np.eye(4), [0, 1, 0, 1])
