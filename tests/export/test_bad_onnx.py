"""What cannot be written as ONNX is refused with a clear message, and files stay as they were."""

from __future__ import annotations

import os

import numpy as np
import onnx
import pytest

import fanin
from fanin.export.onnx import graph, layers
from helpers import refuse_imports


@pytest.fixture(name="net")
def small_net():
    return fanin.Network(2, [fanin.Dense(3, "relu"), fanin.Dense(1)])


@pytest.fixture(name="path")
def path_of_model(tmp_path):
    return tmp_path / "model.onnx"


NEWEST = onnx.defs.onnx_opset_version()


@pytest.mark.parametrize("opset", [1, 12, NEWEST + 1, 10**9])
def test_versions_of_operators_that_are_too_old_or_unknown_are_refused(opset, net, path):
    expected = f"opset: expected 13 to {NEWEST}, for onnx {onnx.__version__}, got {opset}"
    with pytest.raises(ValueError, match=expected):
        net.to_onnx(path, opset=opset)
    assert not path.exists()


@pytest.mark.parametrize("opset", ["17", None, 17.0, True])
def test_versions_of_operators_are_integers(opset, net, path):
    with pytest.raises(TypeError, match="opset: expected an integer, got"):
        net.to_onnx(path, opset=opset)


def test_lengths_are_for_sequences(net, path):
    with pytest.raises(ValueError, match="lengths: expected False for a network without recurrent layers"):
        net.to_onnx(path, lengths=True)
    with pytest.raises(TypeError, match="lengths: expected True or False, got 1"):
        net.to_onnx(path, lengths=1)


@pytest.mark.parametrize("kind", [fanin.Standardize, fanin.PiecewiseLinear, fanin.OneHot, fanin.Whiten])
def test_an_input_layer_must_have_learned_before_it_is_written(kind, path):
    net = fanin.Network(2, [kind(), fanin.Dense(1)])
    message = rf"layers\[0\]: {kind.__name__} cannot be written as ONNX: it has not learned from data yet"
    with pytest.raises(ValueError, match=message):
        net.to_onnx(path)


def test_a_layer_that_onnx_cannot_say_is_named_with_its_number(net, path, monkeypatch):
    monkeypatch.delitem(layers.WRITERS, "dropout")
    net = fanin.Network(
        2, [fanin.Dense(2), fanin.Residual([fanin.Dense(2), fanin.Dropout()]), fanin.Dense(1)]
    )
    with pytest.raises(ValueError, match=r"layers\[1\]\.layers\[1\]: Dropout cannot be written as ONNX"):
        net.to_onnx(path)
    net = fanin.Network(2, [fanin.Dropout(), fanin.Dense(1)])
    with pytest.raises(ValueError, match=r"layers\[0\]: Dropout cannot be written as ONNX"):
        net.to_onnx(path)


def test_networks_of_2_gb_are_refused(net, path, monkeypatch):
    monkeypatch.setattr(graph, "MOST_BYTES", 40)
    with pytest.raises(
        ValueError, match="to_onnx: expected less than 2 GB of weights, the limit of ONNX models"
    ):
        net.to_onnx(path)
    assert not path.exists()


@pytest.mark.parametrize(("path", "kind"), [(3, TypeError), (None, TypeError), ("a\0b", ValueError)])
def test_paths_of_models_are_texts_or_paths(path, kind, net):
    with pytest.raises(kind, match="path: expected"):
        net.to_onnx(path)


def test_a_folder_that_does_not_exist_is_named(net, tmp_path):
    path = tmp_path / "none" / "model.onnx"
    with pytest.raises(FileNotFoundError) as error:
        net.to_onnx(path)
    assert error.value.filename == str(path)
    for folder in (tmp_path, f"{tmp_path}/none/"):
        with pytest.raises(IsADirectoryError):
            net.to_onnx(folder)
    assert not list(tmp_path.iterdir())


def test_models_replace_files_as_a_whole(net, path, monkeypatch):
    net.to_onnx(os.fsencode(path))
    before = path.read_bytes()
    net.set_weights({name: array + 1 for name, array in net.get_weights().items()})

    def fail(*args, **options):
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", fail)
        with pytest.raises(OSError, match="no space left"):
            net.to_onnx(path)
    assert path.read_bytes() == before
    net.to_onnx(str(path))
    assert path.read_bytes() != before
    assert [file.name for file in path.parent.iterdir()] == ["model.onnx"]


def test_the_same_network_gives_the_same_bytes(net, path):
    net.to_onnx(path)
    before = path.read_bytes()
    net.copy().to_onnx(path)
    assert path.read_bytes() == before


def test_without_onnx_the_message_names_the_extra(net, path, monkeypatch):
    refuse_imports(monkeypatch, "onnx")
    message = r'to_onnx: needs onnx, which cannot be imported; install it with pip install "fanin\[onnx\]"'
    with pytest.raises(ImportError, match=message):
        net.to_onnx(path)
    assert np.isfinite(net.predict([[0.0, 1.0]])).all()
