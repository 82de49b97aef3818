"""The models of tests/models: written once by each version of the format, they must remain readable.

``python stored_models.py VERSION`` writes those of a new version: a net after two epochs, and after two more.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import numpy as np

import fanin
from fanin import optim

FOLDER = Path(__file__).parent / "models"

LAYERS = {
    "plain": [fanin.Dense(5, "relu"), fanin.Dense(3)],
    "normalized": [
        fanin.Dense(33, "tanh", batch_norm=fanin.BatchNorm(bias_correction=True)),
        fanin.Dense(3, initializer=np.full((33, 3), 0.1), bias_initializer=[1, 2, 3]),
    ],
    "between": [
        fanin.BatchNorm(),
        fanin.Dense(40, "softplus"),
        fanin.Dropout(0.25),
        fanin.Dense(3),
    ],
    "coded": [fanin.PiecewiseLinear(8), fanin.Dense(5, "relu"), fanin.Dense(3)],
    "tied": [fanin.Dense(5, "tanh"), fanin.Tied(1, bias_initializer=[1, 2, 3, 4]), fanin.Dense(3)],
}
NETS = {
    "float32_nesterov": ("float32", "plain", optim.Nesterov(0.1, momentum=optim.Piecewise([0.5, 0.9], [3]))),
    "float64_adam": ("float64", "normalized", optim.Around(optim.Adam(0.01), l2=1e-3, clip_value=0.5)),
    "float32_schaul_vsgd": ("float32", "plain", optim.SchaulVSGD()),
    "float64_dropout": ("float64", "between", optim.RMSprop(0.01, momentum=0.5, nesterov=True)),
    "float32_averaged": (
        "float32",
        "between",
        optim.Around(
            optim.Nesterov(0.01),
            clip_norm=0.5,
            accumulate=2,
            average_decay=0.9,
            fan_in_power=0.5,
            rate_scales={"layer2.weight": 0.5},
            frozen=["layer4.bias"],
        ),
    ),
    "float64_tied": ("float64", "tied", optim.NAdam(0.01)),
    "float32_coded": ("float32", "coded", optim.AdamW(0.01)),
    "float64_lbfgs": ("float64", "plain", optim.LBFGS(memory=3, l2=1e-3)),
    "float32_conjugate_gradient": ("float32", "coded", optim.ConjugateGradient()),
    "float32_irprop": ("float32", "normalized", optim.Rprop(variant="irprop+")),
}


def data() -> tuple[np.ndarray, np.ndarray]:
    """Values by exact arithmetic, which the C++ tests generate too, and labels."""
    cells = np.arange(40 * 4)
    return (((cells * 7) % 11 - 5) / 4).reshape(40, 4), np.arange(40) % 3


def train(net: fanin.Network, rule: optim.Rule | optim.Solver) -> None:
    """Two epochs, or six iterations."""
    if isinstance(rule, optim.Solver):
        net.fit(*data(), rule=rule, epochs=6)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optim.BatchSizeWarning)
        net.fit(*data(), rule=rule, epochs=2, batch_size=16)


def new_net(name: str) -> fanin.Network:
    """A net before training."""
    dtype, layers, _ = NETS[name]
    return fanin.Network(4, LAYERS[layers], "softmax_cross_entropy", seed=2**64 - 1, dtype=dtype)


def write(version: str) -> None:
    """Write all models of a version."""
    for name, (_, _, rule) in NETS.items():
        net = new_net(name)
        net.metadata = {"classes": "rot, grün, blau"}
        train(net, rule)
        net.save(FOLDER / f"v{version}_{name}.safetensors")
        train(net, rule)
        net.save(FOLDER / f"v{version}_{name}_later.safetensors")


if __name__ == "__main__":
    write(sys.argv[1])
