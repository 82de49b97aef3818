"""Sparse X trains and predicts with the bits of the dense array with the same values."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import numpy as np
import pytest

import fanin
from fanin import functional as F
from fanin import optim
from helpers import digest, python_prints
from same_bits_sparse import bits_of, matrices, net_for

sparse = pytest.importorskip("scipy.sparse")

KINDS = ["float32", "float64", "float16", "longdouble", ">f4", "bool", "int8", "uint16", "int64"]


@pytest.fixture
def pair():
    """A CSR matrix and the dense array."""
    X, y = matrices()
    return sparse.csr_matrix(X), X, y


def as_parts(X, **changes):
    """An object with the attributes of a CSR matrix, which nothing has checked."""
    parts = {"data": X.data, "indices": X.indices, "indptr": X.indptr, "shape": X.shape, "format": "csr"}
    return SimpleNamespace(**parts | changes)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("index", ["int32", "int64", ">i4", "uint32", "int16"])
def test_values_and_indices_of_every_type_give_the_bits_of_the_dense_array(kind, index, dtype):
    X, y = matrices()
    dense = (8 * X).astype(kind)
    csr = sparse.csr_array(dense.astype("float64"))
    parts = as_parts(
        csr, data=csr.data.astype(kind), indices=csr.indices.astype(index), indptr=csr.indptr.astype(index)
    )
    assert bits_of(parts, y, dtype) == bits_of(dense, y, dtype)


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("batches", ["shuffled", "in_order", "stratified", "balanced"])
def test_any_order_of_samples_and_number_of_threads_gives_the_bits_of_the_dense_array(
    pair, batches, number, threads, dtype
):
    csr, X, y = pair
    threads(number)
    assert bits_of(csr, y, dtype, batches=batches) == bits_of(X, y, dtype, batches=batches)


def test_every_instruction_set_gives_the_bits_of_the_dense_array(every_isa, dtype):
    active, *bits = python_prints("same_bits_sparse.py", dtype, FANIN_ISA=every_isa).split()
    assert active == every_isa
    here = [bits_of(*matrices(9), dtype, rule="adamw"), bits_of(*matrices(10), dtype, rule="adagrad")]
    assert bits == [here[0], here[0], here[1], here[1]]


@pytest.mark.filterwarnings("ignore::scipy.sparse.SparseEfficiencyWarning")
@pytest.mark.parametrize("form", ["csr", "csc", "coo", "lil", "dok", "dia", "bsr"])
@pytest.mark.parametrize("container", ["matrix", "array"])
def test_every_sparse_format_of_scipy_is_accepted(pair, form, container):
    _, X, y = pair
    given = getattr(sparse, f"{form}_{container}")(X)
    assert bits_of(given, y, "float32") == bits_of(X, y, "float32")


@pytest.mark.parametrize("rows", [slice(0, 1), slice(5, 6), slice(3, 67), slice(0, 0), slice(None)], ids=str)
def test_a_few_rows_are_predicted_with_the_bits_of_all(pair, rows, dtype):
    csr, X, _ = pair
    net = net_for(X, dtype)
    assert np.array_equal(net.predict(csr[rows]), net.predict(X)[rows])
    out = np.empty((csr[rows].shape[0], 3), dtype)
    assert net.predict(csr[rows], out) is out
    assert np.array_equal(out, net.predict(X)[rows])


def test_wide_networks_on_all_threads_predict_the_bits_of_the_dense_array(threads, dtype):
    rng = np.random.default_rng(0)
    csr = sparse.random(300, 5000, density=0.01, format="csr", random_state=rng)
    net = fanin.Network(5000, [fanin.Dense(300, "relu"), fanin.Dense(2)], dtype=dtype)
    for number in (1, 2):
        threads(number)
        for rows in (1, 40, 300):
            assert np.array_equal(net.predict(csr[:rows]), net.predict(csr[:rows].toarray()))


@pytest.mark.parametrize("split", ["last", "stratified"])
@pytest.mark.parametrize("form", ["csr", "coo"])
def test_a_validation_fraction_splits_sparse_rows(pair, split, form):
    csr, X, y = pair
    histories, digests = [], set()
    for given in (csr.asformat(form), X):
        net = net_for(X)
        options = {
            "validation_fraction": 0.25,
            "validation_split": split,
            "epochs": 2,
            "class_weight": "balanced",
        }
        history = net.fit(given, y, **options)
        histories.append((history.loss, history.val_loss))
        digests.add(digest(net))
    assert histories[0] == histories[1]
    assert len(digests) == 1


def test_chunks_members_objectives_and_automatic_rates_give_the_bits_of_the_dense_array(pair):
    csr, X, y = pair
    results = []
    for given in (csr, X):
        chunked, member, automatic = net_for(X), net_for(X), net_for(X)
        chunked.fit_chunks([(given[:100], y[:100]), (given[100:], y[100:])], validation_data=(given, y))
        fanin.train_together([(member, given, y, {"epochs": 2, "validation_data": (given, y)})])
        automatic.fit(given, y, rule=optim.Adam("auto"), epochs=3)
        objective = member.objective(given, y, sample_weight=y + 0.5)
        loss, gradient = objective.loss_and_gradient(objective.weights())
        bits = [digest(net) for net in (chunked, member, automatic)]
        curve = fanin.find_rate(net_for(X), given, y, rule=optim.SGD("auto"))
        results.append((bits, loss, gradient.tobytes(), curve.legs))
    assert results[0] == results[1]


@pytest.mark.parametrize("layer", ["Standardize", "RobustScale", "Quantile", "Whiten"])
@pytest.mark.parametrize("missing", ["error", "mean", "median"])
def test_input_layers_see_absent_values_as_zeros(pair, layer, missing, dtype):
    csr, X, y = pair
    X, csr = X.copy(), csr.copy()
    if missing != "error":
        csr.data[::7] = np.nan
        X = csr.toarray()
    nets = []
    for given in (csr, X):
        layers = [getattr(fanin, layer)(missing=missing), fanin.Dense(9, "tanh"), fanin.Dense(3)]
        net = fanin.Network(X.shape[1], layers, "softmax_cross_entropy", dtype=dtype)
        net.fit(given, y, epochs=1)
        nets.append(net)
    assert digest(nets[0]) == digest(nets[1])
    assert np.array_equal(nets[0].predict(csr), nets[1].predict(X))
    assert np.array_equal(nets[0].first_inputs(csr[:7]), nets[1].first_inputs(X[:7]))
    for array, twin in zip(nets[0].learned.values(), nets[1].learned.values(), strict=True):
        assert np.array_equal(array, twin)
    assert nets[0].summary(csr.tocsc()) == nets[1].summary(X)
    if layer != "Whiten":  # which cannot adapt to other rows once the network is trained
        adapted = nets[0].copy()
        adapted.adapt(csr)
        assert digest(adapted) == digest(nets[0])


def test_lsuv_measures_sparse_rows(pair):
    csr, X, _ = pair
    nets = [net_for(X), net_for(X)]
    for net, given in zip(nets, (csr, X), strict=True):
        fanin.lsuv(net, given)
    assert digest(nets[0]) == digest(nets[1])


def test_explicit_zeros_and_values_in_any_order_are_fine(pair):
    csr, X, y = pair
    csr.data[::3] = 0
    X = csr.toarray()
    backwards = csr.copy()
    for begin, end in zip(csr.indptr[:-1], csr.indptr[1:], strict=True):
        backwards.indices[begin:end] = csr.indices[begin:end][::-1]
        backwards.data[begin:end] = csr.data[begin:end][::-1]
    assert bits_of(csr, y, "float32") == bits_of(X, y, "float32")
    assert bits_of(as_parts(backwards), y, "float32") == bits_of(X, y, "float32")


def test_values_at_the_same_place_are_added_up_as_scipy_does(dtype):
    X = sparse.csr_array(
        (np.array([1, 2, 4, 8], dtype), np.array([2, 0, 2, 1]), np.array([0, 3, 3, 4])), shape=(3, 3)
    )
    net = fanin.Network(3, [fanin.Dense(3)], dtype=dtype)
    net.set_weights({"layer1.weight": np.eye(3), "layer1.bias": np.zeros(3)})
    assert np.array_equal(net.predict(X), [[2, 0, 5], [0, 0, 0], [0, 8, 0]])
    assert np.array_equal(net.predict(X), X.toarray())


def test_arrays_that_are_not_adjacent_or_read_only_are_read_and_left_alone(pair):
    csr, X, y = pair
    halves = {name: np.repeat(getattr(csr, name), 2)[::2] for name in ("data", "indices", "indptr")}
    odd = {}
    for name, array in halves.items():
        memory = np.zeros(array.nbytes + 1, "uint8")
        odd[name] = np.ndarray(array.shape, array.dtype, memory, 1)
        odd[name][:] = array
    for parts in (as_parts(csr, **halves), as_parts(csr, **odd)):
        for name in halves:
            getattr(parts, name).flags.writeable = False
        before = [getattr(parts, name).tobytes() for name in halves]
        assert bits_of(parts, y, "float64") == bits_of(X, y, "float64")
        assert [getattr(parts, name).tobytes() for name in halves] == before


LARGE = """
import resource, numpy as np, fanin
from scipy.sparse import csr_array
rows, columns = 2500, 200_000
X = csr_array((np.ones(rows, "float32"), np.arange(rows) % 3, np.arange(rows + 1)), shape=(rows, columns))
net = fanin.Network(columns, [fanin.Dense(1)])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
net.fit(X, np.arange(rows) % 3 - 1.0, rule="sgd", epochs=1, batch_size=8, validation_data=(X, np.zeros(rows)))
net.objective(X[:8], np.zeros(8)).loss_and_gradient(np.zeros(columns + 1))
net.predict(X)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="kibibytes on Linux alone")
def test_rows_of_2_gb_as_an_array_need_the_memory_of_a_block():
    """Evaluation and prediction gather blocks of up to 128 rows for each thread, here of 100 MB."""
    assert int(python_prints("-c", LARGE, FANIN_NUM_THREADS="1")) < 400 * 1024


def test_functional_and_targets_stay_dense(pair):
    csr, X, _ = pair
    with pytest.raises(TypeError, match="y: expected a dense array, got csr_matrix"):
        fanin.Network(X.shape[1], [fanin.Dense(X.shape[1])]).fit(X, csr)
    with pytest.raises(TypeError, match="sample_weight: expected a dense array, got csr_matrix"):
        fanin.Network(X.shape[1], [fanin.Dense(1)]).fit(X, X[:, 0], sample_weight=csr[:, 0])
    with pytest.raises(TypeError, match="x: expected a dense array, got csr_matrix"):
        F.dense(csr, np.eye(X.shape[1]))
