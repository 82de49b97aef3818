"""Frames, series, lists and array-likes as X and y train bit-identically to plain arrays."""

from __future__ import annotations

import datetime
import decimal

import numpy as np
import pytest

import fanin
from fanin import optim
from helpers import digest

NAMES = ["age", "height", "weight", "score", "rate"]


def new_net(dtype="float32"):
    return fanin.Network(
        5, [fanin.Dense(8, "tanh"), fanin.Dense(3)], loss="softmax_cross_entropy", dtype=dtype
    )


def trained(X, y, dtype="float32", **options):
    net = new_net(dtype)
    net.fit(X, y, rule=optim.Adam(), epochs=2, **options)
    return digest(net)


@pytest.fixture(params=["pandas", "polars"])
def library(request):
    return pytest.importorskip(request.param)


@pytest.fixture(name="X")
def whole_numbers(classification):
    """Values that every number type here can represent."""
    return np.round(classification.X * 4).clip(-100, 100)


class ArrayLike:
    def __init__(self, array):
        self.array = array

    def __array__(self, dtype=None, copy=None):
        return np.array(self.array, dtype=dtype)


@pytest.mark.parametrize("kind", ["float64", "float32", "float16", "int64", "int8", "bool"])
def test_a_frame_trains_to_the_bits_of_its_array(library, kind, X, classification, dtype):
    X, y = X.astype(kind), classification.y
    frame = library.DataFrame(dict(zip(NAMES, X.T, strict=True)))
    expected = trained(X, y, dtype)
    assert trained(frame, y, dtype) == expected
    assert trained(frame, library.Series(y), dtype, validation_data=(frame, library.Series(y))) == expected


def test_columns_of_several_types_become_one_array(library, X, classification, dtype):
    kinds = ["float64", "float32", "int16", "uint8", "bool"]
    columns = [np.abs(X[:, j]).astype(kind) for j, kind in enumerate(kinds)]
    frame = library.DataFrame(dict(zip(NAMES, columns, strict=True)))
    assert trained(frame, classification.y, dtype) == trained(
        np.stack(columns, axis=1), classification.y, dtype
    )
    without_doubles = frame.drop(columns="age") if library.__name__ == "pandas" else frame.drop("age")
    net = fanin.Network(4, [fanin.Dense(3)], loss="softmax_cross_entropy", dtype=dtype)
    assert np.array_equal(net.predict(without_doubles), net.predict(np.stack(columns[1:], axis=1)))


def test_predict_and_evaluate_take_frames(library, X, classification):
    frame, net = library.DataFrame(dict(zip(NAMES, X.T, strict=True))), new_net()
    assert np.array_equal(net.predict(frame), net.predict(X))
    assert net.evaluate(frame, library.Series(classification.y)) == net.evaluate(X, classification.y)


def test_a_frame_of_many_rows_keeps_their_order(library):
    X = np.arange(10_000.0).reshape(5000, 2)
    net = fanin.Network(2, [fanin.Dense(1)], dtype="float64")
    net.set_weights({"layer1.weight": [[1.0], [1.0]], "layer1.bias": [0.0]})
    frame = library.DataFrame({"a": X[:, 0], "b": X[:, 1]})
    assert np.array_equal(net.predict(frame)[:, 0], X.sum(axis=1))


def test_targets_may_be_a_frame_or_a_series(library, regression):
    X, y = regression
    frame = library.DataFrame(dict(zip("abc", y.T, strict=True)))
    digests = set()
    for targets in (y, frame):
        net = fanin.Network(5, [fanin.Dense(3)])
        net.fit(X, targets, rule=optim.Adam(), epochs=2)
        digests.add(digest(net))
    assert len(digests) == 1
    single = [fanin.Network(5, [fanin.Dense(1)]) for _ in range(2)]
    single[0].fit(X, y[:, 1], rule=optim.Adam(), epochs=2)
    single[1].fit(X, frame["b"], rule=optim.Adam(), epochs=2)
    assert digest(single[0]) == digest(single[1])


def refused(X, y, error, words):
    """Check that fit, evaluate and (for X) predict reject these data with this message and change nothing."""
    net = new_net()
    before = digest(net)
    with pytest.raises(error, match=words):
        net.fit(X, y, rule=optim.SGD())
    with pytest.raises(error, match=words):
        net.evaluate(X, y)
    with pytest.raises(error, match=f"validation_data: {words}"):
        net.fit(np.zeros((1, 5)), [0], rule=optim.SGD(), validation_data=(X, y))
    if words.startswith("X"):
        with pytest.raises(error, match=words):
            net.predict(X)
    assert digest(net) == before


