"""Batch norm, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fanin.layers.layer import Layer


@dataclass(frozen=True)
class BatchNorm(Layer):
    """Batch normalization: ``gamma (Z - mean) / sqrt(variance + epsilon) + beta``, unit by unit.

    ``Dense(units, activation, batch_norm=BatchNorm(...))`` normalizes the Z of that layer, before its activation. In
    the list of layers ``BatchNorm()`` stands for itself: it normalizes what the layer before it gives, after the
    activation, or as the first one the inputs. gamma, 1 at first, and beta, 0 at first, are learned.

    In training mean and variance are those of the mini-batch, in which sample weights do not count (Ioffe and Szegedy
    2015). For prediction, one sample at a time or many, they are exponentially weighted averages across mini-batches:
    ``average <- decay average + (1 - decay) of the batch``. As in PyTorch these start from mean 0 and variance 1, and
    the variance that is averaged divides by the rows less one, while the batch itself is normalized by the one that
    divides by the rows. (PyTorch's "momentum" is 1 - decay.)

    Parameters
    ----------
    epsilon : float
        Between 1e-30 and 1e30.
    decay : float
        In [0, 1): an average over about the last 1 / (1 - decay) batches.
    bias_correction : bool
        Divide the averages by 1 - decay^t after t batches, so that their start has no weight. (t is the network's own
        count: averages that are set count as those of the t batches it has seen.)
    exact_statistics : bool
        At the end of `fit` put mean and variance over the whole training set in the place of the averages: those of
        what this layer sees when the layers before it are as in prediction, layer by layer (Ioffe and Szegedy 2015).
        It costs a prediction of the training set for each such layer. (Validation within the fit has the averages
        still. Sample weights do not count. Not for `fit_chunks`, which has no whole training set.)

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
