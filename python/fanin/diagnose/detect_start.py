"""Facts about the weights that a fit starts from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin.diagnose.described import dense_weights, root_mean_square
from fanin.diagnose.evidence import Evidence
from fanin.diagnose.finding import Finding, Severity
from fanin.diagnose.remedies import changed
from fanin.diagnose.remedy import Remedy
from fanin.layers import Dense, Layer

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LARGE = 5.0  # times the weights of the default initializer
_SMALL = 0.1
_FIRST_LOSS, _FAR = 3.0, 10.0  # times that of the best constant outputs
_LARGEST_INPUTS = 10.0  # root mean square: with larger ones the inputs are at fault
_COSINE = 0.9999
_TWINS = 0.5  # share of the units of a layer that have another with the same weights
_UNITS = 512  # of a layer that are compared, at most


def bad_start(evidence: Evidence) -> Iterator[Finding]:
    """Find weights at the start that are all equal, too large or too small, and outputs that start far off."""
    net = evidence.start
    if net._core.rule is not None:  # it has been trained before
        return
    weights = dense_weights(net)
    usual: dict[str, NDArray[Any]] = {}
    remedy = Remedy("draw the weights from the default initializer", layers=_with_defaults(net.layers))
    found = False
    for place, (name, W) in enumerate(weights.items()):
        hidden = place < len(weights) - 1
        layer = name.removesuffix(".weight")
        if W.size > 1 and W.min() == W.max():
            if hidden:
                found = True
                message = f"all {W.size:,} weights of {layer} start at {W.flat[0]:.3g}, so that its units stay equal"
                yield Finding("bad_start", message, 0.0, _SMALL, layer=layer, remedy=remedy)
            continue
        usual = usual or dense_weights(remedy.network(net))
        if name not in usual:  # an input layer has yet to learn its columns
            return
        ratio = root_mean_square(W) / root_mean_square(usual[name])
        if ratio > _LARGE or (hidden and ratio < _SMALL):
            found = True
            limit = _LARGE if ratio > _LARGE else _SMALL
            message = f"the weights of {layer} start {ratio:.2g} times as large as the default initializer draws them"
            yield Finding("bad_start", message, ratio, limit, layer=layer, remedy=remedy)
    if not found:
        yield from _far_outputs(evidence)


def _far_outputs(evidence: Evidence) -> Iterator[Finding]:
    """Find a first loss far above that of the best constant outputs, unless it comes from large inputs."""
    watched, target = evidence.watched, evidence.target
    if watched is None or not 0 < target.scale < np.inf:
        return
    ratio = (watched.first_loss - target.floor) / target.scale
    if not ratio > _FIRST_LOSS:
        return
    inputs = np.hypot(watched.mean[:, 0], watched.deviation[:, 0])
    if not (inputs[np.isfinite(inputs)] <= _LARGEST_INPUTS).all():
        return
    *before, last = evidence.start.layers
    remedy = None
    if isinstance(last, Dense) and last.activation == "identity" and not last.batch_norm:
        started = replace(last, initializer="zeros", bias_initializer="base_rate")
        remedy = Remedy("start at the best constant outputs", layers=(*before, started))
    first, best = f"{watched.first_loss:.3g}", f"{target.baseline:.3g}"
    message = f"the loss starts at {first}, far above {best} of the best constant outputs"
    severity: Severity = "fault" if ratio > _FAR else "warning"
    yield Finding("bad_start", message, ratio, _FAR, step=1, severity=severity, remedy=remedy)


def identical_units(evidence: Evidence) -> Iterator[Finding]:
    """Find hidden layers whose units start with the same weights and biases, and so learn the same."""
    net = evidence.start
    weights = dense_weights(net)
    biases = net.get_weights(averaged=False) if weights else {}
    for name in list(weights)[:-1]:
        layer = name.removesuffix(".weight")
        twins = _share_of_twins(weights[name], biases.get(f"{layer}.bias"))
        if twins >= _TWINS:
            remedy = Remedy("draw different weights for each unit", layers=_with_defaults(net.layers))
            message = f"{twins:.0%} of the units of {layer} start with the weights and the bias of another"
            yield Finding("identical_units", message, twins, _TWINS, layer=layer, remedy=remedy)


def _share_of_twins(W: NDArray[Any], bias: NDArray[Any] | None) -> float:
    """Return the share of units whose weights and bias are those of another."""
    W = W[:, :_UNITS].astype(float)
    units = W.shape[1]
    if units < 2:
        return 0.0
    squares = (W * W).sum(0)
    tolerance = 2 * (1 - _COSINE) if len(W) > 1 else 1e-12  # weights of a single input are all parallel
    apart = squares[:, None] + squares - 2 * W.T @ W
    same = apart <= tolerance * np.sqrt(squares[:, None] * squares)
    if bias is not None:
        same &= bias[:units, None] == bias[:units]
    np.fill_diagonal(same, False)
    return float(same.any(1).mean())


def _with_defaults(layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
    """Return the layers with default initializers; those of biases of the last layer stay."""
    *hidden, last = layers
    return (
        *changed(hidden, lambda layer: replace(layer, initializer="auto", bias_initializer="zeros")),
        *changed([last], lambda layer: replace(layer, initializer="auto")),
    )
