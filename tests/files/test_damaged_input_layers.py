"""Files with an invalid description of what an input layer has learned are rejected."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from edited_files import edited, set_in

ADAPTED = fanin.Network(2, [fanin.Whiten(0.9, missing="mean"), fanin.Dense(1)])
ADAPTED.adapt([[1.0, 2.0], [2.0, np.nan], [4.0, 3.0]])

CODED = fanin.Network(2, [fanin.PiecewiseLinear(2), fanin.Dense(1)])
CODED.adapt([[1.0, 2.0], [2.0, np.nan], [4.0, 3.0]])
LEVELS = fanin.Network(1, [fanin.OneHot(1), fanin.Dense(1)])
LEVELS.adapt([[1.0], [2.0], [4.0]])


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


def in_encoder(old, new):
    def change(_, description):
        text = description["adapted"]["encoder"]
        assert old in text
        description["adapted"]["encoder"] = text.replace(old, new)

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (set_in("adapted", "encoder", 1), "adapted.encoder: expected a string"),
        (set_in("adapted", "encoder", "{"), "adapted.encoder: "),
        (set_in("adapted", "encoder", ""), "adapted.encoder: "),
        (set_in("adapted", "outputs", 2**40), "adapted: outputs: expected 4, got 1099511627776"),
        (set_in("adapted", "indicators", [0]), "adapted: indicators: expected none"),
        (set_in("n_inputs", 3), "columns: expected one for each of 3 inputs, got 2"),
        (set_in("layers", 0, {"kind": "one_hot", "min_count": 10}), 'expected column "x0" as its input layer'),
        (in_encoder('"x0"', '"y0"'), 'columns: expected column "x0" as its input layer learns it'),
        (in_encoder('"x0"', '"x1"'), 'column "x1": found twice'),
        (in_encoder('"scale":1.5', '"scale":-1'), "scale: expected a finite number above 0"),
        (in_encoder('"numbers":', '"numbers":1'), 'tensor "layer1.encoder.numbers": expected shape'),
    ],
)  # fmt: skip
def test_an_invalid_code_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        fanin.Network.from_bytes(edited(change, CODED))


def test_levels_that_are_not_numbers_are_refused():
    with pytest.raises(ValueError, match='expected column "x0" as its input layer learns it'):
        fanin.Network.from_bytes(edited(in_encoder('"4"', '"a"'), LEVELS))


def test_an_encoder_of_a_layer_that_does_not_code_is_refused():
    with pytest.raises(ValueError, match="adapted: encoder: expected none"):
        fanin.Network.from_bytes(edited(set_in("adapted", "encoder", "{}"), ADAPTED))
