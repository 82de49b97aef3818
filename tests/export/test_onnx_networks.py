"""Networks as ONNX models give the same predictions in ONNX Runtime."""

from __future__ import annotations

import json

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator

import fanin
from fanin import _core, optim
from fanin.export.onnx.activations import activated
from fanin.export.onnx.graph import Graph
from fanin.export.onnx.layers import WRITERS
from helpers import loss_for
from onnx_models import assert_close, assert_same, model_of, random_net, run, set_all_at_random
from reference.layers import predict

INPUT_MAPS = [fanin.Standardize, fanin.RobustScale, fanin.Quantile, fanin.Whiten]


@pytest.fixture(name="X")
def rows_of_five(rng):
    return rng.normal(size=(50, 5))


def test_every_kind_of_layer_can_be_written():
    assert set(WRITERS) == set(fanin.layers.BY_NAME)
    for name in _core.activations():
        assert activated(Graph(onnx, "float32"), name, "z")


def test_every_activation_is_the_same_in_onnx(every_activation, dtype, rng):
    net = fanin.Network(
        1, [fanin.Activation(every_activation), fanin.Dense(1, initializer=[[1.0]])], dtype=dtype
    )
    z = np.concatenate([np.linspace(-12, 12, 301), [-1e4, 0, 1e4]])[:, None]
    found, expected = run(net, z)["prediction"], net.predict(z)
    tolerance = 1e-6 if dtype == "float32" or every_activation == "gelu" else 1e-12  # erf is in float32
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


def test_outputs_of_every_loss_are_the_same_in_onnx(every_loss, dtype, rng, X):
    net = fanin.Network(5, [fanin.Dense(9, "tanh"), fanin.Dense(3)], loss_for(every_loss, 3), dtype=dtype)
    assert_same(set_all_at_random(net, rng), X)


@pytest.mark.parametrize("seed", range(60))
def test_random_nets_predict_the_same_in_onnx(seed, dtype):
    net, X = random_net(seed, dtype)
    if dtype == "float64" and "gelu" in repr(net):
        assert_same(net, X, tolerance=1e-6)
    else:
        assert_same(net, X)


@pytest.mark.parametrize("kind", INPUT_MAPS)
@pytest.mark.parametrize("missing", ["error", "mean", "median"])
def test_input_maps_are_part_of_the_model(kind, missing, dtype, rng, X):
    X = X * [1, 1e3, 1e-3, 1, 1] + [0, 1e6, 0, 0, 5]
    X[:, 4] = 5  # constant
    net = fanin.Network(5, [kind(missing=missing), fanin.Dense(6, "tanh"), fanin.Dense(2)], dtype=dtype)
    if missing != "error":
        X[3:9, 2] = X[4, 1] = np.nan
    net.adapt(X)
    other = X * 3
    other[0] = 1e30
    if missing != "error":
        other[5, 0] = np.nan  # a column without missing values in training
    assert_same(net, X)
    assert_same(net, other)


@pytest.mark.parametrize(
    "layer", [fanin.PiecewiseLinear(), fanin.PiecewiseLinear(1), fanin.OneHot(1)], ids=repr
)
def test_codes_of_inputs_are_part_of_the_model(layer, dtype, rng):
    X = rng.integers(0, 6, size=(80, 4)) / 7
    X[:, 1] = X[:, 1] > 0.5  # two values
    X[:, 2] = 1  # constant
    X[4:8, 0] = X[9, 1] = np.nan
    net = fanin.Network(4, [layer, fanin.Dense(6, "tanh"), fanin.Dense(2)], dtype=dtype)
    net.adapt(X)
    assert_same(set_all_at_random(net, rng), np.concatenate([X, X * 2, -X, X - 0.01]))


def test_rare_levels_share_a_column_in_onnx(dtype, rng):
    X = np.array([[1.5]] * 50 + [[-2.0]] * 50 + [[3.0], [4.0], [-0.0]])
    net = fanin.Network(1, [fanin.OneHot(), fanin.Dense(2)], dtype=dtype)
    net.adapt(X)
    assert_same(set_all_at_random(net, rng), np.concatenate([X, [[0.0], [7.0], [np.nan]]]))


