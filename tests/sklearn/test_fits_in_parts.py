"""A fit may pause after any epoch and resume exactly, also as a copy, whatever it trains."""

from __future__ import annotations

import copy
import gc
import pickle
import threading
import warnings
import weakref

import numpy as np
import pytest
from scipy.sparse import csr_matrix

import fanin.sklearn
from conftest import made
from fanin.sklearn import stochastic
from fanin.sklearn.pause import AbandonedError

SMALL = {
    "hidden_layer_sizes": 6,
    "random_state": 0,
    "batch_size": 25,
    "learning_rate_init": 0.02,
    "max_iter": 12,
    "n_iter_no_change": 3,
    "tol": 1e-3,
    "linear_tail": 0.3,
    "n_jobs": 1,
}
RULES = {
    "adam": {"solver": "adam"},
    "sgd": {"solver": "sgd"},
    "momentum": {"solver": "sgd", "nesterovs_momentum": False},
    "no_momentum": {"solver": "sgd", "momentum": 0.0},
    "invscaling": {"solver": "sgd", "learning_rate": "invscaling"},
    "adaptive": {"solver": "sgd", "learning_rate": "adaptive", "n_iter_no_change": 1, "tol": 0.1},
    "early_stopping": {"early_stopping": True, "validation_fraction": 0.3},
    "in_order": {"shuffle": False},
    "float32": {"dtype": "float32"},
    "no_tail": {"linear_tail": 0.0},
    "impatient": {"n_iter_no_change": 1, "tol": 0.5, "max_iter": 30},
    "seeded": {"random_state": np.random.RandomState(3)},
}
RECORDED = ("n_iter_", "t_", "loss_", "best_loss_", "loss_curve_", "learning_rate_")
VALIDATED = ("validation_scores_", "validation_loss_curve_", "best_validation_score_")

pytestmark = pytest.mark.filterwarnings("ignore:.*Maximum iterations")


def estimator_of(case, **parameters):
    return getattr(fanin.sklearn, case.kind)(**copy.deepcopy(SMALL | case.parameters | parameters))


def in_parts(estimator, *data, pauses=(1, 2, 5), copied=lambda both: both):
    """An estimator that pauses, and is replaced by a copy each time, then trains to the end."""
    pause = None
    for epochs in pauses:
        pause = estimator._fit_until(*data, epochs=epochs, pause=pause)
        estimator, pause = copied((estimator, pause))
    estimator._fit_until(*data, pause=pause)
    return estimator


def by_pickle(both):
    return pickle.loads(pickle.dumps(both))


def arrays_of(estimator):
    return [*estimator.coefs_, *estimator.intercepts_]


def assert_same(one, other, X):
    for name in (*RECORDED, *VALIDATED):
        assert getattr(one, name, None) == getattr(other, name, None), name
    assert one.history_.learning_rate == other.history_.learning_rate
    assert all(map(np.array_equal, arrays_of(one), arrays_of(other)))
    assert np.array_equal(one.predict(X), other.predict(X))


@pytest.mark.parametrize("parameters", RULES.values(), ids=RULES)
@pytest.mark.parametrize("copied", [lambda both: both, copy.deepcopy, by_pickle], ids=["", "copy", "pickle"])
def test_a_fit_that_pauses_is_one_fit(case, parameters, copied):
    whole = estimator_of(case, **parameters).fit(case.X, case.y)
    parts = in_parts(estimator_of(case, **parameters), case.X, case.y, copied=copied)
    assert_same(parts, whole, case.X)


def test_a_fit_pauses_with_any_kind_of_target(any_case):
    weights = np.random.default_rng(1).integers(0, 3, len(any_case.y)).astype(float)
    for early_stopping in (False, True):
        whole = estimator_of(any_case, early_stopping=early_stopping).fit(any_case.X, any_case.y, weights)
        parts = in_parts(
            estimator_of(any_case, early_stopping=early_stopping), any_case.X, any_case.y, weights
        )
        assert_same(parts, whole, any_case.X)


def test_a_fit_of_sparse_rows_pauses(case):
    X = csr_matrix(np.where(case.X > 0, case.X, 0))
    whole = estimator_of(case, early_stopping=True).fit(X, case.y)
    assert_same(in_parts(estimator_of(case, early_stopping=True), X, case.y, copied=by_pickle), whole, X)


def test_a_fit_with_validation_data_pauses(case):
    validation = case.X[:20], case.y[:20], None
    whole = estimator_of(case).fit(case.X, case.y, X_val=case.X[:20], y_val=case.y[:20])
    assert_same(in_parts(estimator_of(case), case.X, case.y, None, validation), whole, case.X)


def test_a_warm_fit_pauses(case):
    whole, parts = (estimator_of(case, warm_start=True).fit(case.X, case.y) for _ in range(2))
    assert_same(in_parts(parts, case.X, case.y), whole.fit(case.X, case.y), case.X)


@pytest.mark.parametrize("early_stopping", [False, True])
def test_a_copy_that_trains_to_its_end_leaves_the_original_as_it_was(case, early_stopping):
    parameters = {"early_stopping": early_stopping, "n_iter_no_change": 99}
    one = estimator_of(case, **parameters)
    pause = None
    for epochs, max_iter in ((4, 6), (7, 10), (10, 14)):  # three tenths are the tail
        pause = one._fit_until(case.X, case.y, epochs=epochs, pause=pause)
        other, end = copy.deepcopy((one, pause))
        other.max_iter = max_iter
        other._fit_until(case.X, case.y, pause=end)
        whole = estimator_of(case, max_iter=max_iter, **parameters).fit(case.X, case.y)
        assert_same(other, whole, case.X)
    one.max_iter = 20
    one._fit_until(case.X, case.y, pause=pause)
    assert_same(one, estimator_of(case, max_iter=20, **parameters).fit(case.X, case.y), case.X)


