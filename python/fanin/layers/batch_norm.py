"""Batch normalization."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fanin.layers.layer import Layer


@dataclass(frozen=True)
class BatchNorm(Layer):
    """Batch normalization: ``gamma (Z - mean) / sqrt(variance + epsilon) + beta``, unit by unit.

    ``Dense(units, activation, batch_norm=BatchNorm(...))`` normalizes Z = X W of that layer, before its activation. As
    a layer of its own, ``BatchNorm()`` normalizes the output of the previous layer or, if it comes first, the inputs.
    gamma, initially 1, and beta, initially 0, are learned.

    Training uses the mean and variance of the mini-batch, ignoring sample weights (Ioffe and Szegedy 2015). Prediction
    uses the running mean and variance, exponential moving averages over mini-batches:
    ``running <- decay running + (1 - decay) batch``. As in PyTorch, they start at mean 0 and variance 1, and the
    running variance divides by m - 1 for a batch of m rows, while the batch itself is normalized by the variance that
    divides by m. (PyTorch's "momentum" is 1 - decay.)

    Parameters
    ----------
    epsilon : float
        Between 1e-30 and 1e30.
    decay : float
        In [0, 1): the running statistics cover about the last 1 / (1 - decay) batches.
    bias_correction : bool
        Divide the running statistics by 1 - decay^t after t batches, so that their initial values have no weight.
        (The network counts t: statistics that you set count as those of the t batches so far.)
    exact_statistics : bool
        At the end of `fit`, replace the running statistics by the mean and variance of this layer's input over the
        whole training set, layer by layer, with earlier layers as in prediction (Ioffe and Szegedy 2015). This costs
        one prediction of the training set for each such layer. (Validation during the fit still uses the running
        statistics. Sample weights are ignored. Not for `fit_chunks`, which does not have the whole training set.)

    Examples
    --------
    >>> import fanin
    >>> fanin.Dense(64, "relu", batch_norm=fanin.BatchNorm(decay=0.99)).batch_norm
    BatchNorm(epsilon=1e-05, decay=0.99, bias_correction=False, exact_statistics=False)
    >>> net = fanin.Network(8, [fanin.BatchNorm(), fanin.Dense(16, "relu"), fanin.Dense(1)])
    >>> list(net.get_weights())[:4]
    ['layer1.beta', 'layer1.gamma', 'layer1.running_mean', 'layer1.running_variance']
    """

    name: ClassVar[str] = "batch_norm"
    epsilon: float = 1e-5
    decay: float = 0.9
    bias_correction: bool = False
    exact_statistics: bool = False
