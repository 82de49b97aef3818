"""How `fanin demo` prepares tables and images for training."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from fanin.csv.errors import UserError
from fanin.demo.builtin_data import load_fashion_mnist
from fanin.demo.features import encode_numbers, encode_text
from fanin.demo.idx import read_idx
from fanin.demo.splits import split_rows
from fanin.demo.table import load_csv
from tables import Writer, rows


def test_numbers_are_standardized_with_the_training_rows_only() -> None:
    values = np.array([1.0, 3.0, np.nan, 100.0])
    encoded = encode_numbers("x", values, np.array([0, 1, 2]))
    # Known training values 1 and 3: median 2 for the missing one, mean 2, deviation sqrt(2/3).
    deviation = np.sqrt(2 / 3)
    np.testing.assert_allclose(encoded.inputs[:, 0], np.array([-1.0, 1.0, 0.0, 98.0]) / deviation, rtol=1e-6)
    np.testing.assert_array_equal(encoded.inputs[:, 1], [0, 0, 1, 0])
    assert encoded.notes == ("column 'x': 1 missing value replaced by the median",)


@pytest.mark.parametrize("scale", [1e-300, 1.0, 1e300])
def test_standardized_numbers_do_not_depend_on_their_unit(scale: float) -> None:
    encoded = encode_numbers("x", scale * np.array([-1.0, 1.0, 3.0]), np.array([0, 1]))
    np.testing.assert_allclose(encoded.inputs[:, 0], [-1, 1, 3], rtol=1e-6)


def test_texts_are_one_hot_and_unknown_ones_are_zero() -> None:
    encoded = encode_text("t", ["red", "blue", "red", "NA", "green"], np.array([0, 1, 2, 3]))
    np.testing.assert_array_equal(encoded.inputs, [[0, 0, 1], [0, 1, 0], [0, 0, 1], [1, 0, 0], [0, 0, 0]])


def test_texts_that_identify_rows_are_ignored() -> None:
    encoded = encode_text("name", [f"person {row}" for row in range(100)], np.arange(100))
    assert encoded.inputs.shape == (100, 0)
    assert "100 different texts in 100 training rows" in encoded.notes[0]


def test_only_the_most_common_texts_get_an_input() -> None:
    encoded = encode_text("city", [f"city {row % 80}" for row in range(1000)], np.arange(1000))
    assert encoded.inputs.shape == (1000, 64)
    assert set(encoded.inputs.sum(axis=1)) == {0.0, 1.0}


@pytest.mark.parametrize(
    "header", ["a,b,c\n", "a;b;c\n", "a\tb\tc\n", "a|b|c\n", "\ufeffa,b,c\n", 'a, "b", c\n', "a,b,c\r\n"]
)
def test_delimiters_byte_order_marks_and_quotes_are_understood(header: str, write: Writer) -> None:
    separator = next(mark for mark in ",;\t|" if mark in header)
    path = write(header + rows(lambda row: separator.join((str(row % 3), str(row), str(row / 7)))))
    data = load_csv(path, "a", [], "auto", seed=0)
    assert data.n_classes == 3
    assert data.train.x.shape == (43, 2)


def test_the_task_can_be_forced(write: Writer) -> None:
    path = write("a,b\n" + rows(lambda row: f"{row % 3},{row}"))
    assert load_csv(path, "a", [], "regression", seed=0).n_classes is None
    assert load_csv(path, "a", [], "classification", seed=0).n_classes == 3


def test_rows_without_a_target_are_ignored(write: Writer) -> None:
    data = load_csv(
        write("a,b\n" + rows(lambda row: f"{'' if row % 3 else row / 7},{row}", 90)), "a", [], "auto", 0
    )
    assert sum(len(part.y) for part in (data.train, data.validation, data.test)) == 30
    assert "60 rows are left out (first: line 3): the target 'a' is missing" in data.notes


def test_a_dropped_column_must_exist(write: Writer) -> None:
    path = write("a,b,c\n" + rows(lambda row: f"{row / 7},{row},{row}"))
    assert load_csv(path, "a", ["b"], "auto", seed=0).train.x.shape[1] == 1
    with pytest.raises(UserError, match="no column 'd'"):
        load_csv(path, "a", ["d"], "auto", seed=0)


def test_each_row_is_in_one_set_and_each_class_in_proportion() -> None:
    labels = np.repeat([0, 1, 2], [400, 200, 1])
    parts = split_rows(labels, len(labels), seed=3)
    assert sorted(np.concatenate(parts)) == list(range(len(labels)))
    counts = [np.bincount(labels[part], minlength=3).tolist() for part in parts]
    np.testing.assert_allclose(counts, [[280, 140, 1], [60, 30, 0], [60, 30, 0]], atol=2)
    assert counts[0][2] == 1


def idx(array: NDArray[np.uint8]) -> bytes:
    return struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def test_idx_files_are_read_plain_and_compressed(tmp_path: Path) -> None:
    images = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    (tmp_path / "plain").write_bytes(idx(images))
    (tmp_path / "packed.gz").write_bytes(gzip.compress(idx(images)))
    np.testing.assert_array_equal(read_idx(tmp_path / "plain", 3), images)
    np.testing.assert_array_equal(read_idx(tmp_path / "packed.gz", 3), images)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a", b"", "is not an IDX file"),
        ("a", idx(np.zeros((2, 2), np.uint8)), "is not an IDX file of unsigned bytes with 3 dimensions"),
        (
            "a",
            idx(np.zeros((2, 3, 4), np.uint8))[:-1],
            "expected 2 x 3 x 4 = 24 bytes after the header, got 23",
        ),
        ("a.gz", b"not gzip", "is not a valid gzip file"),
        ("a.gz", gzip.compress(idx(np.zeros((9, 9, 9), np.uint8)))[:-9], "is not a valid gzip file"),
    ],
)
def test_broken_idx_files_get_a_clear_message(
    name: str, content: bytes, message: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=message):
        read_idx(tmp_path / name, 3)


def test_fashion_mnist_keeps_5000_training_images_for_validation(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for stem, count in (("train", 5100), ("t10k", 30)):
        images = rng.integers(256, size=(count, 4, 4), dtype=np.uint8)
        (tmp_path / f"{stem}-images-idx3-ubyte").write_bytes(idx(images))
        labels = gzip.compress(idx(np.arange(count, dtype=np.uint8) % 10))
        (tmp_path / f"{stem}-labels-idx1-ubyte.gz").write_bytes(labels)
    data = load_fashion_mnist(tmp_path, seed=0)
    assert [part.x.shape for part in (data.train, data.validation, data.test)] == [
        (100, 16),
        (5000, 16),
        (30, 16),
    ]
    assert data.n_classes == 10
    assert abs(data.train.x.mean()) < 1e-3
    assert abs(data.train.x.std() - 1) < 1e-3
