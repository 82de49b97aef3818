"""The two image data sets: scikit-learn's handwritten digits and Fashion-MNIST."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fanin.csv.errors import UserError, require
from fanin.demo.dataset import Dataset, Part
from fanin.demo.idx import read_pair
from fanin.demo.splits import split_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

FASHION_FOLDER = Path("/usr/share/datasets/fashion-mnist")
_FASHION_VALIDATION = 5_000
_SHIFTS = ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))


def load_digits(seed: int) -> Dataset:
    """
    Return the 1,797 digits of 8 x 8 pixels that ship with scikit-learn, with values 0..1.

    The training set also contains each of its images shifted by one pixel in the four directions.
    """
    digits = require("sklearn.datasets", "scikit-learn", "demo").load_digits()
    images = (digits.images / 16).astype(np.float32)
    labels = digits.target.astype(np.int64)
    train, validation, test = split_rows(labels, len(labels), seed)
    shifted = np.concatenate([_shifted(images[train], *step) for step in _SHIFTS])
    return Dataset(
        "handwritten digits: 8 x 8 pixels, 10 classes",
        Part(_flat(shifted), np.tile(labels[train], len(_SHIFTS))),
        Part(_flat(images[validation]), labels[validation]),
        Part(_flat(images[test]), labels[test]),
        n_classes=10,
        notes=(f"{len(train):,} training images, each also shifted by one pixel in the four directions",),
    )


def without_shifts(data: Dataset) -> Dataset:
    """Return the digits without shifted training images, and with the test set added to the validation set."""
    own, held = len(data.train.x) // len(_SHIFTS), (data.validation, data.test)
    return replace(
        data,
        train=Part(data.train.x[:own], data.train.y[:own]),
        validation=Part(np.concatenate([p.x for p in held]), np.concatenate([p.y for p in held])),
        notes=(),
    )


def load_fashion_mnist(folder: Path, seed: int) -> Dataset:
    """
    Return Fashion-MNIST from its four IDX files; 5,000 of the training images are the validation set.

    Pixels are standardized by the mean and standard deviation of all pixels of the training set.
    """
    if not folder.is_dir():
        raise UserError(
            f"there is no folder {folder}; install Debian's package dataset-fashion-mnist, "
            "or name the folder of its four IDX files with --data DIR"
        )
    x, y = read_pair(folder, "train")
    test = Part(*read_pair(folder, "t10k"))
    if len(x) <= _FASHION_VALIDATION or test.x.shape[1] != x.shape[1] or not len(test.x):
        raise UserError(f"{folder} does not contain Fashion-MNIST: {x.shape} and {test.x.shape} pixels")
    order = np.random.default_rng(seed).permutation(len(x))
    held, rest = np.sort(order[:_FASHION_VALIDATION]), np.sort(order[_FASHION_VALIDATION:])
    n_classes = int(max(y.max(), test.y.max())) + 1
    mean, deviation = x[rest].mean(dtype=np.float64), x[rest].std(dtype=np.float64)
    if deviation == 0:
        raise UserError(f"{folder} does not contain Fashion-MNIST: every pixel is the same")
    x, test_x = ((pixels - np.float32(mean)) / np.float32(deviation) for pixels in (x, test.x))
    return Dataset(
        f"Fashion-MNIST: 28 x 28 pixels, {n_classes} classes",
        Part(x[rest], y[rest]),
        Part(x[held], y[held]),
        Part(test_x, test.y),
        n_classes,
    )


def _shifted(images: NDArray[np.float32], down: int, right: int) -> NDArray[np.float32]:
    height, width = images.shape[1:]
    framed = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    return framed[:, 1 - down : 1 - down + height, 1 - right : 1 - right + width]


def _flat(images: NDArray[np.float32]) -> NDArray[np.float32]:
    return images.reshape(len(images), -1)
