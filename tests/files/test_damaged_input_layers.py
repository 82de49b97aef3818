"""Files with an invalid description of what an input layer has learned are rejected."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from edited_files import edited, set_in

ADAPTED = fanin.Network(2, [fanin.Whiten(0.9, missing="mean"), fanin.Dense(1)])
ADAPTED.adapt([[1.0, 2.0], [2.0, np.nan], [4.0, 3.0]])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (set_in("adapted", True), "adapted: expected an object, got true"),
        (set_in("adapted", "indicators", [2]), "adapted: indicators: expected ascending columns of X"),
        (set_in("adapted", "indicators", [1, 1]), "adapted: indicators: expected ascending columns of X"),
        (set_in("adapted", "indicators", [2**40]), "indicators.*: expected a column of X"),
        (set_in("adapted", "indicators", [0, 1]), r"layer1.matrix.*: expected shape \(4, 3\)|adapted: outputs"),
        (set_in("adapted", "outputs", 1), "adapted: outputs: expected 3, got 1"),
        (set_in("adapted", "outputs", 2**40), "adapted: outputs: expected 3"),
        (set_in("adapted", "condition", [1]), "condition: expected two numbers"),
        (set_in("n_inputs", 2**30), 'tensor "layer1.centre": expected shape'),
        (set_in("layers", 0, "kind", "standardize"), "unknown to this version|layer1.matrix|outputs"),
        (set_in("layers", 0, "components", 2.5), "adapted: outputs: expected 3, got 2"),
    ],
)  # fmt: skip
def test_an_invalid_description_of_what_was_learned_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        fanin.Network.from_bytes(edited(change, ADAPTED))
