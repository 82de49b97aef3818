"""diagnose=True of FaninClassifier and FaninRegressor: a diagnosis of each network that predicts."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from sklearn.base import clone

from fanin.diagnose import Diagnosis, Finding
from fanin.sklearn import FaninClassifier, FaninRegressor
from fanin.sklearn.table_diagnoses import diagnoses_of_tables, faults_in

FAST = {"effort": "fast", "random_state": 0}
X = np.random.default_rng(0).normal(size=(80, 2))
TARGETS = {FaninClassifier: (X[:, 0] > 0.3).astype(int), FaninRegressor: X[:, 0] + X[:, 1] ** 2}
KINDS = pytest.mark.parametrize("kind", TARGETS)


def fitted(kind, **parameters):
    return kind(**FAST, diagnose=True, **parameters).fit(X, TARGETS[kind])


@KINDS
@pytest.mark.parametrize("parameters", [{}, {"early_stopping": True}, {"out_of_fold": True}], ids=str)
def test_the_model_is_the_same_and_each_network_has_a_diagnosis(kind, parameters):
    model, other = fitted(kind, **parameters), kind(**FAST, **parameters).fit(X, TARGETS[kind])
    assert np.array_equal(model.predict(X), other.predict(X))
    assert len(model.diagnoses_) == model._model.members
    assert not hasattr(other, "diagnoses_")
    for diagnosis in model.diagnoses_:
        assert isinstance(diagnosis, Diagnosis)
        assert str(diagnosis)
        settings = diagnosis.settings
        assert (settings.sample_weight, settings.validation_data, settings.callbacks) == (None, None, ())


@KINDS
def test_diagnoses_are_in_the_order_of_the_networks(kind):
    model = fitted(kind)
    seeds = [core.seed for core in model._model._core.networks]
    assert [diagnosis.start.seed for diagnosis in model.diagnoses_] == seeds
    assert len(set(seeds)) > 1


def test_nothing_is_said_about_what_rows_held_out_have_chosen():
    diagnosis = fitted(FaninRegressor).diagnoses_[0]
    given = [
        Finding(kind, "", 1.0, 0.0) for kind in ("too_few_epochs", "strong_penalty", "bad_start", "spike")
    ]
    diagnosis = Diagnosis(diagnosis.evidence, tuple(given))
    for new, kept in ((True, ["bad_start", "spike"]), (False, ["spike"])):
        (left,) = diagnoses_of_tables([diagnosis], new=new)
        assert [finding.kind for finding in left.findings] == kept


def test_the_report_mentions_faults_in_a_line():
    model = fitted(FaninRegressor)
    assert faults_in(model.diagnoses_) == ""
    assert "Faults" not in str(model.report())
    evidence = model.diagnoses_[0].evidence
    found = Finding("dead_units", "", 1.0, 0.5), Finding("spike", "", 1.0, 0.5, severity="warning")
    model.diagnoses_ = (Diagnosis(evidence, found), Diagnosis(evidence, ()), Diagnosis(evidence, found[:1]))
    line = "Faults in training: dead units in 2 of 3 networks; see diagnoses_"
    assert line in model.report().text(100)
    assert line in model.report(X, TARGETS[FaninRegressor]).text(100)


@KINDS
def test_a_warm_fit_replaces_the_diagnoses_and_partial_fit_removes_them(kind):
    model = fitted(kind, warm_start=True)
    before = model.diagnoses_
    model.fit(X, TARGETS[kind])
    assert len(model.diagnoses_) == len(before)
    assert model.diagnoses_[0] is not before[0]
    trained, start = (
        list(net.get_weights().values()) for net in (model.diagnoses_[0].start, before[0].start)
    )
    assert not any(map(np.array_equal, trained[::2], start[::2]))
    assert not hasattr(model.partial_fit(X, TARGETS[kind]), "diagnoses_")
    assert not hasattr(model.set_params(diagnose=False, warm_start=False).fit(X, TARGETS[kind]), "diagnoses_")


@KINDS
def test_copies_pickles_and_files_have_no_diagnoses(kind, tmp_path):
    model = fitted(kind)
    model.save(tmp_path / "model")
    copies = [copy.deepcopy(model), pickle.loads(pickle.dumps(model)), kind.load(tmp_path / "model")]
    for one in copies:
        assert np.array_equal(one.predict(X), model.predict(X))
        assert not hasattr(one, "diagnoses_")
        assert one.diagnose is True
        assert "Faults" not in str(one.report())
    assert clone(model).diagnose is True
    assert hasattr(model, "diagnoses_")


def test_a_failed_fit_leaves_the_diagnoses_as_they_were():
    model = fitted(FaninRegressor)
    before = model.diagnoses_
    with pytest.raises(ValueError, match="diagnose"):
        model.set_params(diagnose=1).fit(X, TARGETS[FaninRegressor])
    assert model.diagnoses_ is before


def test_a_diagnosis_of_a_network_of_a_table_is_a_page(tmp_path):
    pytest.importorskip("matplotlib")
    model = FaninRegressor(**FAST, diagnose=True).fit(
        [[age, job] for age in range(20, 60) for job in ("clerk", "smith")], np.arange(80.0)
    )
    model.diagnoses_[0].report(tmp_path / "page.html")
    assert "<svg" in (tmp_path / "page.html").read_text(encoding="utf-8")
