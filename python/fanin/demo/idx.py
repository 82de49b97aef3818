"""The IDX format of MNIST and Fashion-MNIST: a magic number, the dimensions (big-endian), then bytes."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fanin.csv.errors import UserError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_UNSIGNED_BYTE = 0x08


def find_file(folder: Path, name: str) -> Path:
    """Return the file of this name, with or without .gz."""
    for candidate in (folder / name, folder / f"{name}.gz"):
        if candidate.is_file():
            return candidate
    raise UserError(f"{folder} has neither {name} nor {name}.gz")


def read_idx(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """Return the array in an IDX file of unsigned bytes with this many dimensions."""
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UserError(f"{path} is not a valid gzip file: {error}") from None
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    header = 4 + 4 * dimensions
    if content[:4] != bytes((0, 0, _UNSIGNED_BYTE, dimensions)) or len(content) < header:
        raise UserError(f"{path} is not an IDX file of unsigned bytes with {dimensions} dimensions")
    shape = struct.unpack(f">{dimensions}I", content[4:header])
    expected = math.prod(shape)
    if len(content) - header != expected:
        sizes = " x ".join(map(str, shape))
        raise UserError(
            f"{path}: expected {sizes} = {expected} bytes after the header, got {len(content) - header}"
        )
    return np.frombuffer(content, dtype=np.uint8, offset=header).reshape(shape)


def read_pair(folder: Path, stem: str) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return images (n, pixels) float32 in 0..1, and labels (n,), of ``stem``: "train" or "t10k"."""
    image_file = find_file(folder, f"{stem}-images-idx3-ubyte")
    label_file = find_file(folder, f"{stem}-labels-idx1-ubyte")
    images, labels = read_idx(image_file, 3), read_idx(label_file, 1)
    if len(images) != len(labels):
        raise UserError(f"{image_file} has {len(images)} images but {label_file} has {len(labels)} labels")
    pixels = images.reshape(len(images), math.prod(images.shape[1:])).astype(np.float32)
    pixels /= 255
    return pixels, labels.astype(np.int64)
