"""Networks, names and files that cannot become headers are refused with a clear message, and files stay whole."""

from __future__ import annotations

import os
import re

import numpy as np
import pytest

import fanin
from fanin.export.c import layers as layers_in_c


def small_net(**options):
    return fanin.Network(2, [fanin.Dense(3, "tanh"), fanin.Residual([fanin.Dense(3)])], **options)


def assert_refused(net, message, folder, error=ValueError, **options):
    path = folder / "model.h"
    path.write_text("as before")
    with pytest.raises(error, match="^" + re.escape(message)):
        net.to_c(path, **options)
    assert path.read_text() == "as before"
    assert [file.name for file in folder.iterdir()] == ["model.h"]


@pytest.mark.parametrize(
    "name", ["", "2x", "_x", "x_", "a__b", "my net", "größe", "x-y", "x;", "int", "class", "restrict", "x\n"]
)
def test_names_that_c_or_cpp_does_not_allow_are_refused(name, tmp_path):
    assert_refused(small_net(), "name: expected", tmp_path, name=name)


@pytest.mark.parametrize("name", [3, b"model", ["model"]])
def test_a_name_that_is_no_text_is_refused(name, tmp_path):
    assert_refused(small_net(), "name: expected a string", tmp_path, TypeError, name=name)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("model.h", "model"),
        ("My net-2.h", "My_net_2"),
        ("a.b.h", "a_b"),
        ("größe__.h", "gr_e"),
        ("m", "m"),
        (".h", "h"),
    ],
)
def test_names_begin_with_that_of_the_file(file, name, tmp_path):
    for path in (tmp_path / file, os.fsencode(tmp_path / file), str(tmp_path / file)):
        small_net().to_c(path)
    text = (tmp_path / file).read_text()
    assert f"void {name}_predict(const float* x, float* y) {{" in text
    assert f"#define {name.upper()}_INPUTS 2\n" in text


@pytest.mark.parametrize("file", ["2.h", "int.h", "ü.h"])
def test_a_file_whose_name_is_no_name_in_c_asks_for_one(file, tmp_path):
    with pytest.raises(ValueError, match=re.escape(f" from {file!r}; pass name=")):
        small_net().to_c(tmp_path / file)
    small_net().to_c(tmp_path / file, name="model")


@pytest.mark.parametrize("path", [None, 3, ["model.h"]])
def test_a_path_that_is_none_is_refused(path):
    with pytest.raises(TypeError, match=r"^path: expected a str or a path"):
        small_net().to_c(path)


def test_folders_and_files_in_missing_folders_are_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    for path in (".", "folder", "folder/", "none/", tmp_path):
        for name in (None, "model"):
            with pytest.raises(IsADirectoryError, match=re.escape(str(path))):
                small_net().to_c(path, name=name)
    for path in ("", "none/model.h", tmp_path / "none" / "model.h"):
        with pytest.raises(FileNotFoundError, match=re.escape(repr(str(path)))):
            small_net().to_c(path)
    assert [file.name for file in tmp_path.rglob("*")] == ["folder"]
    with pytest.raises(ValueError, match=r"^path: expected no null character"):
        small_net().to_c("a\0.h")


def test_an_input_layer_must_have_learned(tmp_path):
    for layer in (fanin.Standardize(), fanin.PiecewiseLinear(), fanin.Standardize(missing="mean")):
        net = fanin.Network(2, [layer, fanin.Dense(1)])
        message = (
            f"layers[0]: {type(layer).__name__} cannot be written as C: it has not learned from data yet"
        )
        assert_refused(net, message, tmp_path)


def test_numbers_beyond_the_range_of_float_are_refused_with_their_layer(tmp_path):
    net = small_net(dtype="float64")
    weights = net.get_weights()
    weights["layer2.layer1.weight"][1, 1] = 1e39
    net.set_weights(weights)
    message = "layers[1].layers[0]: Dense cannot be written as C: layer2.layer1.weight has numbers beyond"
    assert_refused(net, message, tmp_path)
    far = fanin.Network(2, [fanin.Standardize(), fanin.Dense(1)])
    far.adapt(np.array([[0, 1e39], [1, 1e39 + 1e30]]))
    assert_refused(far, "layers[0]: Standardize cannot be written as C: layer1.centre has", tmp_path)


