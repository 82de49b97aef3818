"""The effects of batch norm, measured on the handwritten digits that ship with scikit-learn.

``python -m fanin.demo.batch_norm_effects`` prints two tables, averaged over several seeds:

- how far the inputs of each layer drift as earlier layers learn, with and without batch norm (Ioffe and Szegedy 2015
  call this internal covariate shift; Santurkar et al. 2018 doubt that reducing it is why batch norm helps);
- the gap between validation and training loss by batch size: small batches are noisy, a mild form of regularization.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import fanin
from fanin import functional as F
from fanin.demo.builtin_data import load_digits, without_shifts
from fanin.written import aligned

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from fanin.demo.dataset import Dataset

    Float = NDArray[Any]

HIDDEN = (64, 64, 64, 64)
LOSS = "softmax_cross_entropy"


def network(n_inputs: int, hidden: Sequence[int], batch_norm: bool, seed: int) -> fanin.Network:
    """Return a logistic classifier of ten classes."""
    layers = [fanin.Dense(units, "logistic", batch_norm=batch_norm) for units in hidden]
    return fanin.Network(n_inputs, [*layers, fanin.Dense(10)], LOSS, seed=seed)


def sums_of_layers(net: fanin.Network, x: Float) -> list[Float]:
    """Return the inputs of each hidden layer's activation for one batch, normalized if the layer has batch norm."""
    weights, seen, a = net.get_weights(), [], x
    for number, layer in enumerate(net.layers[:-1], start=1):
        assert isinstance(layer, fanin.Dense)
        name = f"layer{number}"
        if layer.batch_norm:
            z, _ = F.batch_norm(
                F.dense(a, weights[f"{name}.weight"]), weights[f"{name}.gamma"], weights[f"{name}.beta"]
            )
        else:
            z = F.dense(a, weights[f"{name}.weight"], weights[f"{name}.bias"])
        seen.append(z)
        a = F.activation(z, layer.activation)
    return seen


def drift_of_inputs(data: Dataset, batch_norm: bool, seed: int, epochs: int = 10) -> list[float]:
    """
    Return, for each hidden layer, how far the mean input of its units moves per epoch.

    It is the root mean square over units, in standard deviations of the unit's input, averaged over the epochs.
    """
    net = network(data.train.x.shape[1], HIDDEN, batch_norm, seed)
    probe = data.validation.x
    drifts = []
    before = sums_of_layers(net, probe)
    for _ in range(epochs):
        net.fit(data.train.x, data.train.y, rule=fanin.optim.Adam(3e-3), epochs=1, batch_size=64)
        after = sums_of_layers(net, probe)
        moved = [
            (new.mean(axis=0) - old.mean(axis=0)) / np.maximum(old.std(axis=0), 1e-6)
            for old, new in zip(before, after, strict=True)
        ]
        drifts.append([float(np.sqrt((m**2).mean())) for m in moved])
        before = after
    return [float(np.mean(layer)) for layer in zip(*drifts, strict=True)]


def gap_by_batch_size(data: Dataset, batch_size: int, seed: int, steps: int = 1200) -> tuple[float, float]:
    """Return training and validation loss with batch norm after about `steps` steps, for any batch size."""
    net = network(data.train.x.shape[1], (128,), True, seed)
    epochs = max(1, round(steps * batch_size / len(data.train.x)))
    rule = fanin.optim.Adam(fanin.optim.Cosine(3e-3, steps=epochs * -(-len(data.train.x) // batch_size)))
    net.fit(data.train.x, data.train.y, rule=rule, epochs=epochs, batch_size=batch_size)
    parts = (data.train, data.validation)
    losses = [float(net.evaluate(part.x, part.y)["loss"]) for part in parts]
    return losses[0], losses[1]


def drift_table(data: Dataset, seeds: int) -> str:
    """Return a table of the drift of each layer without and with batch norm."""
    columns = [
        np.mean([drift_of_inputs(data, batch_norm, seed) for seed in range(seeds)], axis=0)
        for batch_norm in (False, True)
    ]
    rows = [["hidden layer", "plain", "batch norm"]]
    rows += [
        [str(n), *(f"{c:.3f}" for c in pair)] for n, pair in enumerate(zip(*columns, strict=True), start=1)
    ]
    return "\n".join(aligned(rows, gap="   "))


def gap_table(data: Dataset, seeds: int) -> str:
    """Return a table of training loss, validation loss and their difference for several batch sizes."""
    rows = [["batch size", "training loss", "validation loss", "gap"]]
    for batch_size in (4, 16, 64, 256):
        losses = np.mean([gap_by_batch_size(data, batch_size, seed) for seed in range(seeds)], axis=0)
        rows.append([str(batch_size), *(f"{loss:.4f}" for loss in (*losses, losses[1] - losses[0]))])
    return "\n".join(aligned(rows, gap="   "))


def main(seeds: int = 5) -> None:
    """Print both tables."""
    data = without_shifts(load_digits(seed=0))
    print(data.title)
    print("\nDrift of a unit's mean input per epoch, in standard deviations:\n")
    print(drift_table(data, seeds))
    print("\nOne hidden layer of 128 units with batch norm, after 1,200 steps:\n")
    print(gap_table(data, seeds))


if __name__ == "__main__":
    main()
