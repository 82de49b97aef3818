"""An input that shares memory with an output gives the result of copies, or an error that names both."""

from __future__ import annotations

import re

import numpy as np
import pytest

import fanin
from fanin import functional as F

M, K, N = 200, 5, 4
NET = {kind: fanin.Network(K, [fanin.Dense(N, "tanh")], dtype=kind) for kind in ("float32", "float64")}


def batch_norm_backward(i, out):
    cache = F.BatchNormCache(i["x"], i["gamma"], None, i["variance"], i["offset"], 1e-3)
    return F.batch_norm_backward(i["dy"], cache, out=out)


def gradient(loss):
    return lambda i, out: F.loss_gradient(i["a"], i["y"], loss, sample_weight=i["sample_weight"], out=out)


# a function of its inputs and `out`, their shapes, and the outputs' names and shapes
FUNCTIONS = {
    "dense": (
        lambda i, out: F.dense(i["x"], i["w"], i["b"], activation="tanh", out=out),
        {"x": (M, K), "w": (K, N), "b": (N,)},
        {"out": (M, N)},
    ),
    "dense_backward": (
        lambda i, out: F.dense_backward(i["dz"], i["x"], i["w"], out=out),
        {"dz": (M, N), "x": (M, K), "w": (K, N)},
        {"dx": (M, K), "dw": (K, N), "db": (N,)},
    ),
    "activation": (lambda i, out: F.activation(i["z"], "gelu", out=out), {"z": (M, N)}, {"out": (M, N)}),
    "activation_backward": (
        lambda i, out: F.activation_backward(i["da"], i["z"], "gelu", out=out),
        {"da": (M, N), "z": (M, N)},
        {"out": (M, N)},
    ),
    **{
        f"loss_gradient of {loss}": (
            gradient(loss),
            {"a": (M, N), "y": (M, N), "sample_weight": (M,)},
            {"out": (M, N)},
        )
        for loss in ("squared_error", "softmax_cross_entropy")
    },
    "loss_outputs": (
        lambda i, out: F.loss_outputs(i["a"], "softmax_cross_entropy", out=out),
        {"a": (M, N)},
        {"out": (M, N)},
    ),
    "batch_norm": (
        lambda i, out: F.batch_norm(i["x"], i["gamma"], i["beta"], out=out)[0],
        {"x": (M, N), "gamma": (N,), "beta": (N,)},
        {"out": (M, N)},
    ),
    "batch_norm_backward": (
        batch_norm_backward,
        {"dy": (M, N), "x": (M, N), "gamma": (N,), "variance": (N,), "offset": (N,)},
        {"dx": (M, N), "dgamma": (N,), "dbeta": (N,)},
    ),
    "batch_norm_inference": (
        lambda i, out: F.batch_norm_inference(**i, out=out),
        {"x": (M, N), "mean": (N,), "variance": (N,), "gamma": (N,), "beta": (N,)},
        {"out": (M, N)},
    ),
    "standardize": (
        lambda i, out: F.standardize(i["x"], i["mean"], i["deviation"], out=out)[0],
        {"x": (M, N), "mean": (N,), "deviation": (N,)},
        {"out": (M, N)},
    ),
    "standardize many rows": (
        lambda i, out: F.standardize(i["x"], i["mean"], i["deviation"], out=out)[0],
        {"x": (1000 * M, N), "mean": (N,), "deviation": (N,)},
        {"out": (1000 * M, N)},
    ),
    "predict": (
        lambda i, out: NET[i["X"].dtype.name].predict(i["X"], out=out),
        {"X": (M, K)},
        {"out": (M, N)},
    ),
}
CASES = [
    (name, argument, target)
    for name, (_, inputs, outputs) in FUNCTIONS.items()
    for argument in inputs
    for target in outputs
]


