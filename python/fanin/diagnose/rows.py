"""The rows behind a jump of the loss: those of its batch, or of the batch trained just before."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from fanin._core import DivergedError
from fanin.checks import check_integer
from fanin.data.class_weight import weighted_by_class
from fanin.data.inputs import as_data, row_count
from fanin.data.validation import rows_of
from fanin.diagnose.compare import row_losses
from fanin.diagnose.replay import Checkpoint, order_of, replayed
from fanin.optim import SGD, Solver
from fanin.training.opening import data_of, open_fit

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from fanin.network import Network
    from fanin.training.settings import Settings

    Float = NDArray[np.float64]
    Rows = NDArray[np.intp]

_SAMPLE = 1000  # rows of the typical loss


@dataclass(frozen=True, eq=False, repr=False)
class RowsBehind:
    """The rows behind a jump of the loss, worst first; print it for a sentence.

    Attributes
    ----------
    step, epoch : int
        Of the batch whose loss jumped, from 1.
    batch : str
        "this": its own rows explain the jump; "previous": the update by the batch before, whose rows these are.
    rows : ndarray of int
        Numbers of rows of X, from 0.
    losses : ndarray of float
        Their losses before the update by their batch.
    typical : float
        The median loss of a row of the training data, before the jump.
    loss, loss_before : float
        Mean loss of the batch before its own update, and one update earlier.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> X, y = np.ones((8, 1)), np.array([1, 1, 99, 1, 1, 1, 1, 1.0])
    >>> behind = fanin.rows_behind(fanin.Network(1, [fanin.Dense(1)]), X, y, step=1, rule="sgd", batch_size=8)
    >>> int(behind.rows[0]), bool(behind.losses[0] > 1000 * behind.typical)
    (2, True)
    """

    step: int
    epoch: int
    batch: Literal["this", "previous"]
    rows: Rows
    losses: Float
    typical: float
    loss: float
    loss_before: float

    def __repr__(self) -> str:
        """Return what explains the jump, in a sentence."""
        worst = f"row {self.rows[0]} has a loss of {self.losses[0]:.4g}, the median row {self.typical:.4g}"
        where = f"step {self.step} (epoch {self.epoch})"
        if self.batch == "this":
            return (
                f"<fanin.diagnose.RowsBehind: {where}: rows of the batch itself explain its loss of {self.loss:.4g}, "
                f"which was {self.loss_before:.4g} one update before: {worst}>"
            )
        return (
            f"<fanin.diagnose.RowsBehind: {where}: the update before explains the loss of the batch, "
            f"which it changed from {self.loss_before:.4g} to {self.loss:.4g}; of the rows of that update, {worst}>"
        )


def rows_behind_step(checkpoint: Checkpoint, X: ArrayLike, y: ArrayLike, step: int) -> RowsBehind:
    """Return the rows behind the loss of the batch of a step; see `fanin.rows_behind`."""
    check_integer("step", step, 1)
    settings = checkpoint.settings
    if isinstance(settings.rule, Solver):
        raise ValueError(f"rule: expected a rule, because {settings.rule.kind} has no batches")
    before = replayed(checkpoint, X, y, step - 1, asked=step)
    earlier = replayed(checkpoint, X, y, max(step - 2, 0))
    samples = Samples(before.net, X, y, settings)
    weights = _as_trained(before.net), _as_trained(earlier.net)
    begins = (step - 1) % before.per_epoch == 0
    order = _next_order(before.net, X, y, settings) if begins else before.order
    rows = samples.of_step(order, step, before.per_epoch)
    now, then = (samples.losses(net, rows) for net in weights)
    loss, loss_before = samples.mean(now, rows), samples.mean(then, rows)
    typical = float(np.median(samples.losses(weights[1], samples.some(_SAMPLE))))
    batch: Literal["this", "previous"] = "this"
    if step > 1 and loss > typical and loss_before - typical < (loss - typical) / 2:
        batch, rows = "previous", samples.of_step(before.order, step - 1, before.per_epoch)
        now = samples.losses(weights[1], rows)
    worst = np.argsort(-now, kind="stable")
    return RowsBehind(
        step=int(step),
        epoch=(int(step) - 1) // before.per_epoch + 1,
        batch=batch,
        rows=samples.numbers[rows[worst]],
        losses=now[worst],
        typical=typical,
        loss=loss,
        loss_before=loss_before,
    )


def rows_trained(net: Network, X: ArrayLike, y: ArrayLike, settings: Settings) -> Rows:
    """Return the numbers of the rows that a fit trains on: all, or those not held back to validate."""
    if net._core.many_to_many:
        raise ValueError(
            "net: expected a network with a target for each row to compare rows, got one for each step"
        )
    numbers = np.arange(1, row_count("X", X) + 1)  # as weights, they are split like the rows
    rows: Rows = data_of(net, X, y, replace(settings, sample_weight=numbers))[0][2] - 1
    return rows


class Samples:
    """The rows that a fit trains on, with their numbers in the given X."""

    def __init__(self, net: Network, X: ArrayLike, y: ArrayLike, settings: Settings) -> None:
        self.numbers = rows_trained(net, X, y, settings)
        (X, y, weight), _, names = data_of(net, X, y, settings)
        if settings.class_weight is not None:
            weight = weighted_by_class(net, settings.class_weight, X, y, weight, names, rows="all")
        self.X, self.y, _, _ = as_data(net, X, y, weight, names)
        self._weight = np.ones(len(self.numbers)) if weight is None else np.asarray(weight, dtype=float)
        self._batch_size, self._accumulate = int(settings.batch_size or 1), int(settings.rule.batches)

    def some(self, most: int) -> Rows:
        """Return at most so many rows of weight above 0, spread evenly."""
        rows = np.flatnonzero(self._weight)
        return rows[:: -(-len(rows) // most)]

    def of_step(self, order: Rows | None, step: int, per_epoch: int) -> Rows:
        """Return the rows with a weight in the batches of a step, given the order of samples in its epoch."""
        assert order is not None
        place, batch = (step - 1) % per_epoch, min(self._batch_size, len(order)) * self._accumulate
        end = len(order) if place + 1 == per_epoch else (place + 1) * batch
        rows = np.unique(order[place * batch : end])
        rows = rows[self._weight[rows] > 0]
        if not len(rows):
            raise ValueError(f"step: expected a batch with weights above 0, got {step}, where all are 0")
        return rows

    def losses(self, net: Network, rows: Rows) -> Float:
        """Return the losses of these rows; infinity for those that are not finite."""
        return row_losses(net, rows_of("X", self.X, rows), rows_of("y", self.y, rows))

    def mean(self, losses: Float, rows: Rows) -> float:
        """Return the weighted mean loss of these rows."""
        return float(np.average(losses, weights=self._weight[rows]))


def _next_order(net: Network, X: ArrayLike, y: ArrayLike, settings: Settings) -> Rows | None:
    """Return the order of the samples in the next epoch of the network."""
    one_step = replace(settings, rule=SGD(0.0), callbacks=(), verbose=False, max_steps=1, max_time=None)
    fit, opened = open_fit(net.copy(), X, y, one_step)
    with opened as training:
        with suppress(DivergedError):
            fit.epoch(training)
        return order_of(training)


def _as_trained(net: Network) -> Network:
    """Return a copy that shows the weights after its last step instead of their averages."""
    twin = net.copy()
    twin.set_weights(net.get_weights(averaged=False))
    return twin
