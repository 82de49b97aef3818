"""scikit-learn's checks of estimators pass, all of them."""

from __future__ import annotations

import warnings

import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.estimator_checks import parametrize_with_checks

from fanin.sklearn import Autoencoder, FaninClassifier, FaninRegressor, MLPClassifier, MLPRegressor

FEW = {"max_iter": 100}  # as scikit-learn checks its own
CHECKS = parametrize_with_checks(
    [kind(solver=solver, **FEW) for kind in (MLPClassifier, MLPRegressor) for solver in ("adam", "lbfgs")]
    + [kind(effort="fast") for kind in (FaninClassifier, FaninRegressor)]
    + [Autoencoder(max_iter=20), Autoencoder(hidden_layer_sizes=(), solver="lbfgs", max_iter=20)]
)


@pytest.mark.parametrize(CHECKS.args[0], list(CHECKS.args[1]), **CHECKS.kwargs)
def test_every_check_of_scikit_learn_passes(estimator, check):
    with warnings.catch_warnings():
        for category in (FutureWarning, ConvergenceWarning, UserWarning):  # as scikit-learn's own run does
            warnings.simplefilter("ignore", category)
        check(estimator)