def ways(memory, begin, row, shape):
    """Views of this shape that start at or near an element of a flat array, forwards and backwards."""
    size = int(np.prod(shape))
    for start in (begin, begin - 1, begin + 1, begin + row, begin - row):
        view = memory[start : start + size].reshape(shape)
        yield from (view, view[::-1])
    if len(shape) == 2:
        yield memory[begin : begin + size].reshape(shape[::-1]).T
        yield memory[begin : begin + 2 * size : 2].reshape(shape)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("name", "argument", "target"), CASES, ids=[" ".join(c) for c in CASES])
def test_inputs_that_overlap_an_output_are_exact_or_refused(name, argument, target, dtype):
    function, shapes, outputs = FUNCTIONS[name]
    rng = np.random.default_rng(1)
    shape, row = outputs[target], outputs[target][-1]
    size = 2 * int(np.prod(shape)) + 2 * int(np.prod(shapes[argument])) + 2 * row
    values = rng.uniform(0.5, 1.5, size).astype(dtype)
    others = {key: rng.uniform(0.5, 1.5, s).astype(dtype) for key, s in shapes.items() if key != argument}
    refused = rf"{target}: expected (memory apart from the inputs, but it overlaps {argument}|x itself, or)"
    begin = 2 * row
    for number in range(sum(1 for _ in ways(values, begin, row, shapes[argument]))):
        memory = values.copy()
        view = list(ways(memory, begin, row, shapes[argument]))[number]
        out = memory[begin : begin + int(np.prod(shape))].reshape(shape)
        outs = out if len(outputs) == 1 else [out if key == target else None for key in outputs]
        expected = function({**others, argument: view.copy()}, None)
        refusal = ""
        try:
            function({**others, argument: view}, outs)
        except ValueError as error:
            refusal = str(error)
        if refusal:
            assert re.match(refused, refusal), refusal
            assert np.array_equal(memory, values)
            continue
        if len(outputs) > 1:
            expected = expected[list(outputs).index(target)]
        assert np.array_equal(out, expected), number


def test_the_ways_of_overlapping_do_overlap():
    memory = np.zeros(100)
    assert all(np.shares_memory(view, memory[20:40]) for view in ways(memory, 20, 4, (5, 4)))


def test_an_elementwise_function_works_in_place():
    z = np.linspace(-2, 2, 1001)
    da = z + 1
    expected = F.activation_backward(da, z, "silu")
    for out in (da.copy(), z.copy()):
        F.activation_backward(
            out if out[0] == da[0] else da, out if out[0] == z[0] else z, "silu", out=out[:]
        )
        assert np.array_equal(out, expected)


def test_labels_that_overlap_the_gradient_are_refused():
    memory = np.zeros(40)
    with pytest.raises(ValueError, match="out: expected memory apart from the inputs, but it overlaps y"):
        F.loss_gradient(
            np.ones((10, 4)), memory.view("int64")[5:15], "softmax_cross_entropy", out=memory.reshape(10, 4)
        )


def test_outputs_must_not_overlap_each_other():
    memory, ones = np.empty((4, 4)), np.ones((4, 4))
    with pytest.raises(
        ValueError, match="dw: expected memory apart from the other outputs, but it overlaps dx"
    ):
        F.dense_backward(ones, ones, ones, out=[memory, memory, None])
    _, cache = F.batch_norm(np.arange(16.0).reshape(4, 4), np.ones(4), np.zeros(4))
    with pytest.raises(ValueError, match=r"dbeta: expected memory apart .*, but it overlaps dgamma"):
        F.batch_norm_backward(ones, cache, out=(None, memory[0], memory[0]))


def test_standardize_returns_the_mean_and_deviation_it_used():
    x = np.random.default_rng(2).uniform(1, 2, (200_000, 3))
    mean, deviation = x[0].copy(), x[1].copy()
    expected = (x - mean) / deviation
    z, used_mean, used_deviation = F.standardize(x, x[0], x[1], out=x)
    assert z is x
    for got, wanted in ((x, expected), (used_mean, mean), (used_deviation, deviation)):
        assert np.array_equal(got, wanted)
