"""Invalid X or y are rejected with a message that names the argument, and nothing is changed."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from fanin import optim
from helpers import digest


@pytest.fixture
def classifier():
    layers = [fanin.Dense(4, "tanh"), fanin.Dense(3)]
    return fanin.Network(8, layers, loss="softmax_cross_entropy")


@pytest.fixture
def regressor():
    return fanin.Network(8, [fanin.Dense(4, "tanh"), fanin.Dense(2)])


@pytest.fixture(name="X")
def ten_samples(rng):
    return rng.normal(size=(10, 8))


LABELS = [0, 1, 2, 0, 1, 2, 0, 1, 2, 0]


def refuses(net, error, message, X, y):
    """Check that fit and evaluate reject these data with this message and do not change the weights."""
    before = digest(net)
    with pytest.raises(error, match=message):
        net.fit(X, y, rule=optim.SGD())
    with pytest.raises(error, match=message):
        net.evaluate(X, y)
    assert digest(net) == before


def with_value(array, row, column, value):
    changed = np.array(array, dtype="float64" if np.asarray(array).dtype.kind == "i" else None)
    changed[(row, column) if changed.ndim == 2 else row] = value
    return changed


@pytest.mark.parametrize("kind", ["float32", "float64", "float16", ">f4", "fortran", "strided"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_value_of_x_that_is_not_finite_is_named_by_row_and_column(classifier, X, value, kind):
    bad = with_value(X, 3, 7, value)
    if kind == "fortran":
        bad = np.asfortranarray(bad)
    elif kind == "strided":
        bad = np.repeat(np.repeat(bad, 2, axis=0), 2, axis=1)[::2, 1::2]
    else:
        bad = bad.astype(kind)
    name = "nan" if np.isnan(value) else "inf"
    message = rf"X: row 3, column 7 is {'-' if value == -np.inf else ''}{name}"
    refuses(classifier, ValueError, message, bad, LABELS)
    with pytest.raises(ValueError, match=message):
        classifier.predict(bad)


def test_the_first_of_several_values_that_are_not_finite_is_named(classifier, X):
    bad = with_value(with_value(with_value(X, 8, 0, np.inf), 3, 7, np.nan), 3, 2, np.inf)
    refuses(classifier, ValueError, "X: row 3, column 2 is inf", bad, LABELS)


@pytest.mark.parametrize(("row", "column"), [(0, 0), (9, 7), (64, 31), (64, 32), (199, 69), (128, 64)])
def test_a_nan_is_found_wherever_it_hides(row, column):
    net = fanin.Network(70, [fanin.Dense(1)])
    bad = with_value(np.zeros((200, 70), "float32"), row, column, np.nan)
    refuses(net, ValueError, rf"X: row {row}, column {column} is nan", bad, np.zeros(200))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_target_that_is_not_finite_is_named_by_row_and_column(regressor, X, value):
    y = with_value(np.zeros((10, 2)), 4, 1, value)
    refuses(regressor, ValueError, r"y: row 4, column 1 is -?(nan|inf)", X, y)
    one = fanin.Network(8, [fanin.Dense(1)])
    refuses(one, ValueError, r"y: row 4.* is -?(nan|inf)", X, y[:, 1])


def test_a_value_too_large_for_float32_is_refused_and_not_made_infinite(classifier, regressor, X):
    refuses(classifier, ValueError, "X: row 3, column 7", with_value(X, 3, 7, 1e300), LABELS)
    refuses(regressor, ValueError, "y: row 4, column 1", X, with_value(np.zeros((10, 2)), 4, 1, -1e300))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda X: X[0], r"X: .*(2|\(n).*(1|\(8,\))"),
        (lambda X: X[None], r"X: .*(3|\(1, 10, 8\))"),
        (lambda X: np.float64(3), "X: "),
        (lambda X: X[:, :7], "X: .*8.*7"),
        (lambda X: np.hstack([X, X]), "X: .*8.*16"),
        (lambda X: X[:, :0], "X: .*8.*0"),
        (lambda X: X.T, "X: .*8.*10"),
    ],
    ids=["1-D", "3-D", "0-D", "a column short", "too many columns", "no columns", "transposed"],
)
def test_the_error_for_an_x_of_the_wrong_shape_says_what_was_expected(classifier, X, make, words):
    bad = make(X)
    refuses(classifier, ValueError, words, bad, LABELS)
    with pytest.raises(ValueError, match=words):
        classifier.predict(bad)


@pytest.mark.parametrize(
    "make",
    [
        lambda X: X.astype(object),
        lambda X: X.astype(str),
        lambda X: X.astype(bytes),
        lambda X: X.astype(complex),
        lambda X: X.astype("datetime64[s]"),
        lambda X: np.zeros(10, dtype=[("a", "f8"), ("b", "f8")]),
        lambda X: None,
        lambda X: "X",
        lambda X: {"a": 1},
        lambda X: iter(X),
    ],
    ids=["object", "str", "bytes", "complex", "datetime", "structured", "None", "a word", "dict", "iterator"],
)
def test_an_x_that_holds_no_numbers_is_a_type_error(classifier, X, make):
    refuses(classifier, TypeError, "X", make(X), LABELS)
    with pytest.raises(TypeError, match="X"):
        classifier.predict(make(X))


def test_lists_of_unequal_length_are_refused(classifier):
    refuses(classifier, (TypeError, ValueError), "X", [[0.0] * 8, [0.0] * 7], [0, 1])


def test_fit_and_evaluate_refuse_empty_data(classifier, regressor):
    refuses(classifier, ValueError, "X", np.empty((0, 8)), np.empty(0, dtype=int))
    refuses(regressor, ValueError, "X", np.empty((0, 8)), np.empty((0, 2)))


@pytest.mark.parametrize("rows", [0, 9, 11, 100])
def test_the_error_for_a_y_of_another_length_gives_both_lengths(classifier, regressor, X, rows):
    message = f"y: expected 10 rows to match X, got {rows}"
    refuses(classifier, ValueError, message, X, np.zeros(rows, dtype=int))
    refuses(regressor, ValueError, message, X, np.zeros((rows, 2)))


def test_shapes_are_checked_before_the_values_of_a_large_array_are_read(classifier, X):
    bad = with_value(X, 0, 0, np.nan)
    refuses(classifier, ValueError, "y: expected 10 rows to match X, got 9", bad, LABELS[:9])


def test_an_x_of_more_rows_than_fit_in_memory_is_refused(classifier):
    endless = np.broadcast_to(np.zeros(8), (2**40, 8))
    refuses(classifier, ValueError, "X|y", endless, LABELS)


@pytest.mark.parametrize("shape", [(10, 1), (10, 3), (10,), (10, 2, 1), ()], ids=str)
def test_the_error_for_targets_of_the_wrong_shape_gives_the_number_of_outputs(regressor, X, shape):
    refuses(regressor, ValueError, "y: .*2", X, np.zeros(shape))


@pytest.mark.parametrize("label", [-1, 3, 100, 2**31, 2**32, 2**32 + 1, 2**62, -(2**63)])
def test_a_label_outside_the_classes_is_named_by_row(classifier, X, label):
    y = np.array(LABELS)
    y[6] = label
    refuses(classifier, ValueError, rf"y: row 6.*{label}", X, y)


def test_an_unsigned_label_does_not_wrap_around(classifier, X):
    y = np.array(LABELS, dtype="uint64")
    y[6] = 2**64 - 1
    refuses(classifier, ValueError, "y: row 6", X, y)


@pytest.mark.parametrize("label", [0.5, np.nan, np.inf, 1e300, -0.5])
def test_a_label_that_is_not_whole_is_refused(classifier, X, label):
    y = np.array(LABELS, dtype="float64")
    y[6] = label
    refuses(classifier, (TypeError, ValueError), "y: ", X, y)


@pytest.mark.parametrize(
    "make",
    [lambda y: y.astype(str), lambda y: y.astype(object), lambda y: y.astype(complex), lambda y: None],
    ids=["str", "object", "complex", "None"],
)
def test_a_y_that_is_not_numbers_is_a_type_error(classifier, regressor, X, make):
    refuses(classifier, TypeError, "y", X, make(np.array(LABELS)))
    refuses(regressor, TypeError, "y", X, make(np.zeros((10, 2))))


def test_labels_as_a_column_are_refused(classifier, X):
    words = r"y: expected shape \(10,\) of labels or \(10, 3\) of probabilities, got \(10, 1\)"
    refuses(classifier, ValueError, words, X, np.array(LABELS)[:, None])


def test_the_error_for_text_labels_says_what_labels_are(classifier, X):
    words = "y: expected integer labels or class probabilities, got dtype <U1"
    refuses(classifier, TypeError, words, X, np.array(LABELS).astype("<U1"))


def test_the_error_for_an_object_that_is_no_array_names_its_type(classifier):
    class Sparse:
        """An object of a library that gives NumPy no access."""

    refuses(classifier, TypeError, "X: expected real numbers, got Sparse", Sparse(), LABELS)
    refuses(classifier, TypeError, "X: expected real numbers, got NoneType", None, LABELS)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda X, y: (X,), "validation_data: expected .*, got 1 parts"),
        (lambda X, y: (X, y, y, y), r"validation_data: expected a tuple \(X, y\) or \(X, y, sample_weight\)"),
        (lambda X, y: (X, y, [1.0]), r"validation_data: sample_weight: expected shape \(10,\), got \(1,\)"),
        (lambda X, y: X, "valid"),
        (lambda X, y: 3, "validation_data: expected .*, got int"),
        (lambda X, y: (X[:, :7], y), "8.*7"),
        (lambda X, y: (X, y[:9]), "10.*9"),
        (lambda X, y: (with_value(X, 3, 1, np.nan), y), "row 3, column 1 is nan"),
        (lambda X, y: (X, [5] * 10), "row 0.*5"),
        (lambda X, y: (X[:0], y[:0]), "valid|X"),
    ],
    ids=["one", "four", "weights", "array", "number", "columns", "rows", "nan", "label", "empty"],
)
def test_validation_data_are_checked_before_training_starts(classifier, X, make, words):
    before = digest(classifier)
    with pytest.raises((TypeError, ValueError), match=words):
        classifier.fit(X, LABELS, rule=optim.SGD(), validation_data=make(X, LABELS))
    assert digest(classifier) == before