@pytest.mark.parametrize(("value", "name"), [(np.nan, "nan"), (np.inf, "inf"), (1e300, r"1e\+300")])
def test_a_value_that_is_not_finite_is_named_by_row_and_column_name(library, X, classification, value, name):
    X = X.copy()
    X[3, 1] = value
    frame = library.DataFrame(dict(zip(NAMES, X.T, strict=True)))
    words = rf'X: row 3, column 1 \("height"\) is {name}; every value must be finite in float32'
    refused(frame, classification.y, ValueError, words)


def test_a_target_that_is_not_finite_is_named_too(library):
    net = fanin.Network(1, [fanin.Dense(2)])
    frame = library.DataFrame({"low": [0.0, 1.0], "high": [0.0, np.nan]})
    with pytest.raises(ValueError, match=r'y: row 1, column 1 \("high"\) is nan'):
        net.fit([[0.0], [1.0]], frame, rule=optim.SGD())


def test_a_target_that_the_loss_does_not_allow_is_named_by_its_column(library):
    net = fanin.Network(1, [fanin.Dense(2)], "poisson")
    frame = library.DataFrame({"low": [0.0, 1.0], "high": [0.0, -1.0]})
    words = r'chunk 1: y: row 1, column 1 \("high"\) is -1; the loss poisson expects values in '
    with pytest.raises(ValueError, match=words):
        net.fit_chunks([([[0.0], [1.0]], frame)], rule=optim.SGD())


def test_the_error_carries_the_place_of_a_bad_value():
    net = fanin.Network(2, [fanin.Dense(1)])
    with pytest.raises(ValueError, match="X: row 1, column 0 is nan") as raised:
        net.predict([[0.0, 1.0], [np.nan, 1.0]])
    error = raised.value
    assert (error.argument, error.row, error.column) == ("X", 1, 0)
    assert error.problem == "is nan; every value must be finite in float32"


@pytest.mark.parametrize(
    "column",
    [
        ["a"] * 53,
        ["a"] * 52 + [None],
        [datetime.datetime(2020, 1, 1)] * 53,
        [datetime.timedelta(1)] * 53,
        [[1.0, 2.0]] * 53,
        [None] * 53,
    ],
    ids=["text", "text and None", "dates", "durations", "lists", "nothing"],
)
def test_a_column_that_holds_no_numbers_is_named(library, X, classification, column):
    frame = library.DataFrame({**dict(zip(NAMES[:4], X.T[:4], strict=True)), "rate": column})
    words = r'X: column 4 \("rate"\): expected real numbers, got dtype '
    refused(frame, classification.y, TypeError, words)


def test_a_series_of_text_is_refused_as_y(library, X, classification):
    words = "y: expected real numbers, got dtype "
    refused(X, library.Series([str(label) for label in classification.y]), TypeError, words)


def test_a_series_of_fractions_holds_no_labels(library, X, classification):
    refused(
        X, library.Series(classification.y / 2), TypeError, "y: expected integer labels, got dtype float64"
    )


def test_the_error_for_a_frame_of_the_wrong_shape_says_what_was_expected(library, X, classification):
    frame = library.DataFrame(dict(zip(NAMES[:4], X.T[:4], strict=True)))
    refused(frame, classification.y, ValueError, "X: expected 5 columns")
    refused(library.DataFrame(), classification.y, ValueError, "X: ")
    refused(library.Series(X[:, 0]), classification.y, ValueError, "X: expected shape")
    refused(X, library.Series(classification.y[:9]), ValueError, "y: expected 53 rows to match X, got 9")


def test_nullable_columns_of_pandas_train_if_nothing_is_missing(X, classification):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(dict(zip(NAMES, X.T, strict=True)))
    kinds = dict(zip(NAMES, ["Int64", "Float32", "Float64", "Int8", "Sparse[float64]"], strict=True))
    nullable = frame.astype(kinds)
    expected = trained(X, classification.y)
    assert trained(nullable, pandas.Series(classification.y, dtype="Int64")) == expected
    flags = pandas.DataFrame(X > 0).astype("boolean")
    assert trained(flags, classification.y) == trained(X > 0, classification.y)


@pytest.mark.parametrize("kind", ["Int64", "Float64", "boolean"])
def test_a_missing_value_of_pandas_is_named_by_row_and_column(kind, X, classification):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(dict(zip(NAMES, X.T, strict=True)))
    frame["weight"] = (frame["weight"] > 0).astype(kind)
    frame.loc[7, "weight"] = None
    words = r'X: row 7, column 2 \("weight"\) is nan; every value must be finite'
    refused(frame, classification.y, ValueError, words)


