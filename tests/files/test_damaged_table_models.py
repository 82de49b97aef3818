"""Damaged and hostile files of table models are rejected with a clear message."""

from __future__ import annotations

import json

import numpy as np
import pytest

import fanin
from edited_files import edited, set_in
from fanin import _core
from small_table_model import small_model

MODEL = small_model()
FILE = MODEL.to_bytes()
HEADER = 8 + int.from_bytes(FILE[:8], "little")


def load(data: bytes) -> _core.TableModel:
    return _core.table_model_from_bytes(data)


def test_a_table_model_cut_anywhere_is_refused():
    for length in range(0, len(FILE), 7):
        with pytest.raises(ValueError, match=r"^bytes: "):
            load(FILE[:length])


def test_every_flipped_bit_of_the_header_of_a_table_model_is_refused():
    for bit in range(0, 8 * HEADER, 5):
        flipped = bytearray(FILE)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(ValueError, match=r"^bytes: "):
            load(bytes(flipped))


def remove_a_member(_, description):
    del description["members"][1]


def remove_a_label(_, description):
    description["labels"].pop()


def rename_a_tensor_of_a_member(header, _):
    header["member3.layer1.bias"] = header.pop("member2.layer1.bias")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (set_in("version", 2), "version: expected at most 1; this file was written by a later version of fanin, got 2"),
        (set_in("more", 1), "more: unknown to this version of fanin"),
        (set_in("weights", [1]), "weights: expected one for each of 2 networks, got 1"),
        (set_in("weights", [1, 0]), "weights: expected finite numbers above 0, got 0"),
        (set_in("weights", ["inf", 1]), "weights: expected finite numbers above 0, got inf"),
        (set_in("weights", "1"), 'weights: expected an array, got "1"'),
        (set_in("labels", ["no", 1]), r"labels\[1\]: expected a string, got 1"),
        (set_in("targets", [{"mean": 0, "scale": 1, "low": 0, "high": 1}]), "expected either labels or targets"),
        (set_in("targets", [{"mean": 0}]), 'targets\\[0\\]: "scale" is missing'),
        (set_in("members", []), r'tensor "member1\.layer1\..*": the model has no array of that name'),
        (set_in("members", 0, "dtype", "float64"), r"members\[0\]: expected a network in float32"),
        (set_in("members", 0, "n_inputs", 2), r'member 1: tensor "member1.layer1.weight": expected shape \(2, 3\)'),
        (set_in("members", 0, "version", 2), r"members\[0\]\.version: expected at most 1"),
        (set_in("members", 1, "layers", 0, "units", 2**40), "expected shape|more than 2"),
        (set_in("members", 1, "loss", {"name": "squared_error", "x": 1}), r"members\[1\]\.loss\.x: unknown"),
        (set_in("encoder", "numbers", 2**50), r'tensor "encoder.numbers": expected shape \(1125899906842624,\), got'),
        (set_in("encoder", "columns", []), "expected|no column|numbers"),
        (set_in("encoder", "columns", 0, "kind", "image"), "a kind of column known to this version of fanin"),
        (set_in("metadata", {"a": 1}), r"metadata\.a: expected a string, got 1"),
        (remove_a_member, "the model has no array of that name"),
        (remove_a_label, "expected two or more labels, got 1"),
        (rename_a_tensor_of_a_member, r'tensor "member2.layer1.bias": expected shape \(3,\), but the file has no such'),
    ],
)  # fmt: skip
def test_an_invalid_description_of_a_table_model_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        load(edited(change, MODEL))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("member2.layer1.weight", r'member 2: tensor "layer1.weight": row 0, column 0 is nan'),
        ("encoder.numbers", "expected"),
    ],
)
def test_tensors_of_a_table_model_that_are_not_finite_are_refused(name, message):
    tensor = json.loads(FILE[8:HEADER])[name]
    value = np.array(np.nan, np.float32 if tensor["dtype"] == "F32" else np.float64).tobytes()
    place = HEADER + tensor["data_offsets"][0]
    with pytest.raises(ValueError, match=message):
        load(FILE[:place] + value + FILE[place + len(value) :])


def test_a_table_model_is_written_completely_or_not_at_all(tmp_path):
    path = tmp_path / "model"
    MODEL.save(bytes(path))
    assert path.read_bytes() == FILE
    assert [each.name for each in tmp_path.iterdir()] == ["model"]
    with pytest.raises(FileNotFoundError, match="nowhere"):
        MODEL.save(bytes(tmp_path / "nowhere" / "model"))
    with pytest.raises(FileNotFoundError, match="nowhere"):
        _core.load_table_model(bytes(tmp_path / "nowhere"))
    with pytest.raises(ValueError, match="a model of tables, which fanin::load_table_model"):
        fanin.load(path)
