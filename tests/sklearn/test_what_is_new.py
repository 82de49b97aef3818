"""What scikit-learn's MLPs do not have, and how the drop-ins work with its other parts and with pickle."""

from __future__ import annotations

import copy
import pickle
import time

import joblib
import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

import fanin
from fanin.sklearn import FitDisplay, MLPClassifier, MLPRegressor
from twins import VERSION

RNG = np.random.default_rng(4)
ROWS = RNG.normal(size=(80, 4))
LABELS = (ROWS[:, 0] + 0.5 * RNG.normal(size=80) > 0.8).astype(int)
SMALL = {"hidden_layer_sizes": 6, "random_state": 0, "learning_rate_init": 0.02, "tol": 0.01}


def model(**parameters):
    return MLPClassifier(**SMALL | parameters)


@pytest.mark.parametrize(
    "copied",
    [lambda estimator: pickle.loads(pickle.dumps(estimator)), copy.deepcopy],
    ids=["pickle", "deepcopy"],
)
def test_a_copied_estimator_predicts_and_continues_alike(copied):
    one = model().fit(ROWS, LABELS)
    other = copied(one)
    for estimator in (one, other):
        estimator.partial_fit(ROWS, LABELS)
    assert np.array_equal(other.predict_proba(ROWS), one.predict_proba(ROWS))
    assert other.loss_curve_ == one.loss_curve_


def test_a_dumped_estimator_is_the_same_after_loading(tmp_path):
    one = model().fit(ROWS, LABELS)
    joblib.dump(one, tmp_path / "model")
    assert np.array_equal(joblib.load(tmp_path / "model").predict_proba(ROWS), one.predict_proba(ROWS))


def test_a_pickle_does_not_grow_with_partial_fits():
    tiny = MLPRegressor(hidden_layer_sizes=1, random_state=0)
    sizes = []
    for _ in range(2):
        for _ in range(5000):
            tiny.partial_fit(ROWS[:2, :1], ROWS[:2, 0])
        curve, tiny.loss_curve_ = tiny.loss_curve_, []  # scikit-learn's record of all epochs grows
        sizes.append(len(pickle.dumps(tiny)))
        tiny.loss_curve_ = curve
    assert sizes[1] <= sizes[0] + 16  # counters may have a digit more


def test_a_clone_has_the_parameters_and_is_not_fitted():
    given = {"class_weight": "balanced", "dtype": "float32", "n_jobs": 1, "max_time": 5.0, "callbacks": []}
    given["linear_tail"] = 0.2
    cloned = clone(model(**given).fit(ROWS, LABELS))
    assert {name: cloned.get_params()[name] for name in given} == given
    assert not hasattr(cloned, "classes_")


def test_a_grid_search_in_two_processes_finds_what_one_finds():
    grid = {"alpha": [1e-4, 1.0, 100.0]}
    one, two = (GridSearchCV(model(), grid, cv=3, n_jobs=jobs).fit(ROWS, LABELS) for jobs in (1, 2))
    scores = "mean_test_score"
    assert np.array_equal(one.cv_results_[scores], two.cv_results_[scores])
    assert one.best_params_ == two.best_params_


@pytest.mark.skipif(VERSION < (1, 6), reason="transform_input came with scikit-learn 1.6")
def test_a_pipeline_transforms_the_validation_rows():
    with sklearn.config_context(enable_metadata_routing=True):
        net = model(early_stopping=True).set_fit_request(X_val=True, y_val=True)
        scaled = Pipeline([("scale", StandardScaler()), ("net", net)], transform_input=["X_val"])
        shifted = 100 + 10 * ROWS
        scaled.fit(shifted[:60], LABELS[:60], X_val=shifted[60:], y_val=LABELS[60:])
    net = scaled[-1]
    by_hand = net.score(scaled[0].transform(shifted[60:]), LABELS[60:])
    assert by_hand == net.best_validation_score_


def test_validation_data_are_scored_after_each_epoch():
    net = model().fit(ROWS[:60], LABELS[:60], X_val=ROWS[60:], y_val=LABELS[60:])
    assert len(net.validation_loss_curve_) == len(net.validation_scores_) == net.n_iter_
    assert net.validation_scores_[-1] == net.score(ROWS[60:], LABELS[60:])


def test_frames_with_other_names_are_refused():
    pd = pytest.importorskip("pandas")
    net = model().fit(pd.DataFrame(ROWS, columns=list("abcd")), LABELS)
    assert net.feature_names_in_.tolist() == list("abcd")
    with pytest.raises(ValueError, match="feature names"):
        net.predict(pd.DataFrame(ROWS, columns=list("abce")))


