"""The suite of faults in the bench: good set-ups, what faults change, what counts as found, and its targets."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

import fanin
from helpers import ROOT

sys.path.append(str(ROOT))

from bench import doctor, report, targets

pytest.importorskip("bench.workers.tables")  # needs pandas and scikit-learn

from bench.faults import run, suite
from bench.faults.doctor import findings_of
from bench.faults.faults import FAULTS
from bench.faults.score import CALIBRATED, missed, score
from bench.faults.setups import NAMES, setup
from bench.workers import doctor as worker


def finding(kind, proved=False, severity="fault"):
    return SimpleNamespace(kind=kind, proved=proved, severity=severity, message=f"{kind} found")


@pytest.fixture
def fake(monkeypatch):
    """Let the doctor say what a test wants: what it says of a set-up."""

    def says(of):
        monkeypatch.setattr(run, "findings_of", of)
        monkeypatch.setattr(suite, "known", {})

    return says


def test_the_faults_of_the_bench_are_those_of_the_suite_and_the_kinds_are_those_of_findings():
    from fanin.diagnose.kinds import KINDS

    assert tuple(fault.name for fault in FAULTS) == doctor.FAULTS
    assert set(doctor.QUICK) <= set(doctor.FAULTS)
    assert {kind for fault in FAULTS for kind in fault.kinds} <= set(KINDS)
    assert len(CALIBRATED) == len(set(NAMES) - set(CALIBRATED)) == 4


@pytest.mark.parametrize("name", ["blobs", "breast cancer", "wine", "diabetes"])
def test_good_set_ups_are_standardized_and_do_well(name):
    good = setup(name, 0)
    assert np.abs(good.train[0].mean(0)).max() < 1e-5
    assert set(good.train[0].std(0).round(4)) == {1}
    errors = run.good_errors(name, 0)
    assert errors.shape == good.test[1].shape
    assert errors.mean() < {"blobs": 0.2, "breast cancer": 0.05, "wine": 0.06, "diabetes": 0.65}[name]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_changes_what_it_says_and_leaves_the_good_set_up_as_it_is(fault):
    applied = 0
    for name in ("wine", "breast cancer", "diabetes"):
        good = setup(name, 0)
        before = [part.copy() for data in (good.train, good.val, good.test) for part in data]
        if (changed := fault.change(good)) is None:
            continue
        applied += 1
        after = [part for data in (good.train, good.val, good.test) for part in data]
        assert all((old == new).all() for old, new in zip(before, after, strict=True))
        data = ("train", "val", "test")
        same_data = all(getattr(good, part) is getattr(changed, part) for part in data)
        described = ("layers", "loss", "rule", "epochs", "batch_size", "batches")
        same = all(getattr(good, part) == getattr(changed, part) for part in described)
        assert not (same and same_data)
        assert (changed.test[1] == good.test[1]).all()
        assert changed.network().n_inputs == changed.train[0].shape[1]
    assert applied


def test_a_fault_harms_if_the_same_test_rows_are_worse_beyond_chance():
    good = np.zeros(200)
    worse = np.where(np.arange(200) < 20, 1.0, 0.0)
    assert run.harm(good, worse)
    assert not run.harm(good, good)
    assert not run.harm(worse, good)
    assert not run.harm(good, np.where(np.arange(200) < 3, 1.0, 0.0))  # 1.5 per cent
    assert run.harm(good, np.full(200, np.nan))
    assert not run.harm(good, np.where(np.arange(200) < 1, 1e9, 0.0))  # a single row


def test_what_the_doctor_says_of_a_harmful_run_is_its_outcome(fake):
    fake(
        lambda of: [
            finding("slow_rate", proved=True),
            finding("plateau"),
            finding("spike", severity="warning"),
        ]
    )
    outcome = run.run("wine", "rate / 10,000", 0)
    assert outcome.harms
    assert (outcome.findings, outcome.proved) == (("slow_rate", "plateau"), ("slow_rate",))
    assert outcome.faulty > outcome.good + 0.3
    assert run.run("diabetes", "one class 2 %", 0) is None
    assert not run.run("wine", "", 0).harms
    assert run.run("wine", "duplicated rows", 0).harms


def outcome(fault, findings=(), proved=(), harms=True, name="wine"):
    return run.Outcome(name, fault, 0, harms, tuple(findings), tuple(proved), 0.0, 0.5)


OUTCOMES = [
    outcome("rate x 100", ["oscillation"], ["oscillation"]),
    outcome("rate x 100", ["oscillation"]),  # not proved
    outcome("rate x 100", ["strong_penalty"], ["strong_penalty"]),  # proved, by another name
    outcome("rate x 100", harms=False),
    outcome("leaked column", ["leak"]),
    outcome("leaked column", ["overfitting"], ["overfitting"]),
    outcome("", harms=False),
    outcome("", ["spike"], harms=False),
    outcome("", ["leak"], harms=False),
    outcome("", harms=False, name="blobs"),
]


def test_a_run_is_found_by_a_proof_or_by_name_where_no_remedy_helps():
    assert score(OUTCOMES, "rate x 100", calibrated=False) == (3, 2, 2, 3, 1)
    assert score(OUTCOMES, "leaked column", calibrated=False) == (2, 1, 1, 3, 1)
    assert score(OUTCOMES, "", calibrated=False) == (5, 3, 3, 3, 2)
    assert score(OUTCOMES, "", calibrated=True) == (0, 0, 0, 1, 0)
    assert [line.split(":")[0] for line in missed(OUTCOMES)] == ["missed"] * 2 + ["false alarm"] * 2


def test_the_suite_becomes_shares_and_runs_what_is_new_once(fake, monkeypatch):
    said = []

    def says(of):
        said.append(of.name)
        return [finding("strong_penalty", proved=True)] if of.name == "wine" else []

    fake(says)
    monkeypatch.setattr(suite.outcomes, "__defaults__", (["wine", "blobs"], map))
    case = doctor.Recall("l2 10", seeds=1, good_seeds=1)
    scored, other = (task.round(0.0) for task in worker.recall(case, each=map))
    assert said == ["wine", "blobs"] * 2
    found = doctor.derived({"recall": {"fanin": [scored], doctor.OTHER: [other]}})
    assert found["recall"] == {"fanin": [100.0], doctor.OTHER: [doctor.LEAST]}
    assert found["false alarms"] == {"fanin": [100.0], doctor.OTHER: [doctor.LEAST]}
    assert found["harmful"] == {"fanin": [1], doctor.OTHER: [1]}
    assert doctor.derived({}) == {}
    nothing = dict.fromkeys(("harmful", "found", "named", "good", "alarms"), 0)
    assert doctor.derived({"recall": {"fanin": [nothing]}})["recall"] == {}


def test_the_targets_of_the_doctor_name_cases_that_there_are():
    rows = [f"{result}, {case.name}, threads 2" for case in doctor.cases(False) for result in doctor.UNITS]
    patterns = [where for group, _, _, where in targets.TARGETS if group == "doctor"]
    assert all(any(targets.re.search(where, row) for row in rows) for where in patterns)
    assert (len(patterns), set(doctor.RESULTS) <= set(doctor.UNITS)) == (3, True)


@pytest.mark.parametrize(
    ("recall", "alarms", "verdicts"), [(97.0, 0.01, ["met", "met"]), (90.0, 4.0, ["missed"] * 2)]
)
def test_recall_and_false_alarms_are_judged_on_the_sets_that_no_threshold_was_set_on(
    recall, alarms, verdicts
):
    plain = {"case": "recall: all faults", "threads": 2, "unit": "%"}
    cases = [
        {**plain, "result": "recall", "values": {"fanin": [recall], doctor.OTHER: [10.0]}},
        {**plain, "result": "false alarms", "values": {"fanin": [alarms], doctor.OTHER: [10.0]}},
    ]
    run_of = {"machine": {}, "doctor": {"rate": "", "cases": cases}}
    assert [line["verdict"] for line in targets.targets_table(run_of, "doctor").rows] == verdicts
    assert report.groups(run_of)["doctor"][0].peers == {}


def test_a_table_has_a_line_for_each_fault_and_a_dash_where_nothing_is_harmed():
    plain = {"case": "recall: l2 10", "threads": 2}
    rows = [
        report.Row(plain | {"result": result, "unit": doctor.UNITS[result], "values": values})
        for result, values in (
            ("recall", {"fanin": [50.0]}),
            ("named", {"fanin": [25.0]}),
            ("false alarms", {"fanin": [doctor.LEAST], doctor.OTHER: [2.0]}),
            ("harmful", {"fanin": [4], doctor.OTHER: [0]}),
        )
    ]
    (table,) = doctor.table_by_fault(rows)
    (line,) = table.rows
    assert list(line.values()) == ["l2 10", "4", "0", "50", "-", "25", "-", "0", "2"]
    assert doctor.table_by_fault([]) == []


def test_findings_of_the_fit_and_of_the_examination_are_proved_together(monkeypatch):
    options, proved = [], []
    good = setup("wine", 0)
    diagnosis = SimpleNamespace(findings=(finding("slow_rate"),), start="start", settings="settings")
    history = SimpleNamespace(diagnosis=diagnosis)
    monkeypatch.setattr(fanin.Network, "fit", lambda net, X, y, **given: options.append(given) or history)
    examined = SimpleNamespace(findings=(finding("leak"),))
    monkeypatch.setattr("bench.faults.doctor.examine", lambda *of, **more: examined)

    def prove_all(findings, start, settings, X, y, *, validation_data):
        proved.append((start, settings, len(X), validation_data))
        return tuple(findings)

    monkeypatch.setattr("bench.faults.doctor.prove_all", prove_all)
    assert [one.kind for one in findings_of(good)] == ["slow_rate", "leak"]
    assert options[0]["diagnose"]
    assert proved == [("start", "settings", len(good.train[0]), good.val)]
