"""A first layer reads rows of few values as sums of rows of its weights, with the bits of the dense array."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import numpy as np
import pytest

import fanin
from fanin import optim
from helpers import digest, python_prints
from rare import COLUMNS, rows_of_rare_columns
from same_bits_sparse import bits_of

sparse = pytest.importorskip("scipy.sparse")
DENSE, Y = rows_of_rare_columns()
X = sparse.csr_array(DENSE)
NEVER = optim.Around(optim.Adam(), lazy="never")


def bits(given, dtype="float32", y=Y, **options) -> str:
    return bits_of(given, y, dtype, **{"rule": "adagrad", **options})


def as_parts(of, **changes):
    """An object with the attributes of a CSR matrix, which nothing has checked."""
    return SimpleNamespace(
        **{"data": of.data, "indices": of.indices, "indptr": of.indptr, "shape": of.shape, "format": "csr"}
        | changes
    )


@pytest.fixture(scope="module")
def of_dense():
    """The bits of the dense array, computed once."""
    found: dict[str, str] = {}
    return lambda dtype="float32": found.setdefault(dtype, bits(DENSE, dtype))


@pytest.mark.filterwarnings("ignore::scipy.sparse.SparseEfficiencyWarning")
@pytest.mark.parametrize("form", ["csr", "csc", "coo", "lil", "dok", "bsr"])
def test_rare_columns_in_every_sparse_format_have_the_bits_of_the_dense_array(form, of_dense, dtype):
    assert bits(X.asformat(form), dtype) == of_dense(dtype)


@pytest.mark.parametrize(
    "kind", ["float16", "float32", "float64", "longdouble", "bool", "int8", "uint16", "int64"]
)
@pytest.mark.parametrize("index", ["int32", "int64", ">i4", "uint32", "int16"])
def test_rare_values_of_every_type_have_the_bits_of_the_dense_array(kind, index, dtype):
    dense = (4 * DENSE).round().astype(kind)
    csr = sparse.csr_array(dense.astype("float64"))
    given = as_parts(
        csr, data=csr.data.astype(kind), indices=csr.indices.astype(index), indptr=csr.indptr.astype(index)
    )
    assert bits(given, dtype) == bits(dense, dtype)


@pytest.mark.parametrize("batches", ["shuffled", "in_order", "stratified", "balanced"])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_rare_columns_have_the_bits_of_the_dense_array_on_any_number_of_threads(
    batches, number, threads, dtype
):
    threads(number)
    for rule in ("sgd", "lion", NEVER):
        options = {"batches": batches, "rule": rule}
        assert bits(X, dtype, **options) == bits(DENSE, dtype, **options)


def test_unsorted_repeated_and_stored_zeros_are_those_of_the_dense_array(dtype):
    """Every value is there twice, as a fraction of it and the rest, or cancels another one."""
    parts = np.repeat(X.data, 2) * np.tile([0.25, 0.75], X.nnz)
    parts[::20], parts[1::20] = 3.0, -3.0
    parts[2::20], parts[3::20] = 0.0, 0.0
    backwards = [np.arange(2 * a, 2 * b)[::-1] for a, b in zip(X.indptr, X.indptr[1:], strict=False)]
    order = np.concatenate(backwards)
    given = as_parts(X, data=parts[order], indices=np.repeat(X.indices, 2)[order], indptr=2 * X.indptr)
    rows = np.repeat(np.arange(X.shape[0]), 2 * np.diff(X.indptr))
    dense = np.zeros(X.shape)
    np.add.at(dense, (rows, given.indices), given.data)
    if dtype == "float64":
        assert bits(given, dtype) == bits(dense, dtype)
    net = fanin.Network(COLUMNS, [fanin.Dense(5)], dtype=dtype)
    np.testing.assert_allclose(net.predict(given), net.predict(dense), rtol=1e-5, atol=1e-6)


def test_matrices_without_values_of_one_row_or_of_one_column_have_the_bits_of_the_dense_array(dtype):
    none = sparse.csr_array(X.shape)
    column = sparse.csr_array(([2.0], [0], np.repeat([0, 1], [30, 371])), shape=(400, 1))
    row = X[[5]]
    for given, y in ((none, Y), (column, Y), (row, Y[5:6] * 0)):
        nets = []
        for form in (given, given.toarray()):
            net = fanin.Network(
                form.shape[1], [fanin.Dense(9, "relu"), fanin.Dense(3)], "softmax_cross_entropy", dtype=dtype
            )
            net.fit(form, y, rule="adagrad", epochs=2)
            nets.append((digest(net), net.predict(form).tobytes(), net.predict(form[:0]).shape))
        assert nets[0] == nets[1]


LAYERS = {
    "one output": [fanin.Dense(1)],
    "wide": [fanin.Dense(700, "relu"), fanin.Dense(1)],
    "odd": [fanin.Dense(17, "tanh"), fanin.Dense(1)],
    "batch norm": [fanin.Dense(20, "relu", batch_norm=True), fanin.Dense(1)],
    "batch norm after": [fanin.Dense(20), fanin.BatchNorm(), fanin.Activation("relu"), fanin.Dense(1)],
    "dropout": [fanin.Dense(20, "relu"), fanin.Dropout(0.5), fanin.Dense(1)],
    "deep": [fanin.Dense(20, "relu"), fanin.Residual([fanin.Dense(20, "tanh")]), fanin.Dense(1)],
}


@pytest.mark.parametrize("layers", LAYERS.values(), ids=LAYERS)
@pytest.mark.parametrize(
    "rule", [optim.SGD(0.01), NEVER, optim.Around("sgd", accumulate=3, clip_norm=0.1)], ids=str
)
def test_networks_of_every_shape_have_the_bits_of_the_dense_array(layers, rule, dtype):
    found = []
    for given in (X, DENSE):
        net = fanin.Network(COLUMNS, layers, dtype=dtype)
        net.fit(given, Y, rule=rule, epochs=2, sample_weight=Y + 0.5, validation_data=(given, Y))
        found.append((digest(net), net.predict(given).tobytes(), net.evaluate(given, Y)))
    assert found[0] == found[1]


def test_solvers_and_second_derivatives_read_rare_columns_as_the_dense_array():
    found = []
    for given in (X[:, :40], DENSE[:, :40]):
        net = fanin.Network(
            40, [fanin.Dense(4, "tanh"), fanin.Dense(3)], "softmax_cross_entropy", dtype="float64"
        )
        for solver in (optim.LBFGS(), optim.HessianFree()):
            net.fit(given, Y, rule=solver, epochs=3)
        objective = net.objective(given, Y)
        w = objective.weights()
        found.append((digest(net), objective.hvp(w, w).tobytes(), objective.jacobian(w, [1, 2]).tobytes()))
    assert found[0] == found[1]


def test_the_doctor_examines_a_fit_on_rare_columns():
    found = []
    for given in (X, DENSE):
        net = fanin.Network(COLUMNS, [fanin.Dense(9, "relu"), fanin.Dense(3)], "softmax_cross_entropy")
        history = net.fit(given, Y, rule=optim.SGD(0.1), epochs=3, diagnose=True)
        found.append((digest(net), [str(f) for f in history.diagnosis.findings]))
    assert found[0] == found[1]


LARGE = """
import resource, numpy as np, fanin
from scipy.sparse import csr_array
rows, columns = 3000, 2**20
rng = np.random.default_rng(0)
X = csr_array((np.ones(rows * 20, "float32"), rng.integers(0, columns, rows * 20), np.arange(rows + 1) * 20),
              shape=(rows, columns))
X.sum_duplicates()
y = np.zeros(rows)
net = fanin.Network(columns, [fanin.Dense(16), fanin.Dense(1)])
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
before = peak()
net.fit(X, y, rule="adam", epochs=1, batch_size=64, validation_data=(X, y))
net.predict(X)
net.evaluate(X, y)
print(peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="kibibytes on Linux alone")
def test_a_fit_on_a_million_columns_needs_the_memory_of_its_weights_and_no_dense_row():
    """A block of 128 rows would take 512 MB. The two slots, and a copy of the weights to restore, take 192 MB."""
    assert int(python_prints("-c", LARGE, FANIN_NUM_THREADS="2")) < 230 << 20
