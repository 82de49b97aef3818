"""What watching a fit has measured: sums over layers and arrays of weights, epoch by epoch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin.checks import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Figures = NDArray[Any]


@dataclass(frozen=True, eq=False, repr=False)
class Units:
    """The units of a layer, over the last 1,000 rows or more that were watched; shape (units,).

    Attributes
    ----------
    rows : int
        Rows watched; below two, the arrays mean nothing.
    mean, deviation : ndarray
        Of the activations.
    dead, saturated : ndarray of bool
        Inactive on at least 99 % of the rows; f' below 5 % of its maximum on at least 95 % of them.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> X = np.linspace(-1, 1, 2000)[:, None]
    >>> net = fanin.Network(1, [fanin.Dense(4, "relu", bias_initializer=[0, 0, 0, -9]), fanin.Dense(1)])
    >>> units = net.fit(X, X**2, diagnose=True).diagnosis.watched.units["layer1"]
    >>> units.dead.tolist(), float(units.mean[3])
    ([False, False, False, True], 0.0)
    """

    rows: int
    mean: Figures
    deviation: Figures
    dead: Figures
    saturated: Figures

    def __repr__(self) -> str:
        """Return how many units and rows there are."""
        return f"<fanin.diagnose.Units: {counted(len(self.mean), 'unit')}, {counted(self.rows, 'row')}>"


@dataclass(frozen=True, eq=False, repr=False)
class Watched:
    """The measurements of ``fit(..., diagnose=True)``: a row for each record, of one epoch or, in long fits, several.

    NaN stands for what was not measured, such as a record without a watched step.

    Attributes
    ----------
    every : int
        One in so many steps is watched, in pairs; after the first 2,048 steps a quarter of these.
    epochs : ndarray of int, shape (records,)
        Number of the last epoch of each record, from 1.
    steps : ndarray of int, shape (records,)
        Steps (updates) from the start of the fit to the end of each record.
    first_loss : float
        Loss of the first batch, before any update.
    loss, loss_deviation, highest_loss : ndarray, shape (records,)
        Mean and standard deviation of the losses of batches, and the highest of them.
    highest_step : ndarray of int, shape (records,)
        The step with the highest loss, from 1 at the start of the fit.
    layers : tuple of str
        Names of the watched values: "inputs" (as the first layer sees them), then "layer1", ... as in `get_weights`.
    mean, deviation, spread : ndarray, shape (records, layers)
        Of the activations: mean and deviation over rows and units together; spread is the root of the mean over units
        of the variance over rows.
    dead, saturated : ndarray, shape (records, layers)
        Share of units that are dead or saturated (`Units`) in two windows of rows in a row; NaN before.
    gradient_of_layer : ndarray, shape (records, layers)
        Root mean square of dE/dz times the rows of a batch; NaN for inputs.
    arrays : tuple of str
        Names of the trained arrays, as in `get_weights`.
    gradient, weight, update : ndarray, shape (records, arrays)
        Root mean squares of the gradient, of the weights and of their change in a step.
    cosine : ndarray, shape (records,)
        Mean cosine of the angles between the changes of weights in successive steps.
    units : dict of name -> Units
        For each of `layers`.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> X = np.linspace(-1, 1, 200)[:, None]
    >>> net = fanin.Network(1, [fanin.Dense(8, "tanh"), fanin.Dense(1)])
    >>> watched = net.fit(X, X**2, epochs=10, diagnose=True).diagnosis.watched
    >>> watched
    <fanin.diagnose.Watched: 10 records of inputs, layer1, layer2>
    >>> watched.mean.shape, watched.gradient.shape
    ((10, 3), (10, 4))
    """

    every: int
    epochs: Figures
    steps: Figures
    first_loss: float
    loss: Figures
    loss_deviation: Figures
    highest_loss: Figures
    highest_step: Figures
    layers: tuple[str, ...]
    mean: Figures
    deviation: Figures
    spread: Figures
    dead: Figures
    saturated: Figures
    gradient_of_layer: Figures
    arrays: tuple[str, ...]
    gradient: Figures
    weight: Figures
    update: Figures
    cosine: Figures
    units: Mapping[str, Units] = field(default_factory=dict)

    @property
    def ratio(self) -> Figures:
        """The size of updates as a share of that of weights, shape (records, arrays); NaN where weights are 0."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.weight > 0, self.update / self.weight, np.nan)

    def __repr__(self) -> str:
        """Return how many records there are, and of which layers."""
        return f"<fanin.diagnose.Watched: {counted(len(self.epochs), 'record')} of {', '.join(self.layers)}>"
