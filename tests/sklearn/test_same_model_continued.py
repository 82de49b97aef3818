"""Warm starts and partial fits continue scikit-learn's model: weights, counters, curves, the rule's state."""

from __future__ import annotations

import numpy as np
import pytest

from twins import assert_same_model, twins

SMALL = {"hidden_layer_sizes": (8, 4), "batch_size": 16, "max_iter": 8}
RULES = [
    {"solver": "adam", "learning_rate_init": 0.01},
    {"solver": "sgd", "learning_rate_init": 0.05},
    {"solver": "sgd", "learning_rate_init": 0.05, "nesterovs_momentum": False},
    {"solver": "sgd", "learning_rate_init": 0.05, "learning_rate": "invscaling"},
    {
        "solver": "sgd",
        "learning_rate_init": 0.05,
        "learning_rate": "adaptive",
        "tol": 0.5,
        "n_iter_no_change": 1,
    },
]
every_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: "-".join(map(str, rule.values())))
SEEDS = [3, None, np.random.RandomState(4)]
every_seed = pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: type(seed).__name__)


def classes_of(case):
    if case.kind == "MLPRegressor":
        return {}
    return {"classes": np.unique(case.y) if case.y.ndim == 1 else range(case.y.shape[1])}


@every_rule
@every_seed
def test_fits_with_a_warm_start_give_the_same_model(case, rule, seed):
    pair = twins(case.kind, **SMALL | rule, random_state=seed, warm_start=True)
    for alpha, rows in ((1e-4, 60), (0.1, 60), (0.1, 45)):
        pair.set_params(alpha=alpha)
        pair.fit(case.X[:rows], case.y[:rows])
        assert_same_model(pair, case.X)


@every_rule
def test_fits_with_a_warm_start_and_early_stopping_give_the_same_model(case, rule):
    parameters = {"early_stopping": True, "n_iter_no_change": 2, "validation_fraction": 0.3}
    pair = twins(case.kind, **SMALL | rule | parameters, random_state=3, warm_start=True)
    for _ in range(3):
        pair.fit(case.X, case.y)
        assert_same_model(pair, case.X)


@every_seed
def test_fits_without_a_warm_start_give_the_same_models(case, seed):
    pair = twins(case.kind, **SMALL, random_state=seed)
    for rows in (60, 50):
        pair.fit(case.X[:rows], case.y[:rows])
        assert_same_model(pair, case.X)


@every_rule
@every_seed
def test_partial_fits_give_the_same_model(case, rule, seed):
    pair = twins(case.kind, **SMALL | rule, random_state=seed)
    for rows in (slice(20), slice(20, 60), slice(7), slice(None)):
        pair.partial_fit(case.X[rows], case.y[rows], **classes_of(case))
        assert_same_model(pair, case.X)


def test_partial_fits_of_every_target_give_the_same_model(any_case):
    pair = twins(any_case.kind, **SMALL | any_case.parameters, random_state=1)
    for rows in (slice(None), slice(30, 60), slice(30)):
        pair.partial_fit(any_case.X[rows], any_case.y[rows], **classes_of(any_case))
    assert_same_model(pair, any_case.X)


@every_rule
def test_parameters_changed_between_partial_fits_do_what_they_do_in_scikit_learn(case, rule):
    pair = twins(case.kind, **SMALL | rule, random_state=1)
    changes = [
        {"learning_rate_init": 0.001},
        {"alpha": 1.0},
        {"momentum": 0.1, "beta_1": 0.1},
        {"shuffle": False},
        {"batch_size": 5},
        {"random_state": 2},
        {"power_t": 0.1},
    ]
    for change in changes:
        pair.partial_fit(case.X, case.y, **classes_of(case))
        pair.set_params(**change)
    pair.partial_fit(case.X, case.y)
    assert_same_model(pair, case.X)


@every_rule
def test_a_solver_changed_between_partial_fits_waits_for_the_next_fit(case, rule):
    pair = twins(case.kind, **SMALL | rule, random_state=1, warm_start=True)
    pair.partial_fit(case.X, case.y, **classes_of(case))
    pair.set_params(solver="sgd" if rule["solver"] == "adam" else "adam")
    pair.partial_fit(case.X, case.y)
    assert_same_model(pair, case.X)
    pair.fit(case.X, case.y)
    assert_same_model(pair, case.X)


@every_rule
@pytest.mark.parametrize("warm_start", [False, True])
def test_fits_and_partial_fits_in_turn_give_the_same_model(case, rule, warm_start):
    pair = twins(case.kind, **SMALL | rule, random_state=1, warm_start=warm_start)
    for method in ("fit", "partial_fit", "partial_fit", "fit", "partial_fit"):
        getattr(pair, method)(case.X, case.y)
        assert_same_model(pair, case.X)


def test_a_fit_by_lbfgs_continues_from_the_last_one(case):
    pair = twins(case.kind, **SMALL, solver="lbfgs", alpha=1.0, warm_start=True, random_state=1)
    losses = []
    for _ in range(3):
        pair.fit(case.X, case.y)
        losses.append(pair.ours.loss_)
        assert losses[-1] == pytest.approx(pair.theirs.loss_, rel=0.01)
    assert losses[0] > losses[1] > losses[2]


def test_unseen_classes_of_a_partial_fit_have_outputs_from_the_start(case):
    pair = twins("MLPClassifier", **SMALL, random_state=1)
    labels = np.array(["c", "a"])[(case.y > 0).astype(int)]
    pair.partial_fit(case.X, labels, classes=["a", "b", "c"])
    pair.partial_fit(case.X[:1], ["b"])
    assert_same_model(pair, case.X)
