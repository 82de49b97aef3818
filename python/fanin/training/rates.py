"""What a race of learning rates needs to know: the rates to try, the rows to hold out, and the number of steps."""

from __future__ import annotations

import math
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin import _core
from fanin.data.inputs import row_count
from fanin.data.order import weighted_in_random_order
from fanin.data.sequences import Sequences
from fanin.data.validation import rows_of
from fanin.layers import BatchNorm, all_inside
from fanin.optim import Rule, Schedule
from fanin.training.objective import Objective

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fanin.network import Network
    from fanin.training.settings import Settings

_SAMPLE = 1000  # rows that the curvature is measured on
_POWER_STEPS = 10


def steps_per_epoch(net: Network, rows: int, settings: Settings, longest: int = 1) -> int:
    """Return the number of updates in an epoch of a fit, on sequences of at most `longest` steps.

    With truncation, every batch has as many windows as the longest sequence needs, even if some are empty.
    """
    size = min(int(settings.batch_size or rows), rows)
    batches = -(-rows // size)
    if (
        rows > size
        and rows % size == 1
        and any(isinstance(part, BatchNorm) for part in all_inside(net.layers))
    ):
        batches -= 1  # a single remaining row, which has no variance, joins the batch before it
    batches *= -(-longest // int(settings.truncation or longest))
    return -(-batches // int(settings.rule.batches))


def rates_around(middle: float) -> tuple[float, ...]:
    """Return five of the rates ..., 0.01, 0.03, 0.1, ..., with the one closest to `middle` in the middle."""
    lowest = 2 * int(f"{middle:e}".split("e")[1])
    at = lowest
    while middle * middle > _rung(at) * _rung(at + 1):  # above their geometric mean
        at += 1
    return tuple(_rung(k) for k in range(at - 2, at + 3))


def _rung(k: int) -> float:
    return float(f"{(1, 3)[k % 2]}e{k // 2}")


def middle_rate(net: Network, data: tuple[Any, ...], rule: Rule) -> float:
    """Return the middle of the rates to try: the rule's own, or ``(1 - momentum) / (2 lambda_max)``.

    lambda_max is the largest curvature of the loss on at most 1,000 rows, by 10 power steps with differences of
    gradients. If it is 0 or not finite, the rule's default rate takes the place of ``1 / (2 lambda_max)``.
    """
    inner = getattr(rule, "rule", rule)
    momentum = getattr(inner, "momentum", 0.0)
    share = 1.0 - float(momentum.largest() if isinstance(momentum, Schedule) else momentum)
    share = max(share, 1e-3)
    if inner.middle_rate is not None:
        return float(inner.middle_rate) * share
    curvature = largest_curvature(net, data)
    usable = 0 < curvature < math.inf
    return share * (1 / (2 * curvature) if usable else 0.01)


def largest_curvature(net: Network, data: tuple[Any, ...]) -> float:
    """Return an estimate of the largest absolute eigenvalue of the Hessian of the loss at the current weights.

    Sums are exact, so that the result does not depend on the processor.
    """
    rows = np.sort(weighted_in_random_order(data[0], data[2], net.seed)[:_SAMPLE])
    X, y, weights = (rows_of(name, value, rows) for name, value in zip(NAMES, data, strict=True))
    objective = Objective(net.copy(), X, y, weights)
    w = objective.weights().astype(np.float64)
    g = objective.loss_and_gradient(w)[1].astype(np.float64)
    step = math.sqrt(float(np.finfo(net.dtype).eps)) * (1 + _norm(w))
    direction, curvature = g, 0.0
    for _ in range(_POWER_STEPS):
        size = _norm(direction)
        if not 0 < size < math.inf:  # NaN too
            break
        unit = direction / size
        direction = (objective.loss_and_gradient(w + step * unit)[1].astype(np.float64) - g) / step
        curvature = _norm(direction)
    return curvature


def _norm(v: NDArray[np.float64]) -> float:
    return math.sqrt(dot(v, v))


def dot(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return the sum of a b, rounded once, so the same on every processor; NaN or infinity if a product is."""
    with np.errstate(over="ignore", invalid="ignore"):
        blocks = (a[i : i + 4096] * b[i : i + 4096] for i in range(0, len(a), 4096))
        products = chain.from_iterable(block.tolist() for block in blocks)
        try:
            return math.fsum(products)
        except (OverflowError, ValueError):  # a sum above the largest number; infinity - infinity
            return math.nan


NAMES = ("X", "y", "sample_weight")


def adapted(net: Network, data: tuple[Any, ...]) -> Network:
    """Return the network, or a copy whose input layer has learned from these data if it has not learned yet."""
    if net._core.adapted:
        return net
    fork = net.copy()
    fork.adapt(data[0], sample_weight=data[2])
    return fork


def hold_out(data: tuple[Any, ...], seed: int) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Return the data to train on, where a tenth of the rows have weight 0, and this tenth, chosen by the seed.

    All rows keep their places, so that the order of training is that of the whole data.
    """
    X, y, given = data
    rows = row_count("X", X)
    order = weighted_in_random_order(data[0], data[2], seed)
    if len(order) < 2:
        raise ValueError(
            'learning_rate: "auto" compares rates on a tenth of the rows; expected at least 2 rows '
            f"of weight above 0, or validation data, got {len(order)}"
        )
    held = np.sort(order[: max(1, round(len(order) / 10))])
    apart = tuple(rows_of(name, value, held) for name, value in zip(NAMES, data, strict=True))
    steps = y.lengths if isinstance(y, Sequences) else 1
    kept = np.repeat(~np.isin(np.arange(rows), held), steps)
    if given is not None:
        given = given.steps if isinstance(given, Sequences) else _core.numbers("sample_weight", given)
    weights = np.where(kept, np.asarray(1.0 if given is None else given, dtype=float), 0.0)
    return (X, y, y.with_steps(weights) if isinstance(y, Sequences) else weights), apart
