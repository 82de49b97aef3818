"""An encoder of tables gives the codes of the reference, and reads what holds tables."""

from __future__ import annotations

import datetime
import pickle

import numpy as np
import pytest

import fanin
from helpers import bits_everywhere
from reference import tables as reference
from same_bits_table import LEVELS, digest_of_codes, some_table


def of_columns(encoder: fanin.TableEncoder, table: object, prefix: str) -> np.ndarray:
    columns = [j for j, name in enumerate(encoder.feature_names) if name.startswith(prefix)]
    return encoder.transform(table).toarray("float64")[:, columns]


def test_numbers_have_the_codes_of_the_reference():
    table, other = some_table(), some_table(seed=1)
    encoder = fanin.TableEncoder().fit(table)
    for name in ("income", "age", "hours"):
        for rows in (table, other):
            values, train = (np.asarray(of[name], float) for of in (rows, table))
            expected = np.concatenate(reference.number(values, train, 64), axis=1)
            np.testing.assert_allclose(of_columns(encoder, rows, name), expected, atol=1e-6)


def test_categories_have_the_codes_of_the_reference():
    table, other = some_table(), some_table(seed=1) | {"job": ["pilot", *LEVELS, None] * 100}
    encoder = fanin.TableEncoder().fit(table)
    for rows in (table, other):
        expected = reference.category(rows["job"], table["job"], 10)
        np.testing.assert_allclose(of_columns(encoder, rows, "job"), expected, atol=1e-6)


def test_every_column_of_the_training_rows_has_mean_zero():
    table = some_table()
    encoder = fanin.TableEncoder(spikes=True).fit(table)
    means = encoder.transform(table).toarray("float64").mean(axis=0)
    assert len(means) == len(encoder.feature_names) > 300
    np.testing.assert_allclose(means, 0, atol=1e-6)


def test_a_frequent_value_is_a_knot_and_quantiles_of_the_others_share_what_is_left():
    values = np.array([0.0] * 50 + list(range(1, 51)))
    number = fanin.TableEncoder(bins=4).fit({"x": values}).columns[0]
    assert number.knots == (0.0, 1.0, 1 + 49 / 3, 1 + 98 / 3, 50.0)
    assert fanin.TableEncoder(bins=4).fit({"x": [1, 1, 2, 2, 3, 4]}).columns[0].knots == (1, 2, 3, 3.5, 4)


def test_two_levels_booleans_and_two_numbers_are_minus_one_and_one():
    table = {"sex": ["f", "m", "m", None], "late": [True, False, True, True], "code": [3, 7, 7, 3]}
    encoder = fanin.TableEncoder().fit(table)
    assert encoder.feature_names == ["sex=m", "late", "code"]
    expected = np.array([[-1, 1, 1, 0], [1, -1, 1, 1], [-1, 1, 1, -1]], float).T
    np.testing.assert_allclose(
        encoder.transform(table).toarray(), expected - expected.mean(axis=0), atol=1e-7
    )


def test_a_missing_number_is_the_median_and_indicated_where_training_has_gaps():
    encoder = fanin.TableEncoder().fit({"x": [1.0, 2.0, 4.0, np.nan], "y": [1.0, 2.0, 4.0, 8.0]})
    missing, median = encoder.transform({"x": [np.nan, 2.0], "y": [np.nan, 3.0]}).toarray()
    assert encoder.feature_names[:3] == ["x", "x missing", "y"]
    differ = missing != median
    assert differ.tolist() == [name == "x missing" for name in encoder.feature_names]


def test_a_constant_number_with_gaps_says_whether_it_is_missing():
    encoder = fanin.TableEncoder().fit({"x": [5.0, np.nan, 5.0, 5.0]})
    assert encoder.transform({"x": [5.0, np.nan]}).toarray().tolist() == [[0.25], [-0.75]]


def test_unseen_and_missing_levels_are_zero_before_centring():
    encoder = fanin.TableEncoder(min_count=1).fit({"job": LEVELS[:3] * 4})
    coded = encoder.transform({"job": ["pilot", None, "", " ? "]}).toarray()
    np.testing.assert_allclose(coded, np.full((4, 3), -1 / 3), rtol=1e-6)


def test_dates_have_the_parts_that_vary_and_a_trend():
    days = np.array(["2024-02-29", "2024-03-01", "1969-12-31", "2000-01-01"], "M8[D]")
    date = fanin.TableEncoder().fit({"sold": days}).columns[0]
    parts = {part.name: part.knots for part in date.parts}
    assert parts["sold trend"] == tuple(np.sort(days.astype(int)).astype(float))
    assert parts["sold month"] == (1, 2, 3, 12)
    assert parts["sold day"] == (1, 29, 31)
    assert parts["sold weekday"] == (2, 3, 4, 5)
    assert "sold hour" not in parts


def test_hours_of_dates_are_exact():
    hours = np.datetime64("2024-01-01T00") + np.arange(24).astype("m8[h]")
    encoder = fanin.TableEncoder().fit({"at": hours})
    hour = next(part for part in encoder.columns[0].parts if part.name == "at hour")
    assert hour.knots == tuple(range(24))


def test_spikes_give_each_of_few_values_a_column():
    table = {"x": [1.0, 2.0, 3.0, 3.0], "many": np.arange(4) * 1.5, "two": [1, 2, 1, 2]}
    names = fanin.TableEncoder(spikes=True).fit(table).feature_names
    assert [name for name in names if "=" in name][:3] == ["x=1.0", "x=2.0", "x=3.0"]
    wide = {"x": np.arange(129) * 0.5}
    assert not any("=" in name for name in fanin.TableEncoder(spikes=True).fit(wide).feature_names)