def test_a_missing_value_of_polars_is_named_by_row_and_column(X, classification):
    polars = pytest.importorskip("polars")
    for kind in (polars.Int64, polars.Float32, polars.Boolean):
        column = polars.Series([None if i == 7 else i % 2 for i in range(53)]).cast(kind)
        frame = polars.DataFrame(dict(zip(NAMES, X.T, strict=True))).with_columns(column.alias("weight"))
        words = r'X: row 7, column 2 \("weight"\) is nan; every value must be finite'
        refused(frame, classification.y, ValueError, words)


def test_a_missing_label_is_named_by_row(library, X, classification):
    labels = [None if i == 5 else int(label) for i, label in enumerate(classification.y)]
    y = library.Series(labels, dtype="Int64" if library.__name__ == "pandas" else None)
    refused(X, y, ValueError, "y: row 5 is missing; missing values are not supported")


def test_decimals_of_polars_are_numbers_and_categories_are_not(X, classification):
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(dict(zip(NAMES, X.T, strict=True)))
    decimals = polars.Series("rate", [decimal.Decimal(int(x)) for x in X[:, 4]])
    assert trained(frame.with_columns(decimals), classification.y) == trained(X, classification.y)
    categories = polars.Series("rate", ["a"] * 53).cast(polars.Categorical)
    words = r'X: column 4 \("rate"\): expected real numbers, got dtype Categorical'
    refused(frame.with_columns(categories), classification.y, TypeError, words)


def test_categories_of_pandas_are_not_numbers_even_if_they_look_like_numbers(X, classification):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(dict(zip(NAMES, X.T, strict=True))).astype({"age": "category"})
    words = r'X: column 0 \("age"\): expected real numbers, got dtype category'
    refused(frame, classification.y, TypeError, words)


def test_frames_of_pandas_with_odd_names_and_indexes_go_by_position(X, classification):
    pandas = pytest.importorskip("pandas")
    expected = trained(X, classification.y)
    for columns in (range(5), ["{row}", "%s", 'a"b', "é", ""], [("a", j) for j in range(5)]):
        frame = pandas.DataFrame(X, columns=columns, index=np.arange(53)[::-1])
        assert trained(frame, pandas.Series(classification.y, index=frame.index)) == expected
        frame.iloc[3, 1] = np.nan
        with pytest.raises(ValueError, match=r"X: row 3, column 1 \(.*\) is nan"):
            new_net().predict(frame)


def test_lists_and_array_likes_train_to_the_bits_of_the_array(X, classification):
    y = classification.y
    expected = trained(X, y)
    for samples in (X.tolist(), tuple(map(tuple, X)), ArrayLike(X), list(X), np.ma.array(X)):
        assert trained(samples, y) == expected
        assert trained(X, y, validation_data=(samples, y.tolist())) == expected
    assert trained(X, ArrayLike(y)) == trained(X, np.ma.array(y)) == expected
    with pytest.raises(TypeError, match="X: expected real numbers, got dtype"):
        new_net().predict(ArrayLike(X.astype(str)))


@pytest.mark.parametrize("kind", ["float32", "float64", "int16", "uint8", ">f4", "float16"])
def test_a_memory_map_trains_to_the_bits_of_its_array(tmp_path, kind, X, classification):
    X = np.abs(X).astype(kind)
    X.tofile(tmp_path / "X")
    for mode in ("r", "c"):
        mapped = np.memmap(tmp_path / "X", dtype=kind, mode=mode, shape=X.shape)
        assert trained(mapped, classification.y) == trained(X, classification.y)
        assert np.array_equal(np.asarray(mapped), X)


def test_nulls_of_frames_are_missing_values_for_an_input_layer(library):
    frame = library.DataFrame(
        {"a": [1, None, 3, 5], "b": [True, False, None, True], "c": [1.5, 2.5, 3.5, None]}
    )
    if library.__name__ == "pandas":
        frame = frame.astype({"a": "Int64", "b": "boolean"})
    nan = np.nan
    rows = np.array([[1, 1, 1.5], [nan, 0, 2.5], [3, nan, 3.5], [5, 1, nan]])
    net, twin = (fanin.Network(3, [fanin.Standardize("median"), fanin.Dense(1)]) for _ in range(2))
    net.adapt(frame)
    twin.adapt(rows)
    for name, values in twin.learned.items():
        np.testing.assert_array_equal(net.learned[name], values)
    np.testing.assert_array_equal(net.predict(frame), twin.predict(rows))
