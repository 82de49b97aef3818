"""What callbacks of the estimators of tables get, and what they may not be."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone

from fanin.sklearn import FaninClassifier, FaninRegressor

FAST = {"effort": "fast", "random_state": 0}
X = np.random.default_rng(0).normal(size=(60, 2))
NUMBER, LABELS = X[:, 0].copy(), (X[:, 0] > 0).astype(int)


@pytest.mark.parametrize("kind", [FaninClassifier, FaninRegressor])
def test_callbacks_are_called_in_order_and_verbose_prints_trials(kind, capsys):
    y, seen = LABELS if kind is FaninClassifier else NUMBER, []
    callbacks = [lambda progress: seen.append(progress.stage), lambda progress: seen.append(progress)]
    model = kind(**FAST, callbacks=callbacks, verbose=True).fit(X, y)
    assert seen[::2] == [progress.stage for progress in seen[1::2]]
    trials = [progress.trial for progress in seen[1::2] if progress.trial]
    assert tuple(trials) == model.trials_
    assert capsys.readouterr().out.splitlines() == [str(trial) for trial in trials]
    assert clone(model).callbacks is not None


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_exception_of_a_callback_leaves_the_model_as_it_was(error):
    def fail(progress):
        if progress.stage == "train":
            raise error("enough")

    model = FaninRegressor(**FAST).fit(X, NUMBER)
    found = model.predict(X)
    with pytest.raises(error, match="enough"):
        model.set_params(callbacks=[fail]).fit(X[:, :1], NUMBER)
    np.testing.assert_array_equal(model.predict(X), found)
    assert model.n_features_in_ == 2


def test_callbacks_that_are_no_functions_are_refused():
    with pytest.raises(TypeError, match="callbacks: position 1: expected a function of a Progress, got 5"):
        FaninRegressor(callbacks=[print, 5]).fit(X, NUMBER)
    with pytest.raises(ValueError, match="The 'callbacks' parameter of FaninRegressor must be an array-like"):
        FaninRegressor(callbacks=print).fit(X, NUMBER)
