"""Recurrent nets against PyTorch in float64; goldens/make_pytorch_recurrent.py stored the numbers."""

from __future__ import annotations

import json

import numpy as np
import pytest

import fanin
from fanin import optim
from helpers import TESTS
from sequences import in_one, step

GOLDEN = json.loads((TESTS / "goldens" / "pytorch_recurrent.json").read_text())
UNIT = GOLDEN["unit"]
X = [np.array(x) / UNIT for x in GOLDEN["X"]]
LAYERS = {
    "tanh": fanin.Recurrent,
    "relu": lambda units, **options: fanin.Recurrent(units, "relu", **options),
    "gru": fanin.GRU,
    "lstm": fanin.LSTM,
}

every_case = pytest.mark.parametrize(
    "case",
    GOLDEN["cases"],
    ids=lambda c: "-".join(str(c[key]) for key in ("kind", "units", "levels", "many")),
)


def ours(case, state):
    """The arrays of a net from those of PyTorch, by their names there."""
    state = {name: np.array(values) for name, values in state.items()}
    levels = case["levels"]
    weights = {}
    for level in range(levels):
        weights |= fanin.weights_from_torch(state, f"layer{level + 1}", level=level)
    head = f"layer{levels + 1}."
    return {**weights, head + "weight": state["head.weight"].T, head + "bias": state["head.bias"]}


def net_of_pytorch(case):
    many, levels = case["many"], case["levels"]
    layers = [
        LAYERS[case["kind"]](case["units"], return_sequences=many or level < levels)
        for level in range(1, levels + 1)
    ]
    loss = "squared_error" if many else "softmax_cross_entropy"
    net = fanin.Network(X[0].shape[1], [*layers, fanin.Dense(3)], loss, dtype="float64")
    net.set_weights({name: array / UNIT for name, array in ours(case, case["start"]).items()})
    return net


def targets(case):
    if not case["many"]:
        return np.array(GOLDEN["labels"])
    ends = np.cumsum([len(x) for x in X])[:-1]
    return np.split(np.array(GOLDEN["targets"]) / UNIT, ends)


@every_case
def test_outputs_of_recurrent_nets_are_those_of_pytorch(case):
    net = net_of_pytorch(case)
    found = net.predict(X)
    np.testing.assert_allclose(
        in_one(found) if case["many"] else found, case["outputs"], rtol=1e-9, atol=1e-10
    )


@every_case
def test_gradients_of_recurrent_nets_are_those_of_pytorch(case):
    loss, gradients = step(net_of_pytorch(case), X, targets(case))
    assert loss == pytest.approx(case["losses"][0], rel=1e-12)
    expected = ours(case, case["gradients"])
    assert gradients.keys() == expected.keys()
    for name, gradient in expected.items():
        np.testing.assert_allclose(gradients[name], gradient, rtol=1e-9, atol=1e-11, err_msg=name)


@every_case
def test_losses_of_steps_of_recurrent_nets_are_those_of_pytorch(case):
    history = net_of_pytorch(case).fit(
        X,
        targets(case),
        rule=optim.SGD(GOLDEN["rate"]),
        epochs=len(case["losses"]),
        batch_size=len(X),
        batches="in_order",
    )
    np.testing.assert_allclose(history.loss, case["losses"], rtol=1e-9)
