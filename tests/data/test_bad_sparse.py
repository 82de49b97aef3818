"""Sparse X that does not fit together is rejected by the name of its array, and nothing is changed."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import fanin
from helpers import digest

COLUMNS = 5


@pytest.fixture
def net():
    return fanin.Network(COLUMNS, [fanin.Dense(2)])


def csr(**changes):
    """3 rows and 4 values, as SciPy stores them; the second row is empty."""
    parts = {
        "format": "csr",
        "shape": (3, COLUMNS),
        "data": np.array([1.0, 2.0, 3.0, 4.0]),
        "indices": np.array([0, 4, 1, 2], "int32"),
        "indptr": np.array([0, 2, 2, 4], "int32"),
    }
    return SimpleNamespace(**parts | changes)


def refuses(net, error, words, X):
    before = digest(net)
    for call in (
        lambda: net.predict(X),
        lambda: net.fit(X, np.zeros((3, 2)), epochs=1),
        lambda: net.evaluate(X, np.zeros((3, 2))),
        lambda: net.objective(X, np.zeros((3, 2))),
    ):
        with pytest.raises(error, match=words):
            call()
    assert digest(net) == before


def test_an_object_with_the_attributes_of_csr_is_accepted(net):
    dense = [[1, 0, 0, 0, 2], [0] * 5, [0, 3, 4, 0, 0]]
    assert np.array_equal(net.predict(csr()), net.predict(dense))
    empty = csr(shape=(0, COLUMNS), data=np.zeros(0), indices=np.zeros(0, int), indptr=np.zeros(1, int))
    assert net.predict(empty).shape == (0, 2)
    refused = "X: expected at least one row"
    with pytest.raises(ValueError, match=refused):
        net.fit(empty, np.zeros((0, 2)))
    no_values = csr(data=np.zeros(0), indices=np.zeros(0, int), indptr=np.zeros(4, int))
    assert np.array_equal(net.predict(no_values), np.zeros((3, 2)) + net.get_weights()["layer1.bias"])


@pytest.mark.parametrize("index", ["int32", "int64"])
@pytest.mark.parametrize(
    ("indptr", "words"),
    [
        ([1, 2, 2, 4], r"X: row start 0 \(indptr\): expected 0, got 1"),
        ([-1, 2, 2, 4], r"X: row start 0 \(indptr\): expected 0, got -1"),
        ([0, 2, 2, 3], r"X: row start 3 \(indptr\): expected 4, the number of values, got 3"),
        ([0, 2, 2, 5], r"X: row start 3 \(indptr\): expected 4, the number of values, got 5"),
        ([0, 2, 2, -4], r"X: row start 3 \(indptr\): expected 4, .*, got -4"),
        ([0, 3, 2, 4], r"X: row start 2 \(indptr\): expected at least 3, the one before, got 2"),
        ([0, -3, 2, 4], r"X: row start 1 \(indptr\): expected at least 0, the one before, got -3"),
        ([0, 2**31 - 1, 2, 4], r"X: row start 2 \(indptr\): expected at least 2147483647, .*, got 2"),
        ([0, 2, 4, 2], r"X: row start 3 \(indptr\): expected 4, the number of values, got 2"),
        ([0, 2, 4], r"X.indptr: expected shape \(4,\), one more than rows, got \(3,\)"),
        ([0, 2, 2, 4, 4], r"X.indptr: expected shape \(4,\), one more than rows, got \(5,\)"),
        ([], r"X.indptr: expected shape \(4,\), one more than rows, got \(0,\)"),
    ],
)
def test_row_starts_that_do_not_follow_each_other_are_named(net, index, indptr, words):
    refuses(net, ValueError, words, csr(indptr=np.array(indptr, index)))


def test_row_starts_of_more_values_than_there_are_are_refused():
    """As an index of 32 bits has them that overflowed, or one of 64 bits of a matrix that was cut off."""
    for starts, words in (
        ([0, 2**31, 2**31, 2**31 + 5], "X: row start 3 .*: expected 4, the number of values, got 2147483653"),
        ([0, 2**31, 2**32 + 2, 4], "X: row start 3 .*: expected at least 4294967298, the one before, got 4"),
        ([0, 2, 2**62, 4], "X: row start 3 .*: expected at least 4611686018427387904, the one before, got 4"),
    ):
        for first in (fanin.Dense(2), fanin.Embedding(COLUMNS, 2, bags=True)):
            refuses(fanin.Network(COLUMNS, [first]), ValueError, words, csr(indptr=np.array(starts)))


@pytest.mark.parametrize("index", ["int32", "int64"])
@pytest.mark.parametrize(
    ("indices", "words"),
    [
        ([0, 4, 1, 5], r"X: row 2: expected column numbers \(indices\) in 0..4, got 5"),
        ([0, -1, 1, 2], r"X: row 0: expected column numbers \(indices\) in 0..4, got -1"),
        ([0, 4, 2**31 - 1, 2], r"X: row 2: expected column numbers \(indices\) in 0..4, got 2147483647"),
        ([0, 4, -(2**31), 2], r"X: row 2: expected .*, got -2147483648"),
        ([0, 4, 1], r"X: expected 4 column numbers \(indices\), one for each value, got 3"),
        ([0, 4, 1, 2, 3], r"X: expected 4 column numbers \(indices\), one for each value, got 5"),
        ([], r"X: expected 4 column numbers \(indices\), one for each value, got 0"),
    ],
)
def test_columns_that_do_not_exist_are_named_by_row(net, index, indices, words):
    refuses(net, ValueError, words, csr(indices=np.array(indices, index)))


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"indices": np.array([0, 4, 1, 2**64 - 1], "uint64")}, ValueError, "X: row 2: .*, got -1"),
        (
            {"indices": np.array([0.0, 4.0, 1.0, 2.0])},
            TypeError,
            "X.indices: expected integers, got dtype float64",
        ),
        ({"indptr": np.array([0, 1, 1, 1], bool)}, TypeError, "X.indptr: expected integers, got dtype bool"),
        ({"indptr": None}, TypeError, "X.indptr: expected real numbers, got NoneType"),
        (
            {"indices": np.zeros((2, 2), int)},
            ValueError,
            r"X.indices: expected one dimension, got shape \(2, 2\)",
        ),
        ({"data": np.zeros((4, 1))}, ValueError, r"X.data: expected one dimension, got shape \(4, 1\)"),
        ({"data": np.array(5.0)}, ValueError, r"X.data: expected one dimension, got shape \(\)"),
        ({"data": np.zeros(4, complex)}, TypeError, "X.data: expected real numbers, got dtype complex128"),
        ({"data": np.array(["a"] * 4)}, TypeError, "X.data: expected real numbers, got dtype <U1"),
        ({"data": "data"}, TypeError, "X.data: expected real numbers, got dtype <U4"),
        ({"shape": (3,)}, ValueError, r"X: expected shape \(n_samples, 5\), got \(3,\)"),
        ({"shape": (3, 5, 1)}, ValueError, r"X: expected shape \(n_samples, 5\), got \(3, 5, 1\)"),
        ({"shape": 3}, ValueError, r"X: expected shape \(n_samples, 5\), got 3"),
        ({"shape": (3, 4)}, ValueError, r"X: expected 5 columns, one for each input, got shape \(3, 4\)"),
        ({"shape": (3, 2**62)}, ValueError, "X: expected 5 columns, one for each input"),
        ({"shape": (-1, 5)}, ValueError, "X: expected a shape of whole numbers of at least 0, got -1"),
        ({"shape": (2**40, 5)}, ValueError, r"X.indptr: expected shape \(1099511627777,\), .*, got \(4,\)"),
        (
            {"shape": (2**70, 5)},
            ValueError,
            r"X.indptr: expected shape \(9223372036854775808,\), .*, got \(4,\)",
        ),
        ({"shape": (2.5, 5)}, TypeError, "X: expected a shape of whole numbers of at least 0, got 2.5"),
        ({"format": "csc"}, TypeError, "X: expected real numbers, got SimpleNamespace"),
        ({"format": 3}, TypeError, "X: expected real numbers, got SimpleNamespace"),
    ],
)
def test_arrays_of_the_wrong_kind_are_refused_by_name(net, changes, error, words):
    refuses(net, error, words, csr(**changes))


@pytest.mark.parametrize("kind", ["float16", "float32", "float64", "longdouble", ">f8"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(
    ("place", "where"), [(0, "row 0, column 0"), (1, "row 0, column 4"), (3, "row 2, column 2")]
)
def test_a_sparse_value_that_is_not_finite_is_named_by_row_and_column(net, kind, value, place, where):
    data = np.array([1, 2, 3, 4], kind)
    data[place] = value
    refuses(net, ValueError, f"X: {where} is {value}; every value must be finite in float32", csr(data=data))


def test_a_sparse_value_beyond_the_range_of_float32_is_refused():
    data = np.array([1, 2, 3, 1e100])
    layers = [fanin.Dense(2)]
    words = r"X: row 2, column 2 is 1e\+100; every value must be finite in float32"
    refuses(fanin.Network(COLUMNS, layers), ValueError, words, csr(data=data))
    fanin.Network(COLUMNS, layers, dtype="float64").predict(csr(data=data))
    fanin.Network(COLUMNS, [fanin.Standardize(), *layers]).fit(csr(data=data), np.zeros((3, 2)), epochs=1)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_value_of_a_rare_column_that_is_not_finite_is_named_by_row_and_column(value):
    """Fewer than 1/8 of the values are there, so that rows of weights are summed."""
    given = csr(shape=(3, 40), data=np.array([1, 2, value, 4]), indices=np.array([0, 39, 17, 2]))
    for first in (fanin.Dense(2), fanin.Embedding(40, 2, bags=True)):
        net = fanin.Network(40, [first])
        refuses(
            net, ValueError, f"X: row 2, column 17 is {value}; every value must be finite in float32", given
        )
        net.predict(csr(shape=(3, 40), indices=np.array([0, 39, 17, 2])))


def test_a_sum_of_values_at_the_same_place_that_overflows_is_refused(dtype):
    largest = np.finfo(dtype).max
    X = csr(data=np.array([largest, largest, 3, 4], dtype), indices=np.array([4, 4, 1, 2]))
    net = fanin.Network(COLUMNS, [fanin.Dense(2)], dtype=dtype)
    refuses(net, ValueError, f"X: row 0, column 4 is inf; every value must be finite in {dtype}", X)


def test_a_missing_sparse_value_is_refused_unless_the_input_layer_accepts_it():
    X = csr(data=np.array([1, np.nan, 3, 4]))
    strict = fanin.Network(COLUMNS, [fanin.Standardize(), fanin.Dense(2)])
    with pytest.raises(ValueError, match="X: row 0, column 4 is nan; every value must be finite in float64"):
        strict.fit(X, np.zeros((3, 2)))
    fanin.Network(COLUMNS, [fanin.Standardize(missing="mean"), fanin.Dense(2)]).fit(
        X, np.zeros((3, 2)), epochs=1
    )


def test_a_mask_on_the_values_is_not_dropped(net):
    data = np.ma.array([1.0, 2.0, 3.0, 4.0], mask=[0, 0, 1, 0])
    refuses(net, ValueError, "X.data: row 2 is masked", csr(data=data))


def test_values_that_change_during_a_fit_do_no_harm(net):
    """Row starts and column numbers index memory, so they are checked again wherever they are used."""
    X = csr()

    def spoil(net, epoch, logs):
        X.indices[:] = [2**31 - 1, -1, 4, 2**30]
        X.indptr[:] = [-5, 2**31 - 1, 7, 2**30]
        return False

    net.fit(X, np.ones((3, 2)), epochs=3, callbacks=[spoil])
    assert all(np.isfinite(array).all() for array in net.get_weights().values())


def test_a_sparse_column_of_targets_is_refused(net):
    sparse = pytest.importorskip("scipy.sparse")
    X, y = sparse.csr_array(np.ones((3, COLUMNS))), sparse.csr_array(np.ones((3, 2)))
    for given in (y, y.tocsc(), y.tocoo()):
        with pytest.raises(TypeError, match=f"y: expected a dense array, got {type(given).__name__}"):
            net.fit(X, given)
        with pytest.raises(TypeError, match="y: expected a dense array, got csr_array"):
            net.fit(X, given, validation_fraction=0.5)
