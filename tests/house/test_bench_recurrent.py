"""The group recurrent of the bench: its sequences, its limit and its targets, and a tiny run of its workers."""

import importlib
import sys

import numpy as np
import pytest

from helpers import ROOT

sys.path.append(str(ROOT))

from bench import machine, recurrent, targets, theory

TINY = {"sizes": (3, 5, 1), "batch": 4, "samples": 8, "time": 20}
PEERS = {"torch": "recurrent_torch", "jax": "recurrent_jax", "onnxruntime": "recurrent_onnx"}


def tasks(library, case):
    for package in {"jax": ["jax", "optax"], "onnxruntime": ["onnx", "onnxruntime"]}.get(library, [library]):
        pytest.importorskip(package)
    worker = importlib.import_module(f"bench.workers.{PEERS.get(library, 'recurrent')}")
    return {task.result: task for task in worker.recurrent(case)}


def test_ragged_sequences_have_a_tenth_of_the_rows_to_all_of_them():
    case = recurrent.CASES[-3]
    assert case.name == "LSTM 32-32-1, 100 rows, ragged"
    lengths = recurrent.lengths(case)
    assert (lengths.min(), lengths.max()) == (10, 100)
    assert np.all(recurrent.lengths(case.full) == 100)


@pytest.mark.parametrize("kind", recurrent.GATES)
@pytest.mark.parametrize("ragged", [False, True])
@pytest.mark.parametrize("library", ["torch", "jax"])
def test_peers_take_the_same_training_steps_on_sequences(library, ragged, kind):
    case = recurrent.Sequences(**TINY, kind=kind, ragged=ragged)
    ours, theirs = (tasks(name, case) for name in ("fanin", library))
    assert ours["training"].numbers() == pytest.approx(theirs["training"].numbers(), rel=1e-5)
    for of in (ours, theirs):
        assert ("ragged" in of) == ragged
        for task in of.values():
            task.numbers()
            assert task.round(0.0) > 0


@pytest.mark.parametrize("library", PEERS)
def test_peers_give_the_same_outputs_for_a_stream(library, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # as the bench does
    case = recurrent.Stream((2, 5, 1))
    ours, theirs = (tasks(name, case)["step"] for name in ("fanin", library))
    expected = ours.numbers()
    assert len(set(expected)) == len(expected) == recurrent.CHECK_ROWS
    assert theirs.numbers() == pytest.approx(expected, rel=1e-4, abs=1e-6)
    theirs.round(0.0)
    assert theirs.numbers() == pytest.approx(expected, rel=1e-4, abs=1e-6)  # from a state of zeros again
    ours.round(0.0)
    assert ours.numbers() == expected


def test_the_limit_of_sequences_is_the_arithmetic_without_gradients_of_the_inputs():
    bandwidth = [{"bytes": size, "read": 20.0} for size in (1 << 6, 1 << 30)]
    arithmetic = {"gflops": {"float32": 100.0}, "root_and_divide": {"float32": 1.0}}
    limits = machine.Limits({"bandwidth": bandwidth}, arithmetic, quick=True)
    full, ragged = (recurrent.Sequences(**TINY, kind="GRU", ragged=ragged) for ragged in (False, True))
    flops = 4 * 20 * 3 * 5 * (4 * 3 + 6 * 5)
    assert recurrent.flops(full) == flops
    assert recurrent.flops(ragged) == pytest.approx(flops * recurrent.lengths(ragged).mean() / 20)
    assert theory.recurrent_limit(full, "training", limits) == pytest.approx(1e-3 * flops / 100)
    assert theory.recurrent_limit(ragged, "ragged", limits) is None
    weights = 4 * 5 * (1 + 5 + 1) + 5 + 1
    stream = recurrent.Stream((1, 5, 1))
    assert theory.recurrent_limit(stream, "step", limits) == pytest.approx(1e-3 * 4 * weights / 20)


def test_the_targets_of_recurrent_nets_name_cases_that_there_are():
    names = [f"{result}, {case.name}, threads 1" for result in recurrent.RESULTS for case in recurrent.CASES]
    patterns = [where for group, _, _, where in targets.TARGETS if group == "recurrent"]
    assert all(any(targets.re.search(where, name) for name in names) for where in patterns)
    assert len(patterns) == 5
