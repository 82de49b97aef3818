"""Batch normalization by the formulas of the textbook, column by column.

    y = gamma (x - mean) / sqrt(variance + epsilon) + beta,  variance = mean of (x - mean)^2

The gradients follow the chain rule of the paper, term by term, rather than the closed form.
Source: Ioffe and Szegedy 2015, section 3.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


def batch_norm(x: Array, gamma: Array, beta: Array, epsilon: float) -> tuple[Array, Array, Array]:
    """y, mean and variance."""
    mean = x.mean(axis=0)
    variance = ((x - mean) ** 2).mean(axis=0)
    return inference(x, mean, variance, gamma, beta, epsilon), mean, variance


def inference(x: Array, mean: Array, variance: Array, gamma: Array, beta: Array, epsilon: float) -> Array:
    return gamma * (x - mean) / np.sqrt(variance + epsilon) + beta


def backward(dy: Array, x: Array, gamma: Array, epsilon: float) -> tuple[Array, Array, Array]:
    """dx, dgamma, dbeta."""
    m = len(x)
    _, mean, variance = batch_norm(x, gamma, gamma, epsilon)
    root = np.sqrt(variance + epsilon)
    normalized = (x - mean) / root
    d_normalized = dy * gamma
    d_variance = (d_normalized * (x - mean) * -0.5 * root**-3).sum(axis=0)
    d_mean = -(d_normalized / root).sum(axis=0) - d_variance * 2 * (x - mean).mean(axis=0)
    dx = d_normalized / root + d_variance * 2 * (x - mean) / m + d_mean / m
    return dx, (dy * normalized).sum(axis=0), dy.sum(axis=0)
