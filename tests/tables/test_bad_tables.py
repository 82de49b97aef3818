"""Tables that cannot be read are refused with a message that names the column."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

import fanin

GOOD = {"x": [1.0, 2.0, 4.0], "job": ["clerk", "smith", "baker"]}


@pytest.fixture
def encoder():
    return fanin.TableEncoder().fit(GOOD)


@pytest.mark.parametrize(
    ("table", "error", "message"),
    [
        ({"x": [1, np.inf, 2]}, ValueError, 'X: row 1, column "x" is infinite'),
        (
            {"x": [1.0, [2.0], 3.0]},
            TypeError,
            'row 1, column "x": expected a number, text, .*got list',
        ),
        ({"x": [1.0, (2.0,), 3.0]}, TypeError, 'row 1, column "x".*got tuple'),
        ({"x": [1.0, 2j]}, TypeError, 'row 1, column "x".*got complex'),
        (
            {"x": np.array([1j, 2])},
            TypeError,
            'column "x": expected numbers, text, .* got dtype complex128',
        ),
        (
            {"x": [-1.7e308, 1.7e308, 0]},
            ValueError,
            'X: column "x": numbers between .* overflow in double precision',
        ),
        ({"x": [1, Decimal("sNaN")]}, TypeError, 'row 1, column "x": expected a number.*got Decimal'),
        (
            {"x": ["a\ud880", "b"]},
            ValueError,
            r"""column "x": expected text of valid characters, got 'a\\ud880'""",
        ),
        ({"a\ud880": [1, 2]}, ValueError, r"X: names of columns: expected text of valid characters"),
        ({"x": [1, 2], "y": [1, 2, 3]}, ValueError, 'column "y": expected 2 rows, got 3'),
        ({"x": []}, ValueError, "expected at least 1 row and 1 column"),
        ({}, ValueError, "expected at least 1 row and 1 column"),
        ({"x": 3}, TypeError, 'X: column "x": expected a list or an array of cells, got int'),
        ({"x": "abc"}, TypeError, 'X: column "x": expected a list or an array of cells, got str'),
        (
            {"x": [1, 1], "y": [None, None]},
            ValueError,
            'expected a column to learn from\n.*"x": dropped: it is 1',
        ),
        (
            np.zeros(3),
            ValueError,
            r"expected a frame, a dict of columns, or an array of shape .* got shape \(3,\)",
        ),
        ([[1, 2], [3]], ValueError, "rows of different lengths|got shape"),
        ("text", TypeError, "expected a frame.* got str"),
        (None, TypeError, "expected a frame.* got NoneType"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(table, error, message):
    with pytest.raises(error, match=message):
        fanin.TableEncoder().fit(table)


def test_repeated_names_are_refused():
    pandas = pytest.importorskip("pandas")
    with pytest.raises(ValueError, match='X: repeated column "x"; column names must be unique'):
        fanin.TableEncoder().fit(pandas.DataFrame(np.ones((3, 2)), columns=["x", "x"]))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"x": [1.0]}, 'X: missing column "job"'),
        (GOOD | {"y": [1, 2, 3]}, 'X: unknown column "y"'),
        (GOOD | {"x": [1.0, -np.inf, 2.0]}, 'X: row 1, column "x" is infinite'),
        (
            GOOD | {"x": ["a", "b", "c"]},
            "column \"x\": expected numbers, as in training, got text such as 'a'",
        ),
        (GOOD | {"x": np.array(["2024-01-01"] * 3, "M8[s]")}, "expected numbers, as in training, got dates"),
        (GOOD | {"job": np.array(["2024-01-01"] * 3, "M8[s]")}, "expected text, as in training, got dates"),
        (np.ones((3, 3)), "expected 2 columns, as in training, got 3"),
    ],
)
def test_a_table_unlike_the_training_rows_is_refused(encoder, table, message):
    with pytest.raises(ValueError, match=message):
        encoder.transform(table)


def test_invalid_arguments_are_refused(encoder):
    for arguments, message in (
        ({"bins": 0}, "bins: expected at least 1, got 0"),
        ({"bins": 65536}, "bins: expected at most 65535"),
        ({"min_count": 0}, "min_count: expected at least 1"),
    ):
        with pytest.raises(ValueError, match=message):
            fanin.TableEncoder(**arguments)
    for arguments, message in (
        ({"bins": True}, "bins: expected an integer"),
        ({"spikes": 1}, "spikes: expected True"),
    ):
        with pytest.raises(TypeError, match=message):
            fanin.TableEncoder(**arguments)
    new = fanin.TableEncoder()
    for use in (lambda: new.transform(GOOD), new.describe, lambda: new.feature_names, lambda: new.columns):
        with pytest.raises(ValueError, match="TableEncoder: call fit first"):
            use()


def test_invalid_pairs_are_refused(encoder):
    table = np.zeros((3, 2))
    for pair, message in (
        (("x", [1], "y", [], table), 'expected a column that is coded, got "y"'),
        (("x", [2, 1], "job", [], table), 'column "x x job": edges: expected ascending values'),
        (
            ("x", [1, 2], "job", [], table),
            'column "x x job": values: expected 8, one for each pair of cells, got 6',
        ),
    ):
        with pytest.raises(ValueError, match=message):
            encoder.add_pairs([pair], [[0], [1], [2]])
    with pytest.raises(ValueError, match=r"training_values: expected shape \(rows, 1\), got \(3,\)"):
        encoder.add_pairs([("x", [1], "job", [], table)], [0, 1, 2])
    both = encoder.add_pairs([("x", [1], "job", [], table)], [[0], [1], [2]])
    with pytest.raises(ValueError, match=r"pair_values: expected shape \(3, 1\), got \(1, 3\)"):
        both.transform(GOOD, pair_values=[[1, 2, 3]])
