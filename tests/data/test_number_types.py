"""X and targets of every number type train bit-identically to arrays converted to the network's type."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from fanin import functional as F
from fanin import optim
from helpers import digest

WHOLE = ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
FLOATS = ["float16", "float32", "float64", "longdouble"]
ORDERS = ["=", "S"]  # this machine's byte order, and the other


@pytest.fixture(params=[(kind, order) for kind in WHOLE + FLOATS for order in ORDERS], ids="".join)
def kind(request):
    name, order = request.param
    return np.dtype(name).newbyteorder(order)


def values_of(kind, rows, columns):
    """Numbers over the whole range of an integer type, which float32 has to round; floats of all magnitudes."""
    rng = np.random.default_rng(30)
    if kind.kind in "iub":
        low, high = (0, 1) if kind.kind == "b" else (np.iinfo(kind).min, np.iinfo(kind).max)
        numbers = rng.integers(low, high, size=(rows, columns), dtype=kind.newbyteorder("="), endpoint=True)
        numbers[:2] = [[low], [high]]
        return numbers.astype(kind)
    numbers = rng.normal(size=(rows, columns)) * 10.0 ** rng.integers(-7, 4, size=(rows, columns))
    numbers[0] = 0.0
    numbers[1] = -0.0
    return numbers.astype(kind)


def odd_strides(array):
    """The same numbers, each at an odd address and none adjacent."""
    rows, columns = array.shape
    size = array.dtype.itemsize
    memory = np.zeros(rows * 3 * columns * (size + 1) + 1, "uint8")
    view = np.ndarray(array.shape, array.dtype, memory, 1, (3 * columns * (size + 1), size + 1))
    view[:] = array
    return view


LAYOUTS = {
    "rows": np.ascontiguousarray,
    "columns": np.asfortranarray,
    "every other": lambda a: np.repeat(np.repeat(a, 2, axis=0), 2, axis=1)[::2, ::2],
    "backwards": lambda a: a[::-1, ::-1].copy()[::-1, ::-1],
    "odd": odd_strides,
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("columns", [1, 16, 33, 1100])
def test_predict_gives_the_bits_of_the_converted_array(kind, layout, columns, dtype):
    """An identity layer shows every value as it was converted."""
    net = fanin.Network(columns, [fanin.Dense(columns)], dtype=dtype)
    net.set_weights({"layer1.weight": np.eye(columns), "layer1.bias": np.zeros(columns)})
    X = values_of(kind, 150, columns)
    converted = X.astype(dtype)
    given = LAYOUTS[layout](X)
    assert np.array_equal(given, X)
    shown = net.predict(given)
    assert np.array_equal(shown, net.predict(converted))
    assert np.array_equal(shown, converted)


@pytest.mark.parametrize("layout", ["rows", "odd"])
def test_training_gives_the_bits_of_the_converted_arrays(kind, layout, dtype):
    X, y = values_of(kind, 200, 37), values_of(kind, 200, 3)
    if kind.kind in "iu":  # a net learns from small numbers
        X, y = (X % 17).astype(kind), (y % 5).astype(kind)
    digests, histories = set(), []
    for view in (LAYOUTS[layout], lambda array: array.astype(dtype)):
        net = fanin.Network(37, [fanin.Dense(9, "tanh"), fanin.Dense(3)], dtype=dtype)
        data = view(X), view(y)
        options = {"rule": optim.Adam(), "epochs": 2, "batch_size": 30, "validation_data": data}
        history = net.fit(*data, **options)
        histories.append((history.loss, history.val_loss, net.evaluate(*data)))
        digests.add(digest(net))
    assert len(digests) == 1
    assert histories[0] == histories[1]


def test_functional_losses_take_targets_of_every_type(kind, dtype):
    y = values_of(kind, 70, 5)
    if kind.kind in "iu":
        y = (y % 5).astype(kind)
    a = np.random.default_rng(31).normal(size=y.shape).astype(dtype)
    for layout in LAYOUTS.values():
        gradient = F.loss_gradient(a, layout(y), "squared_error")
        assert np.array_equal(gradient, F.loss_gradient(a, y.astype(dtype), "squared_error"))


def test_soft_targets_may_be_integers_of_any_type(kind):
    one_hot = np.eye(3)[np.arange(50) % 3].astype(kind)
    a = np.random.default_rng(31).normal(size=(50, 3))
    assert F.loss(a, one_hot, "softmax_cross_entropy") == F.loss(
        a, np.arange(50) % 3, "softmax_cross_entropy"
    )


def test_integers_beyond_the_precision_of_the_net_are_rounded_once(dtype):
    """The first is just above the midpoint of two float32 numbers; via float64 it would be rounded to the midpoint."""
    X = np.array([[2**53 + 2**29 + 1], [2**63 - 1], [-(2**63)]], dtype="int64")
    net = fanin.Network(1, [fanin.Dense(1)], dtype=dtype)
    net.set_weights({"layer1.weight": [[1.0]], "layer1.bias": [0.0]})
    assert np.array_equal(net.predict(X), X.astype(dtype))


def test_every_half_precision_number_is_converted_exactly(dtype):
    X = np.arange(2**16, dtype="uint16").view("float16")
    X = X[np.isfinite(X)][:, None]
    net = fanin.Network(1, [fanin.Dense(1)], dtype=dtype)
    net.set_weights({"layer1.weight": [[1.0]], "layer1.bias": [0.0]})
    assert np.array_equal(net.predict(X), X.astype(dtype))


def test_any_byte_but_zero_is_true():
    X = np.arange(256, dtype="uint8").view("bool")[:, None]
    net = fanin.Network(1, [fanin.Dense(1)])
    net.set_weights({"layer1.weight": [[1.0]], "layer1.bias": [0.0]})
    assert np.array_equal(net.predict(X)[:, 0], np.arange(256) > 0)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [(0, 0), (3, 511), (3, 512), (149, 1099)])
@pytest.mark.parametrize("name", FLOATS)
def test_a_value_of_any_float_type_that_is_not_finite_is_named(name, place, value):
    for order in ORDERS:
        X = np.zeros((150, 1100), np.dtype(name).newbyteorder(order))
        X[place] = value
        X[149, 1099] = value
        net = fanin.Network(1100, [fanin.Dense(1)])
        before = digest(net)
        words = f"X: row {place[0]}, column {place[1]} is {value}; every value must be finite in float32"
        for view in (X, odd_strides(X)):
            with pytest.raises(ValueError, match=words):
                net.fit(view, np.zeros(150), rule=optim.SGD())
        assert digest(net) == before


def test_values_of_other_types_are_held_to_the_range_of_the_loss(kind):
    y = np.zeros((4, 1), kind)
    y[2] = 3
    if kind.kind == "b":
        return
    net = fanin.Network(1, [fanin.Dense(1)], loss="logistic")
    with pytest.raises(
        ValueError, match=r"y: row 2, column 0 is 3; the loss logistic expects values in \[0, 1\]"
    ):
        net.fit(np.zeros((4, 1)), y, rule=optim.SGD())


def test_integer_and_half_inputs_stay_borrowed_and_untouched(kind):
    X = values_of(kind, 20, 4)
    X.flags.writeable = False
    before = X.tobytes()
    fanin.Network(4, [fanin.Dense(2)]).predict(X)
    assert X.tobytes() == before
