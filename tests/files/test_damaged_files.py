"""Damaged and hostile files are rejected with a clear message; unreadable and unwritable ones with the system's."""

from __future__ import annotations

import json
import os
import stat
import struct

import numpy as np
import pytest

import fanin
from edited_files import SMALL, edited, packed, set_in
from fanin import optim

HEADER = 8 + int.from_bytes(SMALL[:8], "little")


def load(data: bytes) -> fanin.Network:
    return fanin.Network.from_bytes(data)


def test_a_file_cut_anywhere_is_refused():
    for length in range(len(SMALL)):
        with pytest.raises(ValueError, match=r"^bytes: "):
            load(SMALL[:length])


def test_every_flipped_bit_of_the_header_is_refused():
    for bit in range(8 * HEADER):
        flipped = bytearray(SMALL)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(ValueError, match=r"^bytes: "):
            load(bytes(flipped))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "expected the 8 bytes of the header's length, got 0 bytes in total"),
        (struct.pack("<Q", 2**63) + SMALL[8:], "expected 9223372036854775808 bytes of header, got"),
        (struct.pack("<Q", 2**64 - 1) + SMALL[8:], "expected 18446744073709551615 bytes of header, got"),
        (b"\x80\x04\x95" + b"x" * 100, "not a safetensors file"),
        (packed(""), "expected a header that begins with '{'"),
        (packed(" {}"), "expected a header that begins with '{'"),
        (packed("{}"), "not a fanin model: it has no metadata"),
        (packed("{" + " " * 2**24 + "}"), "expected a header of fewer than 16777216 bytes, got 16777218"),
        (packed('{"__metadata__":{"format":"pt"}}'), "not a fanin model: its metadata lacks"),
        (packed('{"__metadata__":{"format":1}}'), r"header: __metadata__.format: expected a string, got 1"),
        (packed('{"__metadata__":' * 2), "not valid JSON: expected a value"),
        (packed('{"a":' + "[" * 100_000), "not valid JSON: expected at most 32 levels of nesting, got more"),
        (packed('{"a":1,"a":2}'), 'duplicate key "a" at byte 13'),
        (packed('{"a":1,"\\u0061":2}'), 'duplicate key "a"'),
        (packed('{"a":1,}'), "not valid JSON: expected '\"' at byte 7"),
        (packed('{"a":01}'), "not valid JSON: expected '}'"),
        (packed('{"a":.5}'), "not valid JSON: expected a value"),
        (packed('{"a":NaN}'), "not valid JSON: expected a value"),
        (packed("{'a':1}"), "not valid JSON: expected '\"'"),
        (packed('{"a":1} x'), "not valid JSON: expected the end of the text at byte 8"),
        (packed('{"a\n":1}'), "control character in a string"),
        (packed('{"\\x":1}'), "unknown escape sequence"),
        (packed('{"\\ud800":1}'), "unknown escape sequence"),
        (packed('{"\\udc00\\ud800":1}'), "unknown escape sequence"),
        (packed(b'{"\xff":1}'), "invalid UTF-8"),
        (packed(b'{"\xc0\xaf":1}'), "invalid UTF-8"),
        (packed(b'{"\xed\xa0\x80":1}'), "invalid UTF-8"),
        (packed('{"abc'), "unterminated string"),
        (packed('{"a":[]}'), r"header: a: expected an object, got \[\]"),
        (packed('{"a":{"dtype":"F32","shape":[1]}}'), 'header: a: "data_offsets" is missing'),
        (packed('{"a":{"dtype":"F16","shape":[],"data_offsets":[0,2]}}'), "a tensor of type F32 or F64"),
        (packed('{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}'), r"a whole number in 0\.\.2\^64-1, got -1"),
        (packed('{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}'), "a whole number in"),
        (packed('{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}'), "a tensor of fewer"),
        (packed('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}'), r"expected two offsets, got \[0\]"),
        (packed('{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}'), "expected the 4 bytes of its shape"),
        (packed('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}'), "expected the 8 bytes of its shape"),
        (packed('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}'), "unknown to this version of fanin"),
    ],
)  # fmt: skip
def test_each_kind_of_broken_file_has_its_own_message(data, message):
    with pytest.raises(ValueError, match=message):
        load(data)


def shift(header, _):
    header["layer1.bias"]["data_offsets"] = [4, 8]  # overlaps the weights


def leave_a_gap(header, _):
    header["layer1.bias"]["data_offsets"] = [9, 13]


def out_of_range(header, _):
    header["layer1.bias"]["data_offsets"] = [2**64 - 4, 2**64]