def test_a_fit_that_ran_out_of_patience_says_so_and_ends_with_its_tail(case):
    parameters = RULES["impatient"]
    one = estimator_of(case, **parameters)
    pause = one._fit_until(case.X, case.y, epochs=25)
    assert (pause.ended, one.n_iter_ < 25) == ("patience", True)
    done = one.n_iter_
    assert one._fit_until(case.X, case.y, epochs=28, pause=pause).ended == "patience"
    assert one.n_iter_ == done
    assert one._fit_until(case.X, case.y, pause=pause).ended == "done"
    assert one.n_iter_ > done
    assert_same(one, estimator_of(case, **parameters).fit(case.X, case.y), case.X)


def test_a_callback_follows_a_fit_across_pauses_and_can_end_it(case):
    seen = []

    class Watch:
        def on_fit_begin(self, estimator, history):
            seen.append("begin")

        def on_epoch_end(self, estimator, epoch, logs):
            seen.append(epoch)
            estimator.history_.rate_factor = 0.5
            return epoch == 4

        def on_fit_end(self, estimator, history):
            seen.append("end")

    whole = estimator_of(case, callbacks=[Watch()]).fit(case.X, case.y)
    assert seen == ["begin", 1, 2, 3, 4, "end"]
    seen.clear()
    parts = in_parts(estimator_of(case, callbacks=[Watch()]), case.X, case.y, pauses=(1, 2, 5, 6))
    assert seen == ["begin", 1, 2, 3, 4, "end"]
    assert_same(parts, whole, case.X)


def test_lbfgs_does_not_pause(case):
    parameters = {"solver": "lbfgs", "max_iter": 200, "tol": 0.01}
    one, whole = (estimator_of(case, **parameters) for _ in range(2))
    pause = one._fit_until(case.X, case.y, epochs=2)
    one._fit_until(case.X, case.y, epochs=3, pause=pause)
    whole.fit(case.X, case.y)
    assert one.n_iter_ == whole.n_iter_
    assert all(map(np.array_equal, arrays_of(one), arrays_of(whole)))


def test_a_diverged_fit_is_an_error_at_the_next_pause_and_at_the_end():
    case = made("number")
    parameters = {"solver": "sgd", "learning_rate_init": 500.0}
    with pytest.raises(ValueError, match="non-finite parameter weights"):
        estimator_of(case, **parameters)._fit_until(case.X, case.y, epochs=6)
    one = estimator_of(case, **parameters)
    pause = one._fit_until(case.X, case.y, epochs=1)
    with pytest.raises(ValueError, match="non-finite parameter weights"):
        one._fit_until(case.X, case.y, pause=pause)


def test_a_fit_does_not_resume_with_other_rows_or_fewer_epochs_than_are_done(case):
    one = estimator_of(case, max_iter=10)
    pause = one._fit_until(case.X, case.y, epochs=8)
    with pytest.raises(ValueError, match="X: expected the 60 rows that the fit began with, got 59"):
        one._fit_until(case.X[1:], case.y[1:], pause=pause)
    with pytest.raises(
        ValueError, match=r"max_iter: expected at least 8 epochs .* are done, got 7 \(max_iter=10\)"
    ):
        one._fit_until(case.X, case.y, pause=pause)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_an_abandoned_fit_leaves_nothing_behind(case, solver, monkeypatch):
    monkeypatch.setattr(stochastic, "_ROWS_AT_ONCE", 0)  # one epoch between two questions
    asked = []

    def stop():
        asked.append(True)
        return len(asked) == 3

    one = estimator_of(case, solver=solver)
    with pytest.raises(AbandonedError):
        one._fit_until(case.X, case.y, stop=stop)
    assert one.n_iter_ == 2
    reference = weakref.ref(one)
    del one
    gc.collect()
    assert reference() is None


def test_ctrl_c_ends_a_fit_with_a_warning_unless_its_caller_can_stop_it(case):
    def interrupt(estimator, epoch, logs):
        raise KeyboardInterrupt

    one = estimator_of(case, callbacks=[interrupt])
    with pytest.raises(KeyboardInterrupt):
        one._fit_until(case.X, case.y, stop=lambda: False)
    with pytest.warns(UserWarning, match="Training interrupted by user"):
        assert one._fit_until(case.X, case.y).ended == "done"
    assert one.n_iter_ == 1


def test_threads_train_estimators_side_by_side_as_if_alone():
    cases = [made(name) for name in ("classes", "labels", "number", "numbers") for _ in range(3)]
    whole = [estimator_of(case, early_stopping=True).fit(case.X, case.y) for case in cases]
    parts = [estimator_of(case, early_stopping=True) for case in cases]

    def train(number):
        case = cases[number]
        parts[number] = in_parts(parts[number], case.X, case.y, copied=copy.deepcopy)

    before = list(warnings.filters)
    threads = [threading.Thread(target=train, args=(number,)) for number in range(len(cases))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(warnings.filters) == before
    for case, one, other in zip(cases, parts, whole, strict=True):
        assert_same(one, other, case.X)
