"""Trains a three-layer net and many small ones; prints the active instruction set, the threads and the bits.

The same-bits tests run this in process and in fresh processes. The data come from exact arithmetic, so they are
the same on every machine.
"""

from __future__ import annotations

import dataclasses
import hashlib
import itertools

import numpy as np

import fanin
from fanin import _core, functional
from helpers import dense_with, digest, initializer_for, loss_for, rule_named

ROWS, INPUTS, CLASSES = 330, 75, 10


def data():
    """Values k / 32 that look random, and labels."""
    cells = np.arange(ROWS * INPUTS, dtype="int64")
    X = ((cells * cells * 31 + cells * 17) % 127 - 63) / 32
    return X.reshape(ROWS, INPUTS), (np.arange(ROWS) * 7) % CLASSES


def trained_bits(dtype: str, rule: str = "adam") -> str:
    """Sizes that are not multiples of a panel, a row block or a batch."""
    layers = [fanin.Dense(130, "tanh"), fanin.Dense(71, "relu"), fanin.Dense(CLASSES)]
    net = fanin.Network(INPUTS, layers, loss="softmax_cross_entropy", seed=11, dtype=dtype)
    net.fit(*data(), rule=rule_named(rule), epochs=3, batch_size=100)
    weights = np.concatenate([w.ravel() for w in net.get_weights().values()])
    assert np.isfinite(weights).all()
    return digest(net)


def bits_of_many_shapes(dtype: str) -> str:
    """One digest of small nets with sizes around those of registers, panels and row blocks."""
    X, y = data()
    digests = []
    for n_inputs, hidden, outputs, batch_size in itertools.product(
        (1, 8, 33), (1, 15, 16, 31, 65), (1, 3, 10), (1, 5, 63, 65, 130)
    ):
        layers = [fanin.Dense(hidden, "logistic"), fanin.Dense(outputs, "tanh")]
        net = fanin.Network(n_inputs, layers, seed=hidden, dtype=dtype)
        x, targets = X[:batch_size, :n_inputs], np.outer(y[:batch_size], np.ones(outputs)) / 16
        net.fit(x, targets, rule=rule_named("adam"), epochs=2, batch_size=max(1, batch_size - 1))
        digests.append(digest(net))
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def bits_of_every_activation_and_loss(dtype: str) -> str:
    """One digest of nets with each activation, each with another loss in turn, and sample weights."""
    X, y = data()
    digests = []
    for i, (activation, loss) in enumerate(
        zip(_core.activations(), itertools.cycle(_core.losses()), strict=False)
    ):
        layers = [fanin.Dense(41, activation), fanin.Dense(CLASSES, bias_initializer="base_rate")]
        net = fanin.Network(INPUTS, layers, loss_for(loss, CLASSES), seed=i, dtype=dtype)
        columns = 1 if loss == "quantile" else CLASSES
        labels = loss == "softmax_cross_entropy" and i % 2
        least = 1 if loss == "gamma" else 0
        targets = y if labels else (np.outer(y, np.arange(1, columns + 1)) % 17 + least) / 16
        net.fit(X, targets, rule=rule_named("adam"), epochs=2, batch_size=70, sample_weight=(y + i) % 5)
        digests.append(digest(net))
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def bits_of_every_initializer(dtype: str) -> str:
    """One digest of the initial weights and biases of nets with each initializer."""
    digests = []
    for name in _core.initializers():
        layer = dense_with(name, INPUTS, 71, "silu")
        if name not in ("base_rate", "sparse", "orthogonal", "identity"):
            layer = dataclasses.replace(layer, bias_initializer=initializer_for(name, 71))
        digests.append(digest(fanin.Network(INPUTS, [layer], seed=2**40 + 1, dtype=dtype)))
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def bits_of_batch_norm(dtype: str) -> str:
    """One digest of batch norm on arrays, and of nets with layers that divide evenly among threads or do not."""
    X, y = data()
    x = (X + 1000 * (X[:1] > 0)).astype(dtype)
    value, cache = functional.batch_norm(x, x[1], x[2])
    arrays = [value, cache.mean, cache.variance, *functional.batch_norm_backward(x[::-1], cache)]
    digests = [hashlib.sha256(array.tobytes()).hexdigest() for array in arrays]
    for hidden, batch_size in itertools.product((1, 33, 130), (2, 64, 109, 329)):
        norm = fanin.BatchNorm(decay=0.7, bias_correction=hidden == 33)
        layers = [fanin.Dense(n, "gelu", batch_norm=norm) for n in (hidden, 64, CLASSES)]
        net = fanin.Network(INPUTS, layers, "softmax_cross_entropy", seed=hidden, dtype=dtype)
        net.fit(X, y, rule=rule_named("adam"), epochs=1, batch_size=batch_size)
        digests += [digest(net), hashlib.sha256(net.predict(X).tobytes()).hexdigest()]
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def bits_of_layers_between(dtype: str) -> str:
    """One digest of nets with dropout and separate batch norms around layers of odd sizes."""
    X, y = data()
    digests = []
    for hidden, batch_size in ((1, 64), (33, 109), (130, 329)):
        norm = fanin.BatchNorm(exact_statistics=hidden == 33)
        layers = [norm, fanin.Dropout(0.1), fanin.Dense(hidden, "tanh", batch_norm=norm), fanin.Dropout(0.5)]
        layers += [
            fanin.Dense(hidden, "gelu"),
            norm,
            fanin.Dense(70),
            norm,
            fanin.Dropout(0.3),
            fanin.Dense(CLASSES),
        ]
        net = fanin.Network(INPUTS, layers, "softmax_cross_entropy", seed=hidden, dtype=dtype)
        net.fit(X, y, rule=rule_named("adam"), epochs=2, batch_size=batch_size)
        digests += [digest(net), hashlib.sha256(net.predict(X).tobytes()).hexdigest()]
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def bits_of_tied_layers(dtype: str) -> str:
    """One digest of autoencoders whose decoders have the weights of their encoders."""
    X, _ = data()
    digests = []
    for hidden, batch_size in ((1, 64), (33, 109), (130, 329)):
        layers = [fanin.Dense(hidden, "tanh"), fanin.Dense(7), fanin.Tied(2, "gelu"), fanin.Tied(1)]
        net = fanin.Network(INPUTS, layers, seed=hidden, dtype=dtype)
        net.fit(X, X, rule=rule_named("adam"), epochs=2, batch_size=batch_size)
        digests += [digest(net), hashlib.sha256(net.predict(X).tobytes()).hexdigest()]
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def all_bits() -> list[str]:
    made_by = (
        trained_bits,
        bits_of_many_shapes,
        bits_of_every_activation_and_loss,
        bits_of_every_initializer,
        bits_of_batch_norm,
        bits_of_layers_between,
        bits_of_tied_layers,
    )
    return [of(dtype) for of in made_by for dtype in ("float32", "float64")]


if __name__ == "__main__":
    print(fanin.cpu.active(), fanin.get_num_threads(), *all_bits())