def remove_a_tensor(header, _):
    header["layer1.weight"] = {"dtype": "F32", "shape": [3], "data_offsets": [0, 12]}
    del header["layer1.bias"]


def rename_a_tensor(header, _):
    header["x" * 1000] = header.pop("layer1.bias")


def transpose(header, _):
    header["layer1.weight"]["shape"] = [1, 2]


def chained(names, **fields):
    """Set a schedule that is a chain of others."""
    chain = {"name": "chain", "schedules": [{"name": name} for name in names], **fields}
    return set_in("training", "method", {"rule": {"name": "sgd"}, "learning_rate": chain})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (shift, 'tensor "layer1.bias": expected it to begin at byte 8, the end of the previous one, got 4'),
        (leave_a_gap, "expected it to begin at byte 8"),
        (out_of_range, "expected a whole number in"),
        (remove_a_tensor, r'tensor "layer1.weight": expected shape \(2, 1\), got \(3,\)'),
        (rename_a_tensor, r'tensor "layer1.bias": expected shape \(1,\), but the file has no such tensor'),
        (transpose, r"expected shape \(2, 1\), got \(1, 2\)"),
        (set_in("version", 2), "version: expected at most 1; this file was written by a later version of fanin, got 2"),
        (set_in("version", 0), "version: expected at most 1"),
        (set_in("dtype", "float16"), 'dtype: expected "float32" or "float64", got "float16"'),
        (set_in("dtype", "float64"), 'tensor "layer1.weight": expected type F64, got F32'),
        (set_in("seed", -1), r"seed: expected a whole number in 0..2\^64-1, got -1"),
        (set_in("seed", 2**64), "seed: expected a whole number"),
        (set_in("n_inputs", 0), "n_inputs: expected at least 1, got 0"),
        (set_in("n_inputs", 2**62), r"expected shape|more than 2\^40"),
        (set_in("layers", []), "layers: expected at least one layer, got none"),
        (set_in("layers", 0, "kind", "convolution"), 'a layer kind known to this version of fanin'),
        (set_in("layers", 0, "units", 2**40), r"expected shape|more than 2\^40"),
        (set_in("layers", 0, "units", "1"), r'layers\[0\].units: expected a whole number in 0..2\^64-1, got "1"'),
        (set_in("layers", 0, "activation", "sine"), r"layers\[0\].activation: expected one of identity"),
        (set_in("layers", 0, "initializer", {"name": "magic"}), "initializer.name: expected a name known to"),
        (set_in("layers", 0, "initializer", {"name": "values"}), 'tensor "layer1.initializer": expected shape'),
        (set_in("layers", 0, "initializer", "gain", 0), r"gain: expected a number in \(0, infinity\), got 0"),
        (set_in("layers", 0, "initializer", "gain", "nan"), "gain: expected a number"),
        (set_in("layers", 0, "initializer", "gain", True), "gain: expected a number, got true"),
        (set_in("layers", 0, "batch_norm", {"epsilon": 0, "decay": 0.9, "bias_correction": False}), "epsilon"),
        (set_in("layers", 0, "more", 1), "more: unknown to this version of fanin; a later version may have written it"),
        (set_in("loss", {"name": "quantile", "levels": [0.1, 0.2]}), "levels: expected one for each of 1 outp"),
        (set_in("loss", {"name": "quantile", "levels": []}), "levels: expected 1 to 32 numbers"),
        (set_in("metadata", {"a": 1}), "metadata.a: expected a string, got 1"),
        (set_in("training", "epochs", 2**60), r"training: epochs: expected fewer than 2\^53"),
        (set_in("training", "average_weights", []), "average_weights: expected one for each of 1 layers, got 0"),
        (set_in("training", "average_weights", [0.5]), "average_weights: layer 1: expected 1, got 0.5"),
        (set_in("training", "look_ahead", 1), r"look_ahead: expected a number in \[0, 1\), got 1"),
        (set_in("training", "method", {"rule": {"name": "sgd", "learning_rate": -1}}), "learning_rate: expected"),
        (set_in("training", "method", {"rule": {"name": "rprop", "variant": "x"}}), "variant: expected one of rprop"),
        (set_in("training", "method", {"rule": {"name": "adam"}}), 'tensor "rule.m.layer1.weight": expected shape'),
        (chained([]), "schedules: expected 1 to 4 entries"),
        (chained(["cosine"] * 5), "schedules: expected 1 to 4 entries"),
        (chained(["cosine"], steps=[1]), "schedules: expected at least two schedules"),
        (chained(["cosine", "chain"]), "name: expected a name known to this version of fanin"),
        (chained(["cosine"] * 3), "steps: expected one number fewer than schedules"),
        (chained(["cosine"] * 2, steps=[0]), r"steps: expected a number in \[1, infinity\), got 0"),
    ],
)  # fmt: skip
def test_an_invalid_description_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        load(edited(change))


