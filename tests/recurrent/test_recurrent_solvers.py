"""Solvers train recurrent nets by gradients over all sequences; those of second derivatives refuse them."""

from __future__ import annotations

import numpy as np
import pytest

from fanin import optim
from helpers import digest
from sequences import (
    LENGTHS,
    assert_close,
    every_kind,
    formula,
    in_one,
    labels,
    many_or_one,
    mean_loss,
    net_of,
    sequences,
    slopes_of,
)

X = sequences()
NUMBERS = [np.cumsum(x[:, :1], axis=0) for x in X]


def targets(many):
    return NUMBERS if many else np.array([steps[-1] for steps in NUMBERS])


def regression(kind, many):
    return net_of(kind, many, units=5, loss="squared_error", outputs=1)


@every_kind
@many_or_one
def test_the_objective_of_a_recurrent_net_is_its_mean_loss(kind, many):
    net, y = net_of(kind, many, units=4), labels(many)
    flat, weights = in_one(y) if many else y, net.get_weights()
    objective = net.objective(X, y)
    loss, gradient = objective.loss_and_gradient(objective.weights())
    assert loss == pytest.approx(mean_loss(net, formula(net, X), flat), rel=1e-12)
    slopes = slopes_of(lambda w: mean_loss(net, formula(net, X, w), flat), weights, most=20)
    assert_close(objective.named(gradient), slopes, 1e-12)


@every_kind
def test_an_objective_over_blocks_of_sequences_is_the_weighted_mean_of_its_parts(kind):
    """More steps than one block has."""
    lengths = [1 + 37 * number % 90 for number in range(200)]
    many, y = sequences(lengths), labels(many=True, lengths=lengths)
    objective = net_of(kind, many=True).objective(many, y)
    w = objective.weights()
    whole, gradient = objective.loss_and_gradient(w)
    parts = [net_of(kind, many=True).objective(many[i::3], y[i::3]).loss_and_gradient(w) for i in range(3)]
    steps = [sum(lengths[i::3]) for i in range(3)]
    assert whole == pytest.approx(np.average([loss for loss, _ in parts], weights=steps), rel=1e-12)
    mean = np.average([g for _, g in parts], axis=0, weights=steps)
    np.testing.assert_allclose(gradient, mean, rtol=1e-10, atol=1e-13)


@every_kind
@many_or_one
@pytest.mark.parametrize("solver", [optim.LBFGS, optim.ConjugateGradient])
def test_solvers_of_gradients_train_recurrent_nets(kind, many, solver):
    nets = [regression(kind, many) for _ in range(2)]
    histories = [net.fit(X, targets(many), rule=solver(), epochs=40) for net in nets]
    assert histories[0].loss[-1] < histories[0].loss[0] / 10
    assert digest(nets[0]) == digest(nets[1])


@every_kind
def test_second_derivatives_of_recurrent_nets_are_refused(kind):
    net = regression(kind, False)
    before = digest(net)
    for solver in (optim.HessianFree(), optim.LevenbergMarquardt()):
        with pytest.raises(ValueError, match=rf"expected no recurrent layers with {solver.name}"):
            net.fit(X, targets(False), rule=solver)
    assert digest(net) == before
    objective = net.objective(X, targets(False))
    with pytest.raises(ValueError, match="expected no recurrent layers for second derivatives"):
        objective.hvp(objective.weights(), np.ones(objective.size))


@many_or_one
def test_the_advice_for_a_recurrent_net_is_a_rule_that_trains_it(many):
    net = regression("lstm", many)
    advice = optim.suggest(net, X, targets(many))
    assert advice.rows == len(LENGTHS)
    assert advice.reason.endswith("Levenberg-Marquardt needs a network without recurrent layers")
    net.fit(X, targets(many), rule=advice.rule, epochs=2)


def test_advice_takes_weights_of_steps():
    weights = [np.full(len(x), float(number > 0)) for number, x in enumerate(X)]
    advice = optim.suggest(regression("gru", True), X, NUMBERS, sample_weight=weights)
    assert advice.rows == len(LENGTHS) - 1
