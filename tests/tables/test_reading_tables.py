"""Frames, arrays and dicts are read alike; useless columns are dropped with a note."""

from __future__ import annotations

import datetime
import decimal

import numpy as np
import pytest

import fanin

TABLE = {
    "x": [1.5, 2.5, None, 4.0],
    "n": [3, 4, 5, 5],
    "job": ["clerk", "smith", None, "baker"],
    "late": [True, False, None, True],
    "sold": [datetime.datetime(2024, 1, day, 7) for day in (1, 9, 17)] + [None],
}


def bits(table, by=None) -> bytes:
    return fanin.TableEncoder().fit(TABLE if by is None else by).transform(table).toarray().tobytes()


def frames():
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    plain, nullable = pandas.DataFrame(TABLE), pandas.DataFrame(TABLE).convert_dtypes()
    yield from (plain, nullable, polars.DataFrame(TABLE))
    yield plain.assign(
        job=plain["job"].astype("category"), sold=plain["sold"].dt.tz_localize("Europe/Berlin")
    )
    yield polars.DataFrame(TABLE).with_columns(
        polars.col("job").cast(polars.Categorical), polars.col("n").cast(polars.Int128)
    )
    yield plain[["job", "sold", "n", "late", "x"]]


def test_frames_of_all_kinds_of_columns_give_the_same_rows():
    for frame in frames():
        assert bits(frame) == bits(TABLE)
        assert bits(TABLE, by=frame[list(TABLE)]) == bits(TABLE)


def test_arrays_of_numbers_and_of_objects_are_read_by_position():
    X = np.array([[1.0, 2.0], [2.0, 5.0], [4.0, np.nan], [3.0, 7.0]])
    encoder = fanin.TableEncoder().fit(X)
    assert encoder.feature_names[:3] == ["x0", "x1", "x1 missing"]
    np.testing.assert_array_equal(
        encoder.transform(X.astype(object)).toarray(), encoder.transform(X).toarray()
    )
    mixed = [[1, "clerk"], [2, "smith"], [4, "baker"]]
    assert fanin.TableEncoder().fit(mixed).feature_names[-1] == "x1=smith"


def test_text_that_holds_numbers_is_read_as_numbers_and_strays_are_missing():
    cells = [*(str(i % 7 + 0.5) for i in range(30)), " ", "n/a"]
    encoder = fanin.TableEncoder().fit({"total": cells})
    assert encoder.feature_names[:2] == ["total", "total missing"]
    assert "1 cell of text, not numbers: missing; the first is 'n/a'" in encoder.describe()
    np.testing.assert_array_equal(
        encoder.transform({"total": ["1.5", ""]}).toarray(),
        encoder.transform({"total": [1.5, None]}).toarray(),
    )


def test_levels_of_a_categorical_type_are_never_numbers():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"zone": pandas.Categorical([3, 1, 2, 1])})
    encoder = fanin.TableEncoder().fit(frame)
    assert encoder.columns[0].levels == ("1", "2", "3")
    assert (
        encoder.transform({"zone": [1.0]}).toarray().tolist()
        == encoder.transform(frame).toarray()[1:2].tolist()
    )


def test_dates_in_text_are_read_as_dates():
    texts = ["2024-01-01", "2024-02-09", "2024-03-17", ""]
    assert fanin.TableEncoder().fit({"d": texts}).columns[0].parts[0].name == "d trend"


def test_cells_that_are_not_a_number_are_missing():
    for cell in (float("nan"), np.float32("nan"), decimal.Decimal("nan")):
        (column,) = fanin.TableEncoder().fit({"x": [1, 2, cell, 4]}).columns
        assert (column.missing, column.note) == (0.25, "")


def test_decimals_are_numbers():
    cells = [decimal.Decimal("1.5"), decimal.Decimal(2), None, decimal.Decimal(4)]
    assert fanin.TableEncoder().fit({"x": cells}).columns[0].knots == (1.5, 2, 4)


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        ([5] * 40, "dropped: it is 5 in every row"),
        (["a"] * 40, 'dropped: it is "a" in every row'),
        ([None] * 40, "dropped: missing in every row"),
        ([""] * 40, "dropped: missing in every row"),
        (range(40), "dropped: a row number"),
        (range(1, 41), "dropped: a row number"),
        ([f"c{i}" for i in range(40)], "dropped: an id, different in each of 40 rows"),
        (
            [f"a long comment on case {i}" for i in range(40)],
            "dropped: free text, 40 different ones in 40 rows",
        ),
    ],
)
def test_columns_that_say_nothing_are_dropped_with_a_note(column, reason):
    table = {"": list(column), "x": np.sin(np.arange(40))}
    encoder = fanin.TableEncoder().fit(table)
    assert encoder.columns[0].reason == reason
    assert reason in encoder.describe()
    assert encoder.transform({"x": [0.5]}).shape == (1, len(encoder.feature_names))


def test_row_numbers_of_an_array_are_numbers():
    assert fanin.TableEncoder().fit(np.arange(40.0)[:, None]).feature_names[0] == "x0"


def small_frames_like_known_tables():
    rng, n = np.random.default_rng(0), 200
    yield (
        {
            "ocean": rng.choice(["INLAND", "NEAR BAY", "<1H OCEAN"], n),
            "rooms": [*rng.normal(size=n - 1), None],
        },
        2,
    )
    yield {"wine": ["white"] * n, "alcohol": rng.normal(size=n)}, 1
    yield (
        {"": range(1, n + 1), "cut": rng.choice(["Fair", "Good", "Ideal"], n), "carat": rng.gamma(2, 1, n)},
        2,
    )
    yield {"Month": rng.choice(["May", "Nov", "Mar"], n), "Weekend": rng.choice(["TRUE", "FALSE"], n)}, 2
    yield (
        {
            "workclass": rng.choice(["?", "Private", "State-gov"], n),
            "gain": rng.choice([0, 0, 0, 99999, 7688], n),
        },
        2,
    )
    ids = [f"{i:04}-{'QWERT'[i % 5]}" for i in rng.permutation(n)]
    charges = [f"{x:.2f}" if i % 20 else " " for i, x in enumerate(rng.gamma(2, 500, n))]
    yield {"customerID": ids, "TotalCharges": charges, "SeniorCitizen": rng.integers(0, 2, n)}, 2


def test_tables_like_known_ones_are_read_as_people_would():
    for table, used in small_frames_like_known_tables():
        encoder = fanin.TableEncoder().fit(table)
        assert sum(not column.text().startswith("dropped") for column in encoder.columns) == used
        values = encoder.transform(table).toarray("float64")
        np.testing.assert_allclose(values.mean(axis=0), 0, atol=1e-6)
