"""What users do with estimators: change them in callbacks, set weights first, subclass and convert them."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from fanin.sklearn import MLPClassifier, MLPRegressor

X = np.random.RandomState(0).normal(size=(60, 3))
Y = X @ [1.0, 2.0, 3.0]
SMALL = {"hidden_layer_sizes": (4,), "max_iter": 3, "random_state": 0}

pytestmark = pytest.mark.filterwarnings("ignore:.*Maximum iterations")


class Narrow(MLPRegressor):
    """A subclass with parameters of its own."""

    def __init__(self, width=3):
        super().__init__(hidden_layer_sizes=(width,), max_iter=2, random_state=0)
        self.width = width


def test_a_callback_may_change_parameters_of_later_fits():
    def change(estimator, epoch, logs):
        estimator.set_params(early_stopping=True, batch_size=7)

    regressor = MLPRegressor(**SMALL, callbacks=[change]).fit(X, Y)
    assert regressor.loss_curve_ == MLPRegressor(**SMALL).fit(X, Y).loss_curve_
    assert regressor.validation_scores_ is None


def test_weights_set_before_partial_fit_give_the_attributes_of_a_fit():
    regressor = MLPRegressor(**SMALL)
    regressor.coefs_ = [np.ones((3, 4)), np.ones((4, 1))]
    regressor.intercepts_ = [np.ones(4), np.ones(1)]
    regressor.partial_fit(X, Y)
    assert (regressor.n_features_in_, regressor.n_outputs_, regressor.n_layers_) == (3, 1, 3)
    np.testing.assert_allclose(regressor.to_sklearn().predict(X), regressor.predict(X))


def test_a_subclass_with_its_own_parameters_converts():
    narrow = Narrow(5).fit(X, Y)
    np.testing.assert_allclose(narrow.to_sklearn().predict(X), narrow.predict(X))


@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_a_converted_estimator_with_early_stopping_continues_from_its_weights(kind):
    converted = kind(**SMALL, early_stopping=True).fit(X, Y > 0).to_sklearn()
    best = converted.best_validation_score_
    converted.set_params(warm_start=True).fit(X, Y > 0)
    assert converted.best_validation_score_ >= best


@pytest.mark.parametrize("touched", [False, True])
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda estimator: pickle.loads(pickle.dumps(estimator))])
def test_an_estimator_whose_fit_diverged_can_be_copied_and_trained_again(copied, touched):
    regressor = MLPRegressor(**SMALL, solver="sgd", learning_rate_init=1e200)
    with pytest.raises(ValueError, match="non-finite parameter weights"):
        regressor.fit(X, 1e200 * Y)
    if touched:
        assert np.isnan(regressor.coefs_[0]).any()
    again = copied(regressor)
    assert np.isnan(again.coefs_[0]).any()
    with pytest.raises(ValueError, match=r"coefs_\[0\]: every value must be finite in float64, got nan"):
        again.predict(X)
    again.set_params(learning_rate_init=1e-3).fit(X, Y)
    np.testing.assert_array_equal(again.predict(X), MLPRegressor(**SMALL, solver="sgd").fit(X, Y).predict(X))


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda estimator: pickle.loads(pickle.dumps(estimator))])
def test_the_best_weights_before_a_divergence_can_be_copied(copied):
    regressor = MLPRegressor(solver="sgd", learning_rate_init=1e5, random_state=0, early_stopping=True)
    regressor.fit(X, 1e5 * Y)
    assert np.isnan(regressor.validation_scores_[-1])
    np.testing.assert_array_equal(copied(regressor).predict(X), regressor.predict(X))


@pytest.mark.skipif(
    not hasattr(MLPRegressor, "set_callbacks"), reason="scikit-learn has no callbacks before 1.9"
)
def test_callbacks_of_scikit_learn_follow_fit_only():
    class Calls:
        def __init__(self):
            self.made = []

        def setup(self, estimator, context):
            self.made.append("setup")

        def teardown(self, estimator, context):
            self.made.append("teardown")

        def on_fit_task_begin(self, estimator, context, **data):
            self.made.append("begin")

        def on_fit_task_end(self, estimator, context, **data):
            self.made.append("end")

    calls = Calls()
    regressor = MLPRegressor(**SMALL).set_callbacks(calls)
    regressor.partial_fit(X, Y)
    assert not calls.made, "nothing would call teardown"
    regressor.fit(X, Y)
    assert calls.made == ["setup", "begin", *["begin", "end"] * 3, "end", "teardown"]
