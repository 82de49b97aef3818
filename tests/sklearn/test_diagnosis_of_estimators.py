"""diagnose=True of MLPClassifier and MLPRegressor: the same weights, and what is wrong with the fit."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from scipy.sparse import csr_matrix

import fanin.sklearn
from conftest import made
from fanin import Network
from fanin.diagnose import Diagnosis
from fanin.sklearn import MLPClassifier, MLPRegressor, PopulationSearchCV

SMALL = {
    "hidden_layer_sizes": 6,
    "random_state": 0,
    "batch_size": 8,
    "max_iter": 12,
    "learning_rate_init": 0.02,
}
CASES = {
    "adam": {},
    "sgd": {"solver": "sgd"},
    "momentum": {"solver": "sgd", "nesterovs_momentum": False},
    "invscaling": {"solver": "sgd", "learning_rate": "invscaling"},
    "in_order": {"shuffle": False},
    "tail": {"linear_tail": 0.3},
    "early_stopping": {"early_stopping": True, "validation_fraction": 0.3, "n_iter_no_change": 3},
    "float32": {"dtype": "float32"},
    "lbfgs": {"solver": "lbfgs", "learning_rate_init": 0.001},
}

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def estimator_of(case, **parameters):
    return getattr(fanin.sklearn, case.kind)(**SMALL | case.parameters | parameters)


def kinds_of(estimator):
    return [finding.kind for finding in estimator.diagnosis_.findings]


def assert_same(one, other, X):
    assert all(map(np.array_equal, one.coefs_ + one.intercepts_, other.coefs_ + other.intercepts_))
    assert one.history_.loss == other.history_.loss
    assert one.history_.learning_rate == other.history_.learning_rate
    assert np.array_equal(one.predict(X), other.predict(X))


@pytest.mark.parametrize("parameters", CASES.values(), ids=CASES)
def test_a_diagnosed_fit_is_the_same_fit(any_case, parameters):
    watched, other = (
        estimator_of(any_case, diagnose=diagnose, **parameters).fit(any_case.X, any_case.y)
        for diagnose in (True, False)
    )
    assert_same(watched, other, any_case.X)
    diagnosis = watched.diagnosis_
    assert isinstance(diagnosis, Diagnosis)
    assert watched.history_.diagnosis is diagnosis
    assert not hasattr(other, "diagnosis_")
    epochs = len(watched.history_.loss)
    assert len(diagnosis.history.loss) == epochs
    if watched.solver == "lbfgs":
        assert diagnosis.watched is None
    else:
        rows = 42 if watched.early_stopping else 60
        assert diagnosis.history.steps == epochs * -(-rows // 8)
        assert diagnosis.watched is not None
        assert diagnosis.watched.epochs.tolist() == list(range(1, epochs + 1))
    assert not any("default initializer" in finding.message for finding in diagnosis.findings)
    assert repr(diagnosis.start).startswith("<fanin.Network 5-6-")
    assert str(diagnosis)


@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
def test_the_start_of_the_diagnosis_is_where_the_fit_starts(case, activation):
    given = {"activation": activation, "solver": "sgd", "momentum": 0, "shuffle": False, "alpha": 0.1}
    fitted = estimator_of(case, **given, diagnose=True).fit(case.X, case.y)
    diagnosis = fitted.diagnosis_
    settings = diagnosis.settings
    assert (settings.epochs, settings.batch_size, settings.batches) == (12, 8, "in_order")
    net = diagnosis.start.copy()
    y = np.searchsorted(fitted.classes_, case.y) if case.kind == "MLPClassifier" else case.y
    history = net.fit(
        case.X, y, rule=settings.rule, epochs=settings.epochs, batch_size=8, batches=settings.batches
    )
    for mine, other in zip(fitted.coefs_, list(net.get_weights().values())[::2], strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(diagnosis.history.loss, history.loss, rtol=1e-10)


def test_losses_of_the_diagnosis_are_in_the_unit_of_its_baseline():
    """Of several outputs, scikit-learn reports the mean, and adds the penalty."""
    case = made("numbers")
    fitted = estimator_of(case, diagnose=True, alpha=0.0).fit(case.X, case.y, X_val=case.X, y_val=case.y)
    diagnosis = fitted.diagnosis_
    np.testing.assert_allclose(diagnosis.history.loss, 3 * np.array(fitted.loss_curve_))
    np.testing.assert_allclose(diagnosis.history.val_loss, 3 * np.array(fitted.validation_loss_curve_))
    assert diagnosis.evidence.target.baseline == pytest.approx(1.5 * case.y.var(axis=0).mean())


def test_a_diagnosis_names_what_is_wrong_and_its_remedy_is_code():
    X = np.random.default_rng(0).normal(size=(300, 3))
    labels = (X[:, 0] > 0).astype(int)
    given = SMALL | {"shuffle": False, "max_iter": 20}
    fitted = MLPClassifier(**given, diagnose=True).fit(X[np.argsort(labels)], np.sort(labels))
    assert "sorted_batches" in kinds_of(fitted)
    finding = next(each for each in fitted.diagnosis_.findings if each.kind == "sorted_batches")
    assert finding.remedy.code(fitted.diagnosis_.start) == "net.fit(X, y, batches='shuffled')"
    assert "shuffled" in str(fitted.diagnosis_)


def test_a_fit_that_diverges_is_diagnosed_before_its_error():
    case = made("number")
    estimator = estimator_of(case, solver="sgd", learning_rate_init=1e3, activation="identity", diagnose=True)
    with pytest.raises(ValueError, match="non-finite"), np.errstate(all="ignore"):
        estimator.fit(case.X, case.y)
    assert "divergence" in kinds_of(estimator)
    assert np.isfinite(estimator.diagnosis_.history.loss).all()
    assert "the loss of epoch " in str(estimator.diagnosis_)


def test_a_warm_fit_is_diagnosed_anew_and_may_start_from_large_weights(case):
    estimator = estimator_of(case, warm_start=True, diagnose=True).fit(case.X, case.y)
    first = estimator.diagnosis_
    estimator.coefs_ = [6 * weights for weights in estimator.coefs_]
    estimator.fit(case.X, case.y)
    assert estimator.diagnosis_ is not first
    assert "bad_start" not in kinds_of(estimator)


def test_partial_fits_and_fits_without_it_have_no_diagnosis(case):
    estimator = estimator_of(case, diagnose=True).fit(case.X, case.y)
    estimator.partial_fit(case.X, case.y)
    with pytest.raises(AttributeError, match="expected a fit with diagnose=True before"):
        _ = estimator.diagnosis_
    assert hasattr(estimator.fit(case.X, case.y), "diagnosis_")
    assert not hasattr(estimator.set_params(diagnose=False).fit(case.X, case.y), "diagnosis_")
    assert not hasattr(estimator_of(case), "diagnosis_")


def test_a_pickle_holds_the_diagnosis_and_none_of_the_data(case):
    seen = []
    estimator = estimator_of(case, callbacks=None, diagnose=True).fit(case.X, case.y)
    other = pickle.loads(pickle.dumps(estimator))
    assert str(other.diagnosis_) == str(estimator.diagnosis_)
    assert isinstance(other.diagnosis_.start, Network)
    assert other.diagnosis_.settings.sample_weight is None
    estimator.set_params(callbacks=[lambda fitted, *_: seen.append(hasattr(fitted, "diagnosis_"))])
    estimator.fit(case.X, case.y)
    assert not any(seen)
    assert hasattr(estimator, "diagnosis_")


def test_callbacks_find_the_diagnosis_at_the_end_of_the_fit(case):
    class AtEnd(fanin.Callback):
        def on_fit_end(self, estimator, history):
            self.findings = history.diagnosis.findings

    end = AtEnd()
    estimator = estimator_of(case, callbacks=[end], diagnose=True).fit(case.X, case.y)
    assert end.findings == estimator.diagnosis_.findings


def test_parts_of_fits_and_trials_of_a_search_are_not_watched(case):
    whole = estimator_of(case, linear_tail=0.3, diagnose=True).fit(case.X, case.y)
    part = estimator_of(case, linear_tail=0.3, diagnose=True)
    pause = part._fit_until(case.X, case.y, epochs=4)
    part, pause = pickle.loads(pickle.dumps((part, pause)))
    part._fit_until(case.X, case.y, pause=pause)
    assert_same(part, whole, case.X)
    assert not hasattr(part, "diagnosis_")
    search = PopulationSearchCV(
        estimator_of(case, diagnose=True), {"alpha": [1e-4, 1e-2]}, n_iter=2, cv=2, random_state=0
    )
    assert hasattr(search.fit(case.X, case.y).best_estimator_, "diagnosis_")


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_odd_data_are_diagnosed_or_refused_as_without_it(solver):
    X, y = np.eye(4), np.array([0.0, 1.0, 2.0, 3.0])
    one_class = MLPClassifier(**SMALL | {"batch_size": "auto"}, solver=solver, diagnose=True).fit(
        X, np.zeros(4)
    )
    one_row = MLPRegressor(**SMALL | {"batch_size": "auto"}, solver=solver, diagnose=True).fit(X[:1], y[:1])
    no_hidden = MLPRegressor(
        **SMALL | {"hidden_layer_sizes": (), "batch_size": 2}, solver=solver, diagnose=True
    )
    sparse = MLPRegressor(**SMALL | {"batch_size": 2}, solver=solver, diagnose=True)
    for estimator in (
        one_class,
        one_row,
        no_hidden.fit(X, y),
        sparse.fit(csr_matrix(X), y, [0.0, 1.0, 1.0, 2.0]),
    ):
        assert str(estimator.diagnosis_)
    with pytest.raises(ValueError, match="NaN"):
        MLPRegressor(diagnose=True).fit(np.full((4, 2), np.nan), y)
    with pytest.raises(
        ValueError, match="The 'diagnose' parameter of MLPRegressor must be an instance of 'bool'"
    ):
        MLPRegressor(diagnose="yes").fit(X, y)


def test_a_report_of_a_fit_is_a_page(case, tmp_path):
    pytest.importorskip("matplotlib")
    estimator = estimator_of(case, diagnose=True).fit(case.X, case.y)
    estimator.diagnosis_.report(tmp_path / "page.html")
    assert "relu" in (tmp_path / "page.html").read_text(encoding="utf-8")
