"""Optuna's search and its pruning with our drop-ins for scikit-learn's estimators."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.model_selection import KFold, cross_val_score

from fanin.search import OptunaPruningCallback
from fanin.sklearn import MLPClassifier, MLPRegressor

optuna = pytest.importorskip("optuna")
pytestmark = pytest.mark.usefixtures("quiet_optuna")

X, y = load_iris(return_X_y=True)


@pytest.mark.filterwarnings("ignore:`optuna.terminator` module has been deprecated:FutureWarning")
@pytest.mark.filterwarnings("ignore:OptunaSearchCV is experimental:optuna.exceptions.ExperimentalWarning")
def test_optunas_search_with_pruning_trains_our_classifier_by_partial_fit():
    integration = pytest.importorskip("optuna_integration")
    search = integration.OptunaSearchCV(
        MLPClassifier(hidden_layer_sizes=(8,), batch_size=10, random_state=0),
        {"learning_rate_init": optuna.distributions.FloatDistribution(1e-5, 1e-1, log=True)},
        enable_pruning=True,
        max_iter=5,
        n_trials=8,
        cv=3,
        random_state=0,
        study=optuna.create_study(
            direction="maximize",
            sampler=optuna.samplers.RandomSampler(seed=0),
            pruner=optuna.pruners.MedianPruner(n_startup_trials=2),
        ),
    )
    search.fit(X, y)
    states = {trial.state.name for trial in search.trials_}
    assert states == {"COMPLETE", "PRUNED"}
    assert search.best_score_ > 0.6
    assert search.score(X, y) > 0.6


@pytest.mark.parametrize(
    ("estimator", "figure"),
    [(MLPClassifier, "val_accuracy"), (MLPRegressor, "val_r2")],
    ids=["classifier", "regressor"],
)
def test_a_callback_of_a_drop_in_reports_its_validation_score(estimator, figure):
    study = optuna.create_study(direction="maximize")
    callbacks = [OptunaPruningCallback(study.ask(), figure)]
    model = estimator(max_iter=4, early_stopping=True, random_state=0, callbacks=callbacks)
    with pytest.warns(match="Maximum iterations"):
        model.fit(X, y)
    assert list(study.trials[0].intermediate_values.values()) == model.validation_scores_


def test_the_folds_of_a_trial_continue_its_steps_until_it_is_pruned():
    study = optuna.create_study(pruner=optuna.pruners.ThresholdPruner(upper=1e-9, n_warmup_steps=5))
    trial = study.ask()
    model = MLPClassifier((4,), max_iter=4, random_state=0, callbacks=[OptunaPruningCallback(trial, "loss")])
    with pytest.warns(match="Maximum iterations"), pytest.raises(optuna.TrialPruned, match="epoch 6"):
        cross_val_score(model, X, y, cv=KFold(3), error_score="raise")
    assert np.array_equal(list(study.trials[0].intermediate_values), range(6))
