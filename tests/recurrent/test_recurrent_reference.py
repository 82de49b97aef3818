"""The equations of recurrent layers in the reference give PyTorch's stored outputs and gradients, without fanin."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from reference.layers import predict
from reference.losses import SoftmaxCrossEntropy, SquaredError, softmax

GOLDEN = json.loads((Path(__file__).parents[1] / "goldens" / "pytorch_recurrent.json").read_text())
UNIT = GOLDEN["unit"]
X = [np.array(x) / UNIT for x in GOLDEN["X"]]
GATES = {
    "tanh": ("",),
    "relu": ("",),
    "gru": ("reset.", "update.", "candidate."),
    "lstm": ("input.", "forget.", "cell.", "output."),
}


def layers_of(case):
    """Layers with the attributes that the reference reads."""
    kind, levels = case["kind"], case["levels"]
    name, activation = (kind, "tanh") if kind in ("gru", "lstm") else ("recurrent", kind)
    recurrent = [
        SimpleNamespace(
            name=name,
            activation=activation,
            units=case["units"],
            return_sequences=case["many"] or level < levels,
        )
        for level in range(1, levels + 1)
    ]
    return [*recurrent, SimpleNamespace(name="dense", activation="identity", batch_norm=False)]


def weights_of(case):
    state = {name: np.array(values) / UNIT for name, values in case["start"].items()}
    weights = {}
    for level in range(case["levels"]):
        gates = GATES[case["kind"]]
        parts = [
            np.split(state[f"{array}_l{level}"], len(gates))
            for array in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        ]
        for gate, W, R, b, of_state in zip(gates, *parts, strict=True):
            name = f"layer{level + 1}.{gate}"
            apart = gate == "candidate."
            weights |= {
                name + "weight": W.T,
                name + "recurrent": R.T,
                name + "bias": b if apart else b + of_state,
            }
            if apart:
                weights[name + "recurrent_bias"] = of_state
    head = f"layer{case['levels'] + 1}."
    return {**weights, head + "weight": state["head.weight"].T, head + "bias": state["head.bias"]}


@pytest.mark.parametrize(
    "case",
    GOLDEN["cases"],
    ids=lambda c: "-".join(str(c[key]) for key in ("kind", "units", "levels", "many")),
)
def test_equations_of_recurrent_layers_are_those_of_pytorch(case):
    weights = weights_of(case)
    a = np.concatenate([np.atleast_2d(predict(layers_of(case), weights, x)) for x in X])
    if case["many"]:
        loss, outputs = SquaredError().value(a, np.array(GOLDEN["targets"]) / UNIT), a
    else:
        loss, outputs = SoftmaxCrossEntropy().value(a, np.array(GOLDEN["labels"])), softmax(a)
    np.testing.assert_allclose(outputs, case["outputs"], rtol=1e-10, atol=1e-11)
    assert loss == pytest.approx(case["losses"][0], rel=1e-12)


def test_sequences_in_an_array_are_those_one_by_one():
    case = next(case for case in GOLDEN["cases"] if case["kind"] == "lstm" and case["many"])
    layers, weights, pair = layers_of(case), weights_of(case), np.stack([X[0], X[4]])
    together = predict(layers, weights, pair)
    np.testing.assert_allclose(together, [predict(layers, weights, x) for x in pair], rtol=1e-13)
