"""ONNX models in ONNX Runtime, and networks to write as such."""

from __future__ import annotations

import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

import fanin
from fanin import _core

TOLERANCE = {"float32": 1e-6, "float64": 1e-12}  # of the largest output
TYPES = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(int64)": np.int64}


def model_of(exported: Any, **options: Any) -> onnx.ModelProto:
    """The model that a network or an estimator writes."""
    with tempfile.TemporaryDirectory() as folder:
        exported.to_onnx(Path(folder) / "model.onnx", **options)
        return onnx.load(Path(folder) / "model.onnx")


def run(
    exported: Any, X: Any = None, *, opset: int = 17, to_onnx: Any = None, **inputs: Any
) -> dict[str, NDArray]:
    """The outputs of its model in ONNX Runtime by name; X is converted to the type of the input."""
    model = model_of(exported, opset=opset, **(to_onnx or {}))
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    if X is not None:
        inputs["X"] = np.asarray(X).astype(TYPES[session.get_inputs()[0].type])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, inputs), strict=True))


def assert_close(found: NDArray, expected: NDArray, tolerance: float) -> None:
    """Compare arrays of the same shape and type, relative to the largest number."""
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * np.abs(expected).max())


def assert_same(net: fanin.Network, X: Any, *, opset: int = 17, tolerance: float | None = None) -> None:
    """ONNX Runtime predicts what the network does."""
    found = run(net, X, opset=opset)["prediction"]
    assert_close(found, net.predict(X), tolerance or TOLERANCE[str(net.dtype)])


def set_all_at_random(net: fanin.Network, rng: np.random.Generator) -> fanin.Network:
    """Change all arrays, running statistics too."""
    weights = net.get_weights()
    for name, array in weights.items():
        positive = name.endswith("running_variance")
        change = 0.2 * rng.normal(size=array.shape)
        weights[name] = rng.uniform(0.5, 2, size=array.shape) if positive else array + change
    net.set_weights(weights)
    return net


def random_net(seed: int, dtype: str) -> tuple[fanin.Network, NDArray]:
    """A net of layers of any kind, with rows, some values of which are missing, or sequences of them."""
    rng = np.random.default_rng(seed)
    columns = int(rng.integers(1, 6))
    shape = (40, int(rng.integers(1, 8)), columns) if (recurrent := rng.random() < 0.4) else (60, columns)
    X = rng.normal(size=shape)
    X, layers = _random_start(rng, X)
    for _ in range(rng.integers(1, 6)):
        layers.append(_random_layer(rng))
    layers = [b for a, b in pairwise([None, *layers]) if not a or (a, b) != (fanin.Dropout(0.3), a)]
    if recurrent:
        kinds = (fanin.Recurrent, fanin.GRU, fanin.LSTM)
        many = bool(rng.integers(2))
        units = map(int, rng.integers(1, 9, size=2))
        first, second = (kinds[k] for k in rng.integers(3, size=2))
        layers += [first(next(units), return_sequences=True), fanin.Dropout(0.1)]
        layers += [second(next(units), return_sequences=many)]
    layers.append(fanin.Dense(int(rng.integers(2, 5))))
    loss = ["squared_error", "softmax_cross_entropy", "logistic"][rng.integers(3)]
    net = fanin.Network(columns, layers, loss, seed=seed, dtype=dtype)
    if net._core.has_input_layer:
        net.adapt(X[: len(X) // 2])
    return set_all_at_random(net, rng), X


def _random_start(rng: np.random.Generator, X: NDArray) -> tuple[NDArray, list[Any]]:
    """Rows that suit a first layer, and this layer, if there is one."""
    kind = rng.integers(9)
    if kind == 0:
        return rng.integers(0, 9, size=X.shape), [fanin.Embedding(9, int(rng.integers(1, 5)))]
    if kind == 1:
        return rng.integers(0, 9, size=X.shape), [fanin.OneHot(min_count=3)]
    if kind == 2:
        return X, [fanin.BatchNorm()] if rng.integers(2) else []
    X = X * 10.0 ** rng.integers(-3, 4, size=X.shape[-1]) + rng.normal(size=X.shape[-1])
    X[rng.random(X.shape) < 0.05] = np.nan
    if kind == 3:
        return X, [fanin.PiecewiseLinear(bins=int(rng.integers(1, 9)))]
    maps = (fanin.Standardize, fanin.RobustScale, fanin.Quantile, fanin.Whiten)
    missing = ["mean", "median"][rng.integers(2)]
    return X, [maps[rng.integers(4)](missing=missing, indicators=bool(rng.integers(2)))]


def _random_layer(rng: np.random.Generator) -> Any:
    activation: Any = _core.activations()[rng.integers(len(_core.activations()))]
    units = int(rng.integers(1, 40))
    return (
        fanin.Dense(units, activation),
        fanin.Dense(units, activation, batch_norm=fanin.BatchNorm(epsilon=1e-3)),
        fanin.Dropout(0.3),
        fanin.Activation(activation),
        fanin.Residual([fanin.Activation(activation), fanin.Residual([fanin.Dropout(0.1)])]),
    )[rng.integers(5)]
