"""The text of `Network.summary`."""

from __future__ import annotations

import pickle
import re

import numpy as np
import pytest

import fanin
from fanin.summary import condition_numbers


@pytest.fixture(autouse=True)
def _terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")


def test_a_summary_lists_layers_shapes_parameters_and_memory_with_totals():
    block = fanin.Residual([fanin.Dense(256)])
    layers = [fanin.Dropout(0.1), fanin.Dense(256, "relu", batch_norm=True), block, fanin.Dense(10)]
    lines = fanin.Network(784, layers).summary().splitlines()
    assert lines == [
        "layer   kind                          shape  parameters   memory",
        "layer1  dropout 0.1              784 -> 784           -        -",
        "layer2  dense, relu, batch norm  784 -> 256     201,216   807 kB",
        "layer3  residual (identity)      256 -> 256      65,792   263 kB",
        "layer4  dense, identity           256 -> 10       2,570  10.3 kB",
        "total   squared error, float32    784 -> 10     269,578  1.08 MB",
    ]


def test_a_summary_says_what_the_input_layer_has_learned():
    net = fanin.Network(3, [fanin.RobustScale("mean"), fanin.Dense(1)])
    assert net.summary().splitlines()[1:] == [
        "layer1  robust scale            3 -> ?           -       -",
        "layer2  dense, identity         ? -> 1           -       -",
        "total   squared error, float32  3 -> 1           -       -",
        "parameters are laid out when the input layer learns",
        "the input layer has not learned yet",
    ]
    net.adapt([[1.0, 5.0, 7.0], [3.0, np.nan, 7.0]])
    assert net.summary().splitlines()[1:] == [
        "layer1  robust scale            3 -> 4           -   80 bytes",
        "layer2  dense, identity         4 -> 1           5   20 bytes",
        "total   squared error, float32  3 -> 1           5  100 bytes",
        "columns of X: centres 2 to 7, scales 1 to 1, 2 constant",
        "columns with missing values: 1",
        "condition number of the inputs: 1, of what the first layer gets: 6.559",
    ]


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_a_summary_wraps_long_kinds_at_the_width_of_the_terminal_or_eighty(columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    block = fanin.Residual([fanin.Dense(64, "leaky_relu"), fanin.Dropout(0.25)] * 3)
    net = fanin.Network(64, [fanin.Standardize(), block, fanin.Dense(1)])
    lines = net.summary().splitlines()
    assert max(map(len, lines)) <= (60 if columns == 40 else 80)
    words = " ".join(lines).split()
    assert sum("leaky_relu" in word for word in words) == sum("0.25" in word for word in words) == 3
    assert len({len(line) for line in lines if line.startswith(("layer", "total"))}) == 1


def test_an_interpreter_and_print_show_the_lines_of_a_summary():
    net = fanin.Network(2, [fanin.Dense(1)])
    assert str(net) == net.summary() == repr(net.summary())
    assert repr(net) == "<fanin.Network 2-1 (identity), squared_error, float32, 3 parameters>"
    assert pickle.loads(pickle.dumps(net.summary())) == net.summary()


def test_a_notebook_shows_a_summary_as_a_table_in_its_own_colours():
    net = fanin.Network(3, [fanin.Standardize(), fanin.Dense(1)])
    page = net._repr_html_()
    assert page == net.summary()._repr_html_()
    cells = re.findall(r"<t[hd] [^>]*>([^<]*)|<td>([^<]*)", page)
    cells = [first or second for first, second in cells]
    assert cells[:5] == ["layer", "kind", "shape", "parameters", "memory"]
    assert cells[-5:] == ["total", "squared error, float32", "3 -&gt; 1", "4", "16 bytes"]
    assert "the input layer has not learned yet" in page
    assert "<script" not in page
    assert set(re.findall(r"(?:color|background): ([^;]+);", page)) == {"inherit", "none"}


def test_the_condition_number_of_standardized_independent_columns_is_near_one():
    X = np.random.default_rng(0).normal([1000, 0], [1, 50], size=(9000, 2))
    net = fanin.Network(2, [fanin.Standardize("mean", indicators=False), fanin.Dense(1)])
    assert condition_numbers(net, X)[1] is None
    net.adapt(X)
    before, after = condition_numbers(net, X)
    eigenvalues = np.linalg.eigvalsh(X.T @ X)
    assert before == pytest.approx(eigenvalues[-1] / eigenvalues[0], rel=0.2)
    assert 1 <= after < 1.2
    assert condition_numbers(net, np.full((3, 2), np.nan)) == (1.0, 1.0)
    with pytest.raises(ValueError, match="X: expected at least one row, got none"):
        net.summary(X[:0])


def test_a_condition_number_does_not_take_rounding_for_a_direction_or_a_direction_for_rounding():
    rng = np.random.default_rng(1)
    far = np.stack([1e6 + rng.normal(size=500), 1e-3 * rng.normal(size=500)], axis=1)
    twice = np.repeat(rng.normal(size=(300, 1)), 3, axis=1)
    for X, before in ((far, 1e18), (twice, 1)):
        net = fanin.Network(X.shape[1], [fanin.Whiten(), fanin.Dense(1)])
        net.adapt(X)
        assert condition_numbers(net, X) == (pytest.approx(before, rel=0.2), pytest.approx(1, abs=1e-4))


def test_condition_numbers_are_kept_with_the_model_until_the_layer_learns_anew():
    X = np.random.default_rng(0).normal([1000, 0], [1, 50], size=(300, 2))
    fitted, adapted = (fanin.Network(2, [fanin.Standardize(), fanin.Dense(1)]) for _ in range(2))
    fitted.fit(X, X[:, 0], rule=fanin.optim.SGD(1e-3), epochs=1)
    adapted.adapt(X)
    line = adapted.summary(X).splitlines()[-1]
    assert line.startswith("condition number")
    for net in (fitted, adapted, adapted.copy(), fanin.Network.from_bytes(fitted.to_bytes())):
        assert net.summary().splitlines()[-1] == line
    adapted.adapt_chunks([(X / [1, 50], None)])
    assert adapted.summary().splitlines()[-1] != line