def test_embeddings_read_whole_numbers(dtype, rng):
    ids = rng.integers(0, 3, size=(20, 2))
    for n in (5, [3, 4]):
        net = fanin.Network(2, [fanin.Embedding(n, 3), fanin.Dense(2)], dtype=dtype)
        assert_same(net, ids)
        assert run(net, ids[:0])["prediction"].shape == (0, 2)
    words = fanin.Network(2, [fanin.Embedding(5, 3), fanin.GRU(4), fanin.Dense(1)], dtype="float64")
    assert run(words, ids[:0, None])["prediction"].shape == (0, 1)


def test_bags_are_counts_of_rows_of_the_table(dtype):
    net = fanin.Network(5, [fanin.Embedding(5, 3, bags=True), fanin.Dense(2)], dtype=dtype)
    bags = fanin.bags([0, 3, 3, 4], [0, 3, 4], 5)
    assert_close(run(net, bags.toarray())["prediction"], net.predict(bags), 1e-6)
    assert_same(net, bags.toarray())


def test_tied_layers_share_their_weights(dtype, rng, X):
    layers = [fanin.Dense(8, "tanh"), fanin.Dense(2), fanin.Tied(2, "tanh"), fanin.Tied(1)]
    net = set_all_at_random(fanin.Network(5, layers, dtype=dtype), rng)
    assert_same(net, X)
    names = {constant.name for constant in model_of(net).graph.initializer}
    assert {name for name in names if name.startswith("layer")} == set(net.get_weights())


def test_batch_norm_of_inputs_far_from_zero_keeps_their_digits(rng):
    X = 1e5 + rng.normal(size=(50, 3)).astype("float32")
    net = fanin.Network(3, [fanin.BatchNorm(), fanin.Dense(1)])
    net.fit(X, X[:, 0] - 1e5, epochs=20)
    exact = predict(
        net.layers, {k: w.astype("float64") for k, w in net.get_weights().items()}, X.astype("float64")
    )
    assert_close(run(net, X)["prediction"], exact[:, 0].astype("float32"), 1e-5)


def test_predictions_have_the_shape_of_the_targets_of_the_fit(X):
    net = fanin.Network(5, [fanin.Dense(1)])
    assert run(net, X)["prediction"].shape == (50, 1)
    net.fit(X, X[:, 0], epochs=1)
    assert_same(net, X)
    assert run(net, X[:1])["prediction"].shape == (1,)


def test_predictions_are_those_of_averaged_weights(X):
    net = fanin.Network(5, [fanin.Dense(4, "relu"), fanin.Dense(2)])
    net.fit(X, X[:, :2], rule=optim.Around(optim.Adam(0.1), average_decay=0.9), epochs=3)
    assert_same(net, X)


@pytest.mark.parametrize("opset", [13, 15, 20])
def test_other_versions_of_the_operators_give_the_same_predictions(opset):
    for seed in range(8):
        net, X = random_net(seed, "float32")
        assert_same(net, X, opset=opset)
        assert model_of(net, opset=opset).opset_import[0].version == opset


def test_another_runtime_gives_the_same_predictions(rng, X):
    layers = [fanin.PiecewiseLinear(4), fanin.Dense(6, "gelu", batch_norm=True), fanin.Dense(3)]
    net = fanin.Network(5, layers, "softmax_cross_entropy", dtype="float64")
    net.adapt(X)
    (found,) = ReferenceEvaluator(model_of(set_all_at_random(net, rng))).run(None, {"X": X})
    assert_close(found, net.predict(X), 1e-7)


def test_a_model_says_where_it_is_from_and_what_it_is():
    pandas = pytest.importorskip("pandas")
    net = fanin.Network(2, [fanin.Dense(4, "relu"), fanin.Dense(1)])
    net.metadata = {"units": "Grüße"}
    net.fit(pandas.DataFrame({"a": [0.0, 1.0], "b": [2.0, 3.0]}), [1.0, 2.0], epochs=1)
    model = model_of(net)
    assert (model.producer_name, model.producer_version) == ("fanin", fanin.__version__)
    assert model.doc_string == repr(net)
    texts = {entry.key: entry.value for entry in model.metadata_props}
    assert texts["units"] == "Grüße"
    assert json.loads(texts["columns of X"]) == ["a", "b"]
    assert [value.name for value in model.graph.input] == ["X"]
    assert [value.name for value in model.graph.output] == ["prediction"]
    dimensions = model.graph.input[0].type.tensor_type.shape.dim
    assert [(d.dim_param, d.dim_value) for d in dimensions] == [("rows", 0), ("", 2)]