def test_numbers_too_small_for_float_become_zero(tmp_path):
    net = small_net(dtype="float64")
    net.set_weights({name: np.full_like(w, 1e-42) for name, w in net.get_weights().items()})
    net.to_c(tmp_path / "model.h")
    numbers = re.findall(r"-?\d[^ ,]*f\b", (tmp_path / "model.h").read_text().split("/* y =")[0])
    assert set(numbers) == {"0.0f"}


@pytest.mark.parametrize(
    ("layer", "size", "array"),
    [
        (fanin.Standardize(), 3e38, "scale"),
        (fanin.RobustScale(), 3e38, "scale"),
        (fanin.PiecewiseLinear(), 3e38, "squashed_scale"),
        (fanin.Standardize(), 1e-37, "centre"),
        (fanin.Quantile(), 1e-37, "knots"),
        (fanin.Quantile(), 1e-200, "knots"),
        (fanin.PiecewiseLinear(), 1e-37, "squashed_median"),
        (fanin.OneHot(1), 1e-37, "levels_levels"),
    ],
)
def test_numbers_of_columns_that_would_be_0_in_float_are_refused(layer, size, array, tmp_path):
    net = fanin.Network(1, [layer, fanin.Dense(1)])
    net.adapt(size * np.random.default_rng(0).integers(-90, 91, size=(400, 1)) / 90)
    message = (
        f"layers[0]: {type(layer).__name__} cannot be written as C: layer1.{array} has numbers between 0 and"
    )
    assert_refused(net, message, tmp_path)


def test_centres_below_the_normal_numbers_of_float_count_as_0(tmp_path):
    net = fanin.Network(1, [fanin.BatchNorm(), fanin.Dense(1)], dtype="float64")
    given = {"running_mean": 1e-39, "running_variance": 0.0, "gamma": 1e30}
    weights = net.get_weights() | {f"layer1.{name}": np.array([value]) for name, value in given.items()}
    net.set_weights(weights)
    net.to_c(tmp_path / "model.h")
    (shift,) = re.findall(r"layer1_shift\[1\] = \{\s*(.*)f\}", (tmp_path / "model.h").read_text())
    assert float(shift) == pytest.approx(-1e-9 / np.sqrt(1e-5))


def test_levels_that_are_the_same_in_float_are_refused(tmp_path):
    net = fanin.Network(1, [fanin.OneHot(min_count=1), fanin.Dense(1)])
    net.adapt(np.array([[1.0], [1 + 1e-12], [3.0]]))
    message = "layers[0]: OneHot cannot be written as C: two levels of column 0 are both 1.0 in float"
    assert_refused(net, message, tmp_path)


def test_tables_with_more_rows_than_float_counts_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(layers_in_c, "_MOST_ROWS", 9)
    net = fanin.Network(1, [fanin.Embedding(10, 2), fanin.Dense(1)])
    message = "layers[0]: Embedding cannot be written as C: expected at most 2^24 rows"
    assert_refused(net, message, tmp_path)


def test_a_layer_that_c_does_not_know_is_refused(tmp_path, monkeypatch):
    monkeypatch.delitem(layers_in_c.KINDS, "residual")
    assert_refused(small_net(), "layers[1]: Residual cannot be written as C: to_c does not know", tmp_path)


@pytest.mark.parametrize("name", ["BODY", "ZEROS", "ARRAYS"])
def test_a_header_may_have_the_name_of_a_place_in_its_templates(name, tmp_path):
    net = fanin.Network(2, [fanin.GRU(3), fanin.Dense(1)])
    net.to_c(tmp_path / "model.h", name=name)
    text = (tmp_path / "model.h").read_text()
    assert "@" not in text
    assert f"static inline void {name}_reset({name}_state* state) {{" in text
