"""Pictures of the weights of networks that see images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin import _core
from fanin.checks import check_integer, check_sequence
from fanin.model import Model
from fanin.plot.figure import GREY, describe, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike, NDArray

_MOST = 64  # units that are shown by default


def weights(
    net: Model | ArrayLike,
    image_shape: tuple[int, int],
    *,
    layer: str | None = None,
    units: Sequence[int] | None = None,
) -> Figure:
    """Plot the weights of a layer that sees images, or makes them: a picture for each of its units.

    Each picture has the weights between a unit and all pixels: orange ones excite, purple ones inhibit. The scale of
    colours is the same for all pictures, and symmetrical around 0.

    Parameters
    ----------
    net : Network, or array_like, shape (n_pixels, n_units)
        Of an array, such as ``coefs_[0]`` of an estimator, each column is a picture.
    image_shape : tuple of two integers
        Rows and columns of an image, such as (28, 28).
    layer : str, optional
        Name of the layer, such as "layer1"; by default the first one whose weights fit the image. Of a layer with as
        many outputs as pixels, such as the last one of an autoencoder, the rows are the pictures.
    units : sequence of int, optional
        Which units to show, counted from 0; by default the first 64.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    TypeError, ValueError
        If no weights fit the image, the layer has none, or there is no such unit.

    Examples
    --------
    >>> import fanin
    >>> net = fanin.Network(784, [fanin.Standardize(indicators=False), fanin.Dense(100, "relu"), fanin.Dense(10)])
    >>> figure = fanin.plot.weights(net, (28, 28))
    >>> figure.axes[0].get_title(loc="left")
    'Weights of layer2: 64 of 100 units'
    """
    shape = _image_shape(image_shape)
    title, matrix = _matrix(net, shape, layer)
    count = matrix.shape[1]
    chosen = (
        range(min(count, _MOST))
        if units is None
        else check_sequence("units", units, "a list of unit numbers")
    )
    for place, unit in enumerate(chosen):
        check_integer(f"units[{place}]", unit, 0)
        if unit >= count:
            raise ValueError(f"units[{place}]: expected less than {count}, the number of units, got {unit}")
    if not chosen:
        raise ValueError("units: expected at least one unit, got none")
    shown = (
        f"{len(chosen)} of {count:,} units" if len(chosen) < count else f"{count:,} unit{'s' * (count > 1)}"
    )
    return _drawn(matrix[:, list(chosen)].T.reshape(-1, *shape), f"{title}: {shown}")


def _image_shape(image_shape: Any) -> tuple[int, int]:
    shape = check_sequence("image_shape", image_shape, "two integers, rows and columns of an image")
    if len(shape) != 2:
        raise ValueError(
            f"image_shape: expected two integers, rows and columns of an image, got {image_shape!r}"
        )
    for place, side in enumerate(shape):
        check_integer(f"image_shape[{place}]", side, 1)
    return int(shape[0]), int(shape[1])


def _matrix(net: Any, shape: tuple[int, int], layer: str | None) -> tuple[str, NDArray[Any]]:
    """Return a title and weights of shape (pixels, units)."""
    pixels = shape[0] * shape[1]
    if not isinstance(net, Model):
        matrix = np.asarray(_core.numbers("net", net))
        if layer is not None:
            raise ValueError(f"layer: expected None for an array of weights, got {layer!r}")
        if matrix.ndim != 2 or matrix.shape[0] != pixels:
            raise ValueError(
                f"net: expected weights of shape ({pixels}, units) for {_image(shape)}, got {matrix.shape}"
            )
        return "Weights", matrix
    arrays = {name: values for name, values in net.get_weights().items() if name.endswith(".weight")}
    if layer is not None:
        if f"{layer}.weight" not in arrays:
            known = ", ".join(name.removesuffix(".weight") for name in arrays)
            raise ValueError(f"layer: expected one of {known}, got {layer!r}")
        arrays = {f"{layer}.weight": arrays[f"{layer}.weight"]}
    for name, values in arrays.items():
        title = f"Weights of {name.removesuffix('.weight')}"
        if values.shape[0] == pixels:
            return title, values
        if values.shape[1] == pixels:
            return title, values.T
    found = "; ".join(f"{name} {values.shape}" for name, values in arrays.items())
    raise ValueError(
        f"image_shape: expected an image with as many pixels as a layer has inputs, got {_image(shape)}, "
        f"but the weights are {found}"
    )


def _image(shape: tuple[int, int]) -> str:
    return f"images of {shape[0]} x {shape[1]} = {shape[0] * shape[1]:,} pixels"


def _drawn(pictures: NDArray[Any], title: str) -> Figure:
    """Draw pictures in a grid that is about as wide as high, with a gap of a pixel or more."""
    count, height, width = pictures.shape
    ideal = math.ceil(math.sqrt(1.4 * count * height / width))
    columns = min(range(max(ideal - 3, 1), ideal + 4), key=lambda one: (-count % one, abs(one - ideal)))
    columns = min(columns, count)
    rows, gap = -(-count // columns), max(1, round(0.06 * max(height, width)))
    grid = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap), np.nan)
    for place, picture in enumerate(pictures):
        top, left = place // columns * (height + gap), place % columns * (width + gap)
        grid[top : top + height, left : left + width] = picture
    largest = float(np.abs(pictures).max()) or 1.0
    side = min(7.0, 2.2 * columns)
    figure = new_figure(1, size=(side + 1, side * grid.shape[0] / grid.shape[1] + 0.6))
    axes = figure.axes[0]
    image = axes.imshow(grid, cmap="PuOr_r", vmin=-largest, vmax=largest, interpolation="nearest")
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    bar = figure.colorbar(image, ax=axes, fraction=0.04, pad=0.02, shrink=0.8)
    bar.ax.tick_params(colors=GREY, labelsize=9, length=0)
    bar.outline.set_visible(False)
    describe(axes, title)
    return figure
