"""The group sparse of the bench: its rows, its limit and its targets, and a tiny run of its workers."""

import importlib
import sys

import numpy as np
import pytest

from helpers import ROOT

sys.path.append(str(ROOT))

from bench import machine, sparse, targets, theory

csr = pytest.importorskip("bench.workers.csr")  # needs SciPy

TINY = {"batch": 8, "samples": 32, "values": 5}


def tasks(library, case):
    pytest.importorskip(library)
    worker = {"fanin": "sparse"}.get(library, library)
    return list(importlib.import_module(f"bench.workers.{worker}").sparse(case))


@pytest.mark.parametrize("spread", ["uniform", "Zipf"])
def test_a_batch_meets_as_many_rows_as_it_has_different_columns(spread):
    net = sparse.SparseNet((50, 4, 3), spread=spread, **TINY)
    x, y = csr.matrix(net)
    assert (x.shape, len(y), x.has_canonical_format) == ((32, 50), 32, True)
    met = np.mean([len(np.unique(x[start : start + 8].indices)) for start in range(0, 32, 8)])
    assert sparse.rows_met(net) == met


def test_columns_that_are_as_frequent_as_words_repeat_more_than_uniform_ones():
    many, few = (sparse.rows_met(sparse.SparseNet((1 << 20, 4, 3), spread=s)) for s in ("uniform", "Zipf"))
    assert 6_300 < many < 6_400
    assert 3_000 < few < 4_500


def test_the_limit_of_a_sparse_step_is_that_of_the_weights_and_slots_of_the_rows_met():
    bandwidth = [{"bytes": size, "triad": 20.0, "update": 20.0} for size in (1 << 10, 1 << 30)]
    limits = machine.Limits(
        {"bandwidth": bandwidth}, {"gflops": {"float32": 1}, "root_and_divide": {"float32": 1}}, True
    )
    net = sparse.SparseNet((50, 4, 3), rule="adam", **TINY)
    moved = 4 * 3 * 2 * 4 * sparse.rows_met(net)
    assert theory.bytes_met(net) == moved
    assert theory.sparse_limit(net, "sparse step", limits) == pytest.approx(1e-3 * moved / 20)
    assert theory.sparse_limit(net, "epoch of one step", limits) is None
    assert theory.bytes_met(sparse.CASES[-1]) == 0


@pytest.mark.parametrize("rule", ["adagrad", "sgd", "adam"])
def test_pytorch_s_embedding_bag_takes_the_steps_of_sparse_rows(rule):
    net = sparse.SparseNet((50, 4, 3), rule=rule, **TINY)
    ours, theirs = (tasks(library, net)[0] for library in ("fanin", "torch"))
    assert ours.numbers() == pytest.approx(theirs.numbers(), rel=1e-4)
    assert min(ours.round(0.0), theirs.round(0.0)) > 0


def test_estimators_take_the_same_steps_on_sparse_rows():
    case = sparse.SparseEstimator((50, 4, 3), peer_steps=2, **TINY)
    ours, theirs = (tasks(library, case)[0] for library in ("fanin", "sklearn"))
    assert (ours.per, theirs.per) == (4, 2)
    assert ours.numbers() == pytest.approx(theirs.numbers(), rel=1e-4)


def test_texts_are_classified_better_than_by_chance_and_by_all_libraries():
    case = sparse.Newsgroups(train=600, test=300, columns=1 << 12)
    rounds = {
        task.column: [task.round(0.0)] for library in ("fanin", "sklearn") for task in tasks(library, case)
    }
    found = sparse.of_all_rounds({"hash and fit": rounds})
    assert found.keys() == {"hash and fit", "accuracy"}
    assert len(found["accuracy"]) == 5
    assert min(accuracy for (accuracy,) in found["accuracy"].values()) > 10
    assert sparse.of_all_rounds({"sparse step": {"fanin": [1.0]}}) == {}


def test_the_targets_of_sparse_rows_name_cases_that_there_are():
    names = [f"{result}, {case.name}, threads 2" for result in sparse.RESULTS for case in sparse.CASES]
    patterns = [where for group, _, _, where in targets.TARGETS if group == "sparse"]
    assert all(any(targets.re.search(where, name) for name in names) for where in patterns)
    assert len(patterns) == 3