def test_bins_shrink_with_the_number_of_columns():
    X = np.random.default_rng(0).normal(size=(300, 256))
    assert len(fanin.TableEncoder().fit(X).columns[0].knots) == 33
    assert len(fanin.TableEncoder(bins=5).fit(X[:, :3]).columns[0].knots) == 6


def test_pairs_add_a_number_looked_up_in_a_table():
    table = {"a": [0.0, 1.0, 2.0, np.nan], "job": ["clerk", "smith", "baker", None]}
    encoder = fanin.TableEncoder(min_count=1).fit(table)
    values = np.arange(12.0).reshape(3, 4)
    both = encoder.add_pairs([("a", [1.0], "job", ["clerk", "smith"], values)], [[0], [5], [6], [11]])
    assert both.columns[-1].number.knots == (0, 5, 6, 11)
    looked_up, given = both.transform(table), both.transform(table, pair_values=[[0], [5], [6], [11]])
    np.testing.assert_array_equal(looked_up.toarray(), given.toarray())
    assert encoder.transform(table).shape[1] + 4 == both.transform(table).shape[1]
    assert not np.array_equal(given.toarray(), both.transform(table, pair_values=[[1]] * 4).toarray())


def test_chunks_give_what_a_fit_gives():
    table = some_table()
    chunks = [
        {name: column[rows] for name, column in table.items()} for rows in (slice(0, 200), slice(200, None))
    ]
    whole, parts = fanin.TableEncoder().fit(table), fanin.TableEncoder().fit_chunks(chunks)
    assert parts.columns == whole.columns


def test_many_chunks_sample_numbers_and_count_levels():
    rng = np.random.default_rng(0)
    chunks = [{"x": rng.normal(size=30_000), "job": ["clerk"] * 29_999 + [f"job {i}"]} for i in range(4)]
    encoder = fanin.TableEncoder().fit_chunks(chunks)
    assert abs(encoder.columns[0].median) < 0.02
    assert encoder.columns[1].levels == ("clerk",)
    assert encoder.columns[1].rare == ("job 0", "job 1", "job 2", "job 3")


def test_five_thousand_levels_work():
    jobs = [f"job {i % 5000}" for i in range(20_000)]
    encoder = fanin.TableEncoder(min_count=4).fit({"job": jobs, "x": np.arange(20_000) % 77})
    rows = encoder.transform({"job": jobs[:3], "x": [1, 2, 3]})
    assert len(encoder.columns[0].levels) == 5000
    assert rows.shape == (3, len(encoder.feature_names))


def test_a_pickled_encoder_codes_the_same():
    table = some_table()
    encoder = fanin.TableEncoder(bins=7).fit(table)
    again = pickle.loads(pickle.dumps(encoder))
    assert again.columns == encoder.columns
    np.testing.assert_array_equal(again.transform(table).toarray(), encoder.transform(table).toarray())


def test_codes_have_the_same_bits_on_any_threads_and_instruction_set(threads):
    found = bits_everywhere(digest_of_codes, threads)
    assert len(found) == 1


def test_a_network_learns_from_coded_rows():
    rng = np.random.default_rng(0)
    table = {"x": rng.normal(size=500), "job": rng.choice(LEVELS, 500).tolist()}
    y = np.sin(3 * table["x"]) + (np.array(table["job"]) == "clerk")
    rows = fanin.TableEncoder(bins=16).fit(table).transform(table)
    net = fanin.Network(rows.shape[1], [fanin.Dense(32, "relu"), fanin.Dense(1)])
    net.fit(rows, y, rule=fanin.optim.Adam(0.01), epochs=30)
    assert net.evaluate(rows, y)["loss"] < 0.02


@pytest.mark.parametrize("spikes", [False, True])
def test_feature_names_belong_to_the_columns_of_the_samples(spikes):
    table = some_table()
    encoder = fanin.TableEncoder(spikes=spikes).fit(table)
    assert encoder.transform(table).shape == (600, len(encoder.feature_names))


def test_numbers_of_some_rows_of_a_table_are_dropped_in_any_order():
    rows = np.random.default_rng(0).permutation(300)[:200]
    x = np.linspace(0, 1, 200) ** 2
    encoder = fanin.TableEncoder().fit({"Unnamed: 0": rows, "x": x, "code": rows * 7 % 100, "far": rows * 3})
    kinds = {column.name: type(column).__name__ for column in encoder.columns}
    assert kinds == {"Unnamed: 0": "Dropped", "x": "Number", "code": "Number", "far": "Number"}


def test_columns_given_as_categories_are_not_read_as_numbers():
    table = {"code": [3.0, 1.0, None, 3.0], "text": ["01", "1", "1", "01"], "x": [1, 2, 3, 4]}
    encoder = fanin.TableEncoder(min_count=1, categories=["code", "text"])
    for chunks in ([table], [{name: cells[:2] for name, cells in table.items()}, table]):
        columns = encoder.fit_chunks(iter(chunks)).columns
        assert [column.levels for column in columns[:2]] == [("1", "3"), ("01", "1")]
    again = pickle.loads(pickle.dumps(encoder))
    np.testing.assert_array_equal(again.transform(table).toarray(), encoder.transform(table).toarray())
    assert repr(again).endswith("categories=('code', 'text'))")


def test_categories_that_are_no_names_of_columns_are_refused():
    table = {"day": [datetime.date(2020, 1, 1)] * 3, "x": [1, 2, 3]}
    for categories, error, message in (
        (["y"], ValueError, "categories: expected names of columns, got 'y'"),
        ([0], ValueError, "categories: expected names of columns, got 0"),
        ("x", TypeError, "categories: expected a list of names, got 'x'"),
        (["day"], ValueError, 'X: column "day": expected numbers or text of a category, got dates'),
    ):
        with pytest.raises(error, match=message):
            fanin.TableEncoder(categories=categories).fit(table)
