"""The same seed gives scikit-learn's model: curves, weights, predictions and warnings, to 1e-6 in float64."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from twins import VERSION, assert_same_model, twins

SMALL = {"hidden_layer_sizes": (8, 6), "batch_size": 16, "random_state": 3, "tol": 1e-3}
ACTIVATIONS = ("identity", "logistic", "tanh", "relu")
FLAGS = (False, True)
SGD = {"solver": "sgd", "learning_rate_init": 0.05}


def fitted(case, **parameters):
    """Both, fitted to the case."""
    pair = twins(case.kind, **SMALL | case.parameters | parameters)
    pair.fit(case.X, case.y)
    return pair


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize(
    "rule", [SGD, {"solver": "adam", "learning_rate_init": 0.005}], ids=lambda r: r["solver"]
)
def test_two_hundred_epochs_give_the_same_model(case, rule, activation):
    pair = fitted(case, activation=activation, max_iter=200, tol=0.0, n_iter_no_change=np.inf, **rule)
    assert len(pair.theirs.loss_curve_) == 200
    assert_same_model(pair, case.X)


@pytest.mark.parametrize("early_stopping", FLAGS)
@pytest.mark.parametrize("shuffle", FLAGS)
@pytest.mark.parametrize("nesterovs_momentum", FLAGS)
@pytest.mark.parametrize("learning_rate", ["constant", "invscaling", "adaptive"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_way_of_descending_the_gradient_gives_the_same_model(
    case, activation, learning_rate, nesterovs_momentum, shuffle, early_stopping
):
    flags = {"nesterovs_momentum": nesterovs_momentum, "shuffle": shuffle, "early_stopping": early_stopping}
    options = {"max_iter": 25, "n_iter_no_change": 3, "validation_fraction": 0.2}
    pair = fitted(case, activation=activation, learning_rate=learning_rate, **SGD, **flags, **options)
    assert_same_model(pair, case.X)


@pytest.mark.parametrize("early_stopping", FLAGS)
@pytest.mark.parametrize("shuffle", FLAGS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_way_of_adam_gives_the_same_model(any_case, activation, shuffle, early_stopping):
    flags = {"shuffle": shuffle, "early_stopping": early_stopping}
    pair = fitted(any_case, activation=activation, learning_rate_init=0.01, max_iter=25, **flags)
    assert_same_model(pair, any_case.X)


@pytest.mark.parametrize(
    "parameters",
    [
        {"alpha": 0.0},
        {"alpha": 2.0},
        {"epsilon": 0.1},
        {"beta_1": 0.0, "beta_2": 0.0},
        {"beta_1": 0.5, "beta_2": 0.9},
        SGD | {"momentum": 0.0},
        SGD | {"momentum": 1.0, "max_iter": 10},
        SGD | {"momentum": 0.5, "alpha": 1.0},
        SGD | {"learning_rate": "invscaling", "power_t": 0.0},
        SGD | {"learning_rate": "invscaling", "power_t": 0.25},
        SGD | {"learning_rate": "adaptive", "tol": 10.0, "n_iter_no_change": 1, "max_iter": 200},
        {"learning_rate": "adaptive", "power_t": 2.0},
        {"tol": 0.05},
        {"tol": 0.01, "n_iter_no_change": 1},
        {"tol": 1e9, "n_iter_no_change": np.inf, "max_iter": 30},
        {"early_stopping": True, "validation_fraction": 0.4, "n_iter_no_change": 2},
        {"hidden_layer_sizes": 4},
        {"hidden_layer_sizes": []},
        {"hidden_layer_sizes": np.array([40, 3, 2])},
        {"batch_size": 1, "max_iter": 5},
        {"batch_size": 7},
        {"batch_size": 61},
        {"batch_size": "auto"},
        {"random_state": np.random.RandomState(1)},
        {"random_state": None},
    ],
    ids=str,
)
def test_every_parameter_means_what_it_means_in_scikit_learn(case, parameters):
    pair = fitted(case, **{"max_iter": 60} | parameters)
    assert_same_model(pair, case.X)


def test_an_adaptive_rate_falls_until_both_stop(case):
    pair = fitted(case, **SGD, learning_rate="adaptive", tol=10.0, n_iter_no_change=1)
    assert pair.ours.n_iter_ == pair.theirs.n_iter_ < 60


def test_without_early_stopping_or_with_it_the_other_attributes_are_none(case):
    assert fitted(case, max_iter=2).ours.validation_scores_ is None
    assert fitted(case, max_iter=2, early_stopping=True).ours.best_loss_ is None


def test_automatic_batches_have_at_most_200_samples(longer_case):
    assert_same_model(fitted(longer_case, batch_size="auto", max_iter=50), longer_case.X)


def test_a_net_that_diverges_scores_nan_in_both(case):
    if VERSION < (1, 6):
        pytest.skip("scikit-learn scores no nets that diverge before 1.6")
    y = np.arange(60.0)
    steep = SGD | {"learning_rate_init": 1e3}
    pair = twins("MLPRegressor", **SMALL | steep, early_stopping=True, activation="identity")
    pair.fit(1e3 * case.X, y)
    assert np.isnan(pair.ours.validation_scores_[-1])
    assert pair.ours.n_iter_ == pair.theirs.n_iter_
    assert_same_model(pair, case.X)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_lbfgs_reaches_the_same_loss(any_case, activation):
    pair = fitted(any_case, solver="lbfgs", activation=activation, alpha=1.0, max_iter=40)
    assert pair.ours.loss_ == pytest.approx(pair.theirs.loss_, rel=0.01)
    for name in ("n_layers_", "n_outputs_", "out_activation_", "t_"):
        assert getattr(pair.ours, name) == getattr(pair.theirs, name)
    assert all(
        hasattr(pair.ours, name) == hasattr(pair.theirs, name) for name in ("loss_curve_", "best_loss_")
    )


@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_float32_is_no_further_from_float64_than_in_scikit_learn(case, solver):
    """Their distance is the scale: 100 epochs of rounding to 24 bits."""
    parameters = {
        "solver": solver,
        "learning_rate_init": 0.01,
        "max_iter": 100,
        "activation": "tanh",
        "tol": 0.0,
    }
    exact = fitted(case, **parameters).theirs
    rounded = fitted(case._replace(X=case.X.astype("float32")), **parameters)
    assert {w.dtype for w in rounded.ours.coefs_ + rounded.ours.intercepts_} == {np.dtype("float32")}

    def distance(estimator):
        pairs = itertools.chain(
            zip(estimator.coefs_, exact.coefs_, strict=True),
            zip(estimator.intercepts_, exact.intercepts_, strict=True),
            [(estimator.loss_curve_, exact.loss_curve_)],
        )
        return max(np.abs(np.subtract(one, other)).max() for one, other in pairs)

    assert 0 < distance(rounded.ours) < 4 * distance(rounded.theirs) < 1e-3