def test_an_extra_tensor_is_refused():
    def add(header, _):
        header["more"] = {"dtype": "F32", "shape": [0], "data_offsets": [12, 12]}

    with pytest.raises(ValueError, match='tensor "more": the model has no array of that name'):
        load(edited(add))


def test_metadata_added_by_other_tools_are_harmless():
    def add(header, _):
        header["__metadata__"]["added_by"] = "another tool"

    assert load(edited(add)).to_bytes() == SMALL


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_not_finite_are_refused(value):
    data = bytearray(SMALL)
    data[HEADER + 4 : HEADER + 8] = np.float32(value).tobytes()
    with pytest.raises(ValueError, match=r'tensor "layer1.weight": row 1, column 0 is -?(nan|inf)'):
        load(bytes(data))


def test_a_state_that_is_not_a_number_and_a_negative_variance_are_refused():
    net = fanin.Network(1, [fanin.Dense(1, batch_norm=True)])
    net.fit([[0.0], [1.0]], [0, 1], rule=optim.Momentum(), epochs=1)
    file = net.to_bytes()
    for name, value in (("layer1.running_variance", -1), ("rule.v.layer1.gamma", np.nan)):
        header = json.loads(file[8 : 8 + int.from_bytes(file[:8], "little")])
        begin = len(file) - max(t["data_offsets"][1] for n, t in header.items() if n != "__metadata__")
        data = bytearray(file)
        place = begin + header[name]["data_offsets"][0]
        data[place : place + 4] = np.float32(value).tobytes()
        with pytest.raises(ValueError, match=f'tensor "{name}": element 0 is '):
            load(bytes(data))


def test_memory_stays_in_proportion_to_a_hostile_file():
    resource = pytest.importorskip("resource")
    hostile = packed('{"a":[' + "[]," * 1_000_000 + "[]]}")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ValueError, match="expected an object"):
        load(hostile)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 40 * len(hostile) / 1024
    with pytest.raises(ValueError, match="expected shape"):
        load(edited(set_in("layers", 0, "units", 2**38)))


@pytest.mark.parametrize("path", [3, None, 1.5, ["a"]])
def test_an_invalid_path_is_refused(path):
    for call in (fanin.load, fanin.Network(1, [fanin.Dense(1)]).save):
        with pytest.raises(TypeError, match="path: expected a str or a path, got"):
            call(path)
        with pytest.raises(ValueError, match="path: expected no null character"):
            call("a\0b")


def test_files_that_cannot_be_opened_give_the_errors_of_the_system(tmp_path):
    net = fanin.Network(1, [fanin.Dense(1)])
    for call in (fanin.load, net.save):
        with pytest.raises(FileNotFoundError, match="nowhere") as caught:
            call(tmp_path / "nowhere" / "model")
        assert caught.value.errno == 2
        with pytest.raises(IsADirectoryError):
            call(tmp_path)
    with pytest.raises(FileNotFoundError):
        fanin.load("")
    (tmp_path / "file").write_text("x")
    with pytest.raises(NotADirectoryError):
        net.save(tmp_path / "file" / "model")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OSError, match="symbolic links"):
        net.save(tmp_path / "loop")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match="expected a file, got a device or a pipe"):
        fanin.load(tmp_path / "pipe")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_a_full_device_is_reported():
    with pytest.raises(OSError, match="No space left on device"):
        fanin.Network(1, [fanin.Dense(1)]).save("/dev/full")


def test_links_are_followed_and_permissions_stay(tmp_path):
    net = fanin.Network(1, [fanin.Dense(1)])
    before = os.umask(0o027)
    try:
        net.save(tmp_path / "new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640
    (tmp_path / "new").chmod(0o604)
    (tmp_path / "link").symlink_to("new")
    (tmp_path / "dangling").symlink_to("later")
    for name in ("link", "dangling", b"new", "\u00fc"):
        net.save(tmp_path / name if isinstance(name, str) else os.fsencode(tmp_path / "new"))
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "dangling").is_symlink()
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o604
    assert sorted(p.name for p in tmp_path.iterdir()) == ["dangling", "later", "link", "new", "\u00fc"]
    for name in ("new", "later", "\u00fc"):
        assert (tmp_path / name).read_bytes() == net.to_bytes()
