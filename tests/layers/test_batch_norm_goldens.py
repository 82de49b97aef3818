"""Nets with batch norm, in a dense layer or separate, against PyTorch in float64.

The numbers were stored by goldens/make_pytorch_batch_norm_nets.py.
"""

from __future__ import annotations

import json

import numpy as np
import pytest

import fanin
from fanin import optim
from helpers import TESTS, rule_named

GOLDEN = json.loads((TESTS / "goldens" / "pytorch_batch_norm_nets.json").read_text())
X = np.array(GOLDEN["X"])

every_case = pytest.mark.parametrize(
    "case",
    GOLDEN["cases"],
    ids=lambda case: "-".join(layer if layer == "norm" else str(layer[0]) for layer in case["layers"]),
)


def arrays(weights):
    return {name: np.array(values) for name, values in weights.items()}


def net_of(case):
    norm = fanin.BatchNorm(epsilon=case["epsilon"], decay=case["decay"])
    layers = [
        norm if layer == "norm" else fanin.Dense(layer[0], layer[1], batch_norm=norm if layer[2] else False)
        for layer in case["layers"]
    ]
    net = fanin.Network(X.shape[1], layers, case["loss"], dtype="float64")
    net.set_weights(arrays(case["start"]))
    return net


@every_case
def test_gradients_of_weights_gamma_and_beta_are_those_of_pytorch(case):
    net = net_of(case)
    net.fit(X, np.array(case["y"]), rule=optim.SGD(1.0), epochs=1, batch_size=len(X), batches="in_order")
    for name, gradient in arrays(case["gradients"]).items():
        got = np.array(case["start"][name]) - net.get_weights()[name]
        np.testing.assert_allclose(got, gradient, rtol=1e-9, atol=1e-12, err_msg=name)


@every_case
def test_losses_weights_running_statistics_and_outputs_are_those_of_pytorch(case):
    net = net_of(case)
    history = net.fit(
        X,
        np.array(case["y"]),
        rule=rule_named(case["rule"], **case["hyper_parameters"]),
        epochs=GOLDEN["epochs"],
        batch_size=GOLDEN["batch_size"],
        batches="in_order",
    )
    np.testing.assert_allclose(history.loss, case["losses"], rtol=1e-9)
    for name, theirs in arrays(case["weights"]).items():
        np.testing.assert_allclose(net.get_weights()[name], theirs, rtol=1e-9, atol=1e-9, err_msg=name)
    np.testing.assert_allclose(net.predict(X), case["outputs"], rtol=1e-9, atol=1e-9)
