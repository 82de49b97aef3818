"""Networks to write as C: one for each activation, loss and layer, and some at random; with rows to predict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import fanin
from fanin import _core
from helpers import loss_for

ROWS, INPUTS = 9, 6


class Example(NamedTuple):
    net: fanin.Network
    rows: NDArray  # float32, (rows, inputs); or (sequences, time, inputs)


def set_at_random(net: fanin.Network, rng: np.random.Generator) -> None:
    """Change all weights and running statistics."""
    weights = net.get_weights()
    for name, values in weights.items():
        if name.endswith("running_variance"):
            weights[name] = rng.uniform(0.3, 3, values.shape)
        else:
            weights[name] = values + 0.2 * rng.normal(size=values.shape)
    net.set_weights(weights)


def example(
    layers: Sequence[fanin.layers.Layer],
    loss: Any = "squared_error",
    *,
    learn_from: NDArray | None = None,
    rows: NDArray | None = None,
    time: int = 0,
    dtype: str = "float32",
    seed: int = 0,
) -> Example:
    rng = np.random.default_rng(seed)
    shape = (ROWS, time, INPUTS) if time else (ROWS, INPUTS)
    given = rng.normal(size=shape) if rows is None else rows
    net = fanin.Network(given.shape[-1], layers, loss, seed=seed, dtype=dtype)
    if learn_from is not None:
        net.adapt(learn_from[:, None] if given.ndim == 3 else learn_from)
    set_at_random(net, rng)
    return Example(net, given.astype("float32"))


def columns(missing: bool = False) -> NDArray:
    """Columns far from 0, of small and of long-tailed spread, constant, and of few values."""
    rng = np.random.default_rng(5)
    X = rng.normal(size=(400, INPUTS))
    X[:, 0] = 1e4 + X[:, 0]
    X[:, 1] = np.exp(3 * X[:, 1])
    X[:, 2] = 7
    X[:, 3] = np.where(X[:, 3] < 0.3, -2, 5)
    X[:, 4] = -300 + 1e-2 * X[:, 4]
    X[:, 5] = rng.integers(0, 12, 400) ** 2
    if missing:
        X[::7, 1] = X[3::11, 4] = np.nan
    return X.astype("float32").astype("float64")


def of_input_layer(layer: fanin.layers.Layer, missing: bool = False, **options: Any) -> Example:
    X = columns(missing)
    rows = np.concatenate([X[:ROWS], X[:ROWS] * 1.5])
    return example([layer, fanin.Dense(4, "tanh"), fanin.Dense(2)], learn_from=X, rows=rows, **options)


def recurrent(
    kind: Any, time: int, *, many: bool = False, after: Sequence[Any] = (), **options: Any
) -> Example:
    layers = [kind(5, return_sequences=True), fanin.Dense(4), kind(7, return_sequences=many), *after]
    return example([*layers, fanin.Dense(3)], time=time, **options)


def at_random(seed: int) -> Example:
    """A net of a few layers in any order."""
    rng = np.random.default_rng(seed)
    names = list(_core.activations())

    def dense(units: int) -> Any:
        norm = bool(rng.integers(2))
        return fanin.Dense(units, str(rng.choice(names)), batch_norm=norm)

    def some(columns: int, depth: int) -> tuple[list[Any], int]:
        layers: list[Any] = []
        for _ in range(rng.integers(1, 5)):
            kind = rng.integers(6)
            if kind == 0 and depth:
                inner, width = some(columns, depth - 1)
                layers.append(fanin.Residual(inner if width == columns else [*inner, dense(columns)]))
            elif kind == 1:
                layers += [fanin.Dense(columns), fanin.BatchNorm()]
            elif kind == 2:
                layers += [fanin.Activation(str(rng.choice(names))), fanin.Dropout(0.2)]
            elif kind == 3:
                layers.append(fanin.Activation(str(rng.choice(names))))
            else:
                columns = int(rng.integers(1, 20))
                layers.append(dense(columns))
        return layers, columns

    X = columns()
    kinds = [None, fanin.Standardize, fanin.RobustScale, fanin.Quantile, fanin.Whiten]
    steps = [None, None, fanin.Recurrent, fanin.GRU, fanin.LSTM]
    of_inputs, of_steps = kinds[rng.integers(len(kinds))], steps[rng.integers(len(steps))]
    time = int(rng.integers(1, 7)) if of_steps else 0
    layers, _ = some(INPUTS, 2)
    if of_steps:
        inner, _ = some(4, 2)
        many = bool(rng.integers(2))
        layers += [of_steps(4, return_sequences=True), *inner, of_steps(3, return_sequences=many)]
    layers += [fanin.Dense(4), *some(4, 1)[0], fanin.Dense(4)]
    rows = X[: ROWS * max(1, time)].reshape(*((ROWS, time) if time else (ROWS,)), INPUTS)
    if of_inputs is None:
        layers.insert(0, fanin.BatchNorm())
        rows = rows / 1e4
    else:
        layers.insert(0, of_inputs())
    options = {"loss": str(rng.choice(["squared_error", "softmax_cross_entropy", "logistic"]))}
    options |= {"dtype": str(rng.choice(["float32", "float64"])), "learn_from": X if of_inputs else None}
    return example(layers, rows=rows, seed=seed, **options)


def examples() -> dict[str, Example]:
    """All of them by name, each a name in C too."""
    dense, few = fanin.Dense(5, "tanh"), [fanin.Dense(1)]
    wide = np.random.default_rng(3).normal(size=(40, INPUTS)) * np.logspace(-3, 4, 40)[:, None]
    found = {name: example([fanin.Dense(7, name), fanin.Dense(3)], rows=wide) for name in _core.activations()}
    found |= {f"loss_{name}": example([dense, fanin.Dense(3)], loss_for(name, 3)) for name in _core.losses()}
    found |= {
        "dropped": example(
            [
                fanin.Residual([fanin.Dropout(0.5)]),
                fanin.Dense(2),
                fanin.Dropout(0.1),
                fanin.Activation("silu"),
            ]
        ),
        "copied": example([fanin.GRU(3), fanin.Activation("identity")], time=4),
        "norm": example([fanin.BatchNorm(), fanin.Dense(5, "relu", batch_norm=True), fanin.Dense(2)]),
        "norm64": example([fanin.BatchNorm(), fanin.Dense(5, batch_norm=True), *few], dtype="float64"),
        "tied": example([fanin.Dense(4, "tanh"), fanin.Dense(3), fanin.Tied(2, "relu"), fanin.Tied(1)]),
        "tied_wide": example([fanin.Dense(11), fanin.Dense(3), fanin.Dense(11, "relu"), fanin.Tied(1)]),
        "residual": example([fanin.Residual([fanin.Residual([fanin.Dense(9), fanin.Dense(INPUTS)])])]),
    }
    ids = np.random.default_rng(1).integers(0, 4, (ROWS, 3))
    found["embedding"] = example([fanin.Embedding(4, 3), *few], rows=ids)
    found["embeddings"] = example([fanin.Embedding([4, 5, 7], 3), *few], rows=ids)
    bags = np.random.default_rng(1).poisson(0.5, (ROWS, 8))
    found["bags"] = example([fanin.Embedding(8, 3, bags=True), *few], rows=bags)
    for layer in (fanin.Standardize, fanin.RobustScale, fanin.Quantile, fanin.Whiten):
        found[layer.name] = of_input_layer(layer())
        found[f"{layer.name}_missing"] = of_input_layer(layer(missing="median"), missing=True)
    found["whiten_few"] = of_input_layer(fanin.Whiten(3), dtype="float64")
    found["piecewise_linear"] = of_input_layer(fanin.PiecewiseLinear(16), missing=True)
    levels = np.floor(np.abs(columns(missing=True)) / 10)
    found["one_hot"] = example(
        [fanin.OneHot(), *few], learn_from=levels, rows=levels[:40] + levels[40:80] % 2
    )
    for kind in (fanin.Recurrent, fanin.GRU, fanin.LSTM):
        found[kind.name] = recurrent(kind, 1)
        found[f"{kind.name}_residual"] = recurrent(kind, 8, after=[fanin.Residual([fanin.Dense(7, "relu")])])
        found[f"{kind.name}_many"] = recurrent(kind, 5, many=True, loss="softmax_cross_entropy")
    words = [fanin.Embedding(4, 3), fanin.GRU(4, return_sequences=True), fanin.Residual([fanin.Dense(4)])]
    found["words"] = example([*words, fanin.Activation("tanh")], rows=np.tile(ids[:, None], (1, 3, 1)))
    return found | {f"random{seed}": at_random(seed) for seed in range(24)}
