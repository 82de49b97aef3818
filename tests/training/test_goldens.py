"""Training against the stored results of PyTorch (float64); goldens/make_pytorch.py made them."""

from __future__ import annotations

import json

import numpy as np
import pytest

import fanin
from helpers import TESTS, rule_named

GOLDEN = json.loads((TESTS / "goldens" / "pytorch.json").read_text())


@pytest.mark.filterwarnings("ignore:rule:fanin.optim.BatchSizeWarning")
@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda c: f"{c['rule']}-{c['activation']}-{c['loss']}")
def test_training_gives_the_losses_and_weights_of_pytorch(case):
    start = [np.array(values) for values in GOLDEN["start"]]
    hidden = [fanin.Dense(len(bias), case["activation"]) for bias in start[1:-1:2]]
    net = fanin.Network(
        len(start[0]), [*hidden, fanin.Dense(len(start[-1]))], loss=case["loss"], dtype="float64"
    )
    names = [f"layer{i // 2 + 1}.{'bias' if i % 2 else 'weight'}" for i in range(len(start))]
    net.set_weights(dict(zip(names, start, strict=True)))
    data = GOLDEN["data"]
    history = net.fit(
        np.array(data["X"]),
        np.array(data["labels" if case["loss"] == "softmax_cross_entropy" else "targets"]),
        rule=rule_named(case["rule"], **case["hyper_parameters"]),
        epochs=GOLDEN["epochs"],
        batch_size=GOLDEN["batch_size"],
        batches="in_order",
    )
    np.testing.assert_allclose(history.loss, case["losses"], rtol=1e-9)
    for name, theirs in zip(names, case["weights"], strict=True):
        np.testing.assert_allclose(net.get_weights()[name], theirs, rtol=0, atol=1e-9)