@pytest.mark.parametrize("labels", [LABELS, np.array(["no", "yes"])[LABELS], np.arange(80) % 3])
def test_scikit_learn_s_own_estimator_predicts_the_same(labels):
    ours = model(early_stopping=True, validation_fraction=0.3).fit(ROWS, labels)
    theirs = ours.to_sklearn()
    assert type(theirs).__module__.startswith("sklearn.neural_network")
    np.testing.assert_allclose(theirs.predict_proba(ROWS), ours.predict_proba(ROWS), atol=1e-12)
    assert np.array_equal(theirs.predict(ROWS), ours.predict(ROWS))


def test_class_weights_multiply_the_sample_weights():
    weights = np.where(LABELS == 1, 3.0, 0.5)
    by_class = model(class_weight={0: 0.5, 1: 3.0}).fit(ROWS, LABELS)
    by_sample = model().fit(ROWS, LABELS, sample_weight=weights)
    assert by_class.loss_curve_ == by_sample.loss_curve_
    balanced = model(class_weight="balanced").fit(ROWS, LABELS)
    assert balanced.predict(ROWS).mean() > model().fit(ROWS, LABELS).predict(ROWS).mean()


@pytest.mark.parametrize("of_rows", ["float32", "float64"])
@pytest.mark.parametrize("asked", ["float32", "float64"])
def test_the_type_that_is_asked_for_is_that_of_the_weights(asked, of_rows):
    net = model(dtype=asked).fit(ROWS.astype(of_rows), LABELS)
    assert net.coefs_[0].dtype == net.predict_proba(ROWS.astype(asked)).dtype == asked


def test_a_fit_ends_in_time():
    net = model(max_iter=10**8, tol=0, n_iter_no_change=np.inf, max_time=0.2)
    start = time.monotonic()
    net.fit(ROWS, LABELS)
    assert 0 < net.n_iter_ < 10**8
    assert time.monotonic() - start < 60


def test_the_rate_falls_to_0_at_the_end_of_a_fit():
    rates = model(max_iter=10, linear_tail=0.3, tol=0).fit(ROWS, LABELS).history_.learning_rate
    assert rates[:7] == [0.02] * 7
    np.testing.assert_allclose(rates[7:], [0.02, 0.04 / 3, 0.02 / 3])  # one batch an epoch


def test_callbacks_see_each_epoch_and_can_end_the_fit():
    seen = []
    net = model(callbacks=[lambda estimator, epoch, logs: seen.append((epoch, logs["loss"])) or epoch == 3])
    net.fit(ROWS, LABELS)
    assert seen == list(enumerate(net.loss_curve_, 1))
    assert net.n_iter_ == 3


def test_the_number_of_threads_does_not_change_the_model():
    before = fanin.get_num_threads()
    one, more = (model(n_jobs=jobs, hidden_layer_sizes=200).fit(ROWS, LABELS) for jobs in (1, 2))
    assert all(map(np.array_equal, one.coefs_, more.coefs_))
    assert fanin.get_num_threads() == before


def test_a_display_draws_the_losses_the_score_and_the_best_epoch():
    pytest.importorskip("matplotlib")
    net = model(early_stopping=True, validation_fraction=0.3).fit(ROWS, LABELS)
    display = FitDisplay.from_estimator(net, log_scale=True, line_kw={"linewidth": 3})
    curves = (net.loss_curve_, net.validation_loss_curve_, net.validation_scores_)
    assert [line.get_ydata().tolist() for line in display.lines_] == list(map(list, curves))
    assert {line.get_linewidth() for line in display.lines_} == {3}
    assert display.best_epoch_ == 1 + int(np.argmax(net.validation_scores_))
    assert display.ax_.get_yscale() == "log"
    assert display.plot(display.ax_).figure_ is display.figure_


def test_a_display_without_validation_marks_the_lowest_loss():
    figure = pytest.importorskip("matplotlib.figure").Figure()
    display = FitDisplay(loss_curve=[3.0, 1.0, 2.0]).plot(figure.subplots())
    assert display.best_epoch_ == 2
    assert len(display.lines_) == 1


def test_a_display_of_what_has_no_curve_is_refused():
    with pytest.raises(NotFittedError):
        FitDisplay.from_estimator(model())
    with pytest.raises(ValueError, match="fitted with the solver 'sgd' or 'adam', got a MLPClassifier"):
        FitDisplay.from_estimator(model(solver="lbfgs").fit(ROWS, LABELS))
