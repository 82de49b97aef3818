"""Bags of row numbers are sparse rows whose product with a table is the weighted sum of its rows."""

from __future__ import annotations

import numpy as np
import pytest

import fanin

sparse = pytest.importorskip("scipy.sparse")
IDS, OFFSETS, N = np.array([4, 1, 4, 0, 2, 2]), np.array([0, 2, 2, 5]), 5


@pytest.mark.parametrize("combine", ["sum", "mean"])
@pytest.mark.parametrize("weights", [None, np.array([1, 2, -0.5, 0, 3, 1])], ids=["no weights", "weights"])
@pytest.mark.parametrize("kind", ["int64", "uint8", "uint64", "int32"])
def test_a_bag_is_the_sum_of_its_rows_times_their_weights_or_their_mean(combine, weights, kind, dtype):
    W = np.sin(np.arange(N * 3)).reshape(N, 3)
    bags = fanin.bags(IDS.astype(kind), OFFSETS.astype(kind), N, weights, combine)
    assert (bags.format, bags.shape, bags.dtype) == ("csr", (4, N), np.float64)
    factors = np.ones(len(IDS)) if weights is None else weights
    expected = np.zeros((4, 3))
    for i, (begin, end) in enumerate(zip(OFFSETS, [*OFFSETS[1:], len(IDS)], strict=True)):
        for k in range(begin, end):
            expected[i] += factors[k] * W[IDS[k]] / (end - begin if combine == "mean" else 1)
    net = fanin.Network(N, [fanin.Embedding(N, 3, bags=True, initializer=W)], dtype=dtype)
    tolerance = 1e-14 if dtype == "float64" else 1e-6
    np.testing.assert_allclose(net.predict(bags), expected, rtol=tolerance, atol=tolerance)
    assert np.array_equal(net.predict(bags[1:2]), np.zeros((1, 3)))  # an empty bag


def test_lists_and_series_are_bags_too():
    expected = fanin.bags(IDS, OFFSETS, N).toarray()
    assert np.array_equal(fanin.bags(IDS.tolist(), tuple(OFFSETS), np.int64(N)).toarray(), expected)
    pandas = pytest.importorskip("pandas")
    assert np.array_equal(fanin.bags(pandas.Series(IDS), pandas.Series(OFFSETS), N).toarray(), expected)


def test_no_bags_and_bags_of_nothing_are_empty_rows():
    assert fanin.bags([], [], 3).shape == (0, 3)
    for combine in ("sum", "mean"):
        assert np.array_equal(fanin.bags([], [0, 0], 3, combine=combine).toarray(), np.zeros((2, 3)))


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"ids": [0, -1]}, ValueError, "ids: expected numbers from 0 to 2, got -1 at position 1"),
        ({"ids": [3, 0]}, ValueError, "ids: expected numbers from 0 to 2, got 3 at position 0"),
        (
            {"ids": np.array([0, 2**64 - 1], "uint64")},
            ValueError,
            "ids: .*, got 18446744073709551615 at position 1",
        ),
        ({"ids": [0.0, 1.0]}, TypeError, "ids: expected integers, got dtype float64"),
        ({"ids": [True, False]}, TypeError, "ids: expected integers, got dtype bool"),
        ({"ids": ["a", "b"]}, TypeError, "ids: expected real numbers, got dtype <U1"),
        ({"ids": None}, TypeError, "ids: expected real numbers, got NoneType"),
        ({"ids": [[0, 1]]}, ValueError, r"ids: expected one dimension, got shape \(1, 2\)"),
        ({"offsets": [1]}, ValueError, "offsets: expected 0 at position 0, got 1"),
        ({"offsets": [0, 3]}, ValueError, "offsets: expected numbers from 0 to 2, got 3 at position 1"),
        ({"offsets": [0, -1]}, ValueError, "offsets: expected numbers from 0 to 2, got -1 at position 1"),
        ({"offsets": [0, 2, 1]}, ValueError, "offsets: expected at least 2 at position 2, got 1"),
        (
            {"offsets": np.array([0, 2, 1], "uint64")},
            ValueError,
            "offsets: expected at least 2 at position 2, got 1",
        ),
        ({"offsets": []}, ValueError, "offsets: expected where each bag of 2 ids begins, got none"),
        ({"offsets": [0.5]}, TypeError, "offsets: expected integers, got dtype float64"),
        ({"offsets": 0}, ValueError, r"offsets: expected one dimension, got shape \(\)"),
        ({"weights": [1.0]}, ValueError, r"weights: expected shape \(2,\), one for each of ids, got \(1,\)"),
        ({"weights": [1.0, np.nan]}, ValueError, "weights: expected finite numbers, got nan at position 1"),
        ({"weights": [np.inf, 1]}, ValueError, "weights: expected finite numbers, got inf at position 0"),
        ({"weights": ["a", "b"]}, TypeError, "weights: expected real numbers, got dtype <U1"),
        ({"n": 0}, ValueError, "n: expected at least 1, got 0"),
        ({"n": 2.5}, TypeError, "n: expected an integer, got 2.5"),
        ({"n": 2**32}, ValueError, r"n: expected fewer than 2\^32 rows, got 4294967296"),
        ({"combine": "max"}, ValueError, "combine: expected one of sum, mean, got 'max'"),
    ],
)
def test_numbers_out_of_range_and_offsets_out_of_order_are_refused_by_place(changes, error, words):
    with pytest.raises(error, match=words):
        fanin.bags(**{"ids": [0, 1], "offsets": [0], "n": 3} | changes)
