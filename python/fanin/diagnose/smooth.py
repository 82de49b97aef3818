"""The loss of a network as a smooth function of its weights: without dropout, with batch norm as in prediction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin.layers import Activation, Dropout, Layer, Residual

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fanin.diagnose.samples import Samples
    from fanin.network import Network
    from fanin.training.objective import Objective

_IDENTITY = Activation("identity")


@dataclass(frozen=True, eq=False)
class SmoothLoss:
    """The loss over some rows, in float64, for the weights that the network has."""

    net: Network
    X: NDArray[Any]
    y: NDArray[Any]
    weight: NDArray[np.float64]

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.y)

    def of(self, rows: Any) -> Objective:
        """Return the objective over some of the rows."""
        data = self.X[rows], self.y[rows]
        return self.net.objective(*data, sample_weight=self.weight[rows], frozen_batch_norm=True)


def smooth_loss(net: Network, samples: Samples, rows: NDArray[Any]) -> SmoothLoss:
    """Return the loss over rows of what the input layer of the network, which must have learned, makes of them."""
    first = net.first_inputs(samples.X[rows])
    layers = [_smooth(layer) for layer in net.layers]
    if net._core.has_input_layer:
        layers[0] = _IDENTITY
    smooth = type(net)(first.shape[1], layers, net._loss, dtype="float64")
    smooth.set_weights(net.get_weights())
    return SmoothLoss(smooth, first.astype(float), samples.y[rows], samples.weight[rows])


def _smooth(layer: Layer) -> Layer:
    if isinstance(layer, Residual):
        return Residual([_smooth(inner) for inner in layer.layers])
    return _IDENTITY if isinstance(layer, Dropout) else layer
