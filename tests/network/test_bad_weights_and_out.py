"""Invalid arrays for set_weights and predict's out are rejected with a clear message, and nothing is written."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from helpers import digest


@pytest.fixture
def classifier():
    layers = [fanin.Dense(4, "tanh"), fanin.Dense(3)]
    return fanin.Network(8, layers, loss="softmax_cross_entropy")


def good_weights(net):
    return {name: np.ones_like(w) for name, w in net.get_weights().items()}


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"layer2.weight": np.ones((3, 4))}, ValueError, r"layer2\.weight: .*\(4, 3\).*\(3, 4\)"),
        ({"layer2.weight": np.ones(12)}, ValueError, r"layer2\.weight: .*\(4, 3\).*\(12,\)"),
        ({"layer2.weight": np.ones((4, 3, 1))}, ValueError, r"layer2\.weight: .*\(4, 3\).*\(4, 3, 1\)"),
        ({"layer2.weight": np.ones((0, 3))}, ValueError, r"layer2\.weight: .*\(4, 3\).*\(0, 3\)"),
        ({"layer2.weight": 1.0}, ValueError, r"layer2\.weight: .*\(4, 3\)"),
        ({"layer2.bias": np.ones(4)}, ValueError, r"layer2\.bias: .*\(3,\).*\(4,\)"),
        ({"layer2.bias": np.ones((3, 1))}, ValueError, r"layer2\.bias: .*\(3,\).*\(3, 1\)"),
        ({"layer2.weight": np.ones((4, 3), dtype=object)}, TypeError, r"layer2\.weight"),
        ({"layer2.weight": np.full((4, 3), "w")}, TypeError, r"layer2\.weight"),
        ({"layer2.weight": np.ones((4, 3), dtype=complex)}, TypeError, r"layer2\.weight"),
        ({"layer2.weight": None}, TypeError, r"layer2\.weight"),
        ({"layer3.weight": np.ones((3, 3))}, ValueError, r"layer3\.weight"),
        ({"layer2.Bias": np.ones(3)}, ValueError, r"layer2\.Bias"),
        ({2: np.ones(3)}, (TypeError, ValueError), "2"),
    ],
    ids=str,
)
def test_set_weights_writes_nothing_if_one_array_is_wrong(classifier, change, error, words):
    before = digest(classifier)
    with pytest.raises(error, match=words):
        classifier.set_weights({**good_weights(classifier), **change})
    assert digest(classifier) == before
    classifier.set_weights(good_weights(classifier))
    assert digest(classifier) != before


@pytest.mark.parametrize("missing", ["layer1.weight", "layer2.bias"])
def test_set_weights_names_what_is_missing(classifier, missing):
    before, weights = digest(classifier), good_weights(classifier)
    del weights[missing]
    with pytest.raises(ValueError, match=missing):
        classifier.set_weights(weights)
    assert digest(classifier) == before


@pytest.mark.parametrize("weights", [None, [1, 2], np.ones(3), "layer1.weight"], ids=str)
def test_set_weights_takes_a_dict_only(classifier, weights):
    with pytest.raises(TypeError, match="weights"):
        classifier.set_weights(weights)


def read_only():
    out = np.zeros((10, 2), "float32")
    out.setflags(write=False)
    return out


OUTS = {
    "units": np.zeros((10, 3), "float32"),
    "rows": np.zeros((9, 2), "float32"),
    "1-D": np.zeros(20, "float32"),
    "float64": np.zeros((10, 2), "float64"),
    "int": np.zeros((10, 2), "int32"),
    "big-endian": np.zeros((10, 2), ">f4"),
    "fortran": np.zeros((10, 2), "float32", order="F"),
    "strided": np.zeros((20, 2), "float32")[::2],
    "misaligned": np.frombuffer(bytearray(81), "float32", offset=1, count=20).reshape(10, 2),
    "read-only": read_only(),
    "list": [[0.0] * 2] * 10,
    "number": 7,
}


@pytest.mark.parametrize("out", OUTS.values(), ids=OUTS.keys())
def test_predict_never_writes_into_a_converted_copy_of_out(rng, out):
    before, net = np.array(out), fanin.Network(8, [fanin.Dense(4, "tanh"), fanin.Dense(2)])
    with pytest.raises((TypeError, ValueError), match="out"):
        net.predict(rng.normal(size=(10, 8)), out=out)
    np.testing.assert_array_equal(out, before)
