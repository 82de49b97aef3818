"""A multi-layer perceptron and its training by mini-batches, rows being samples.

    forward    a_0 = X,  z_l = a_(l-1) W_l + b_l,  a_l = f_l(z_l)
    backward   dz_l = da_l * f_l'(z_l),  dW_l = a_(l-1)' dz_l,  db_l = column sums of dz_l,
               da_(l-1) = dz_l W_l'

Soft-max belongs to its loss, so the last z of such a net goes to the loss unchanged.
Source: Rumelhart, Hinton, Williams 1986.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from reference.activations import ACTIVATIONS
from reference.losses import Loss
from reference.rules import State

Array = NDArray[np.floating]


@dataclass
class Network:
    """Weights (n_in, n_out) and biases (n_out,) of each layer; their dtype is that of all arithmetic."""

    weights: list[Array]
    biases: list[Array]
    activations: list[str]
    loss: Loss
    steps: int = 0
    states: list[State] = field(default_factory=list)

    def forward(self, X: Array) -> tuple[list[Array], list[Array]]:
        zs, activations = [], [X]
        for W, b, name in zip(self.weights, self.biases, self.activations, strict=True):
            zs.append(activations[-1] @ W + b)
            activations.append(ACTIVATIONS[name].value(zs[-1]))
        return zs, activations

    def predict(self, X: Array) -> Array:
        return self.loss.output(self.forward(X)[1][-1])

    def loss_of(self, X: Array, y: NDArray, weights: Array | None = None) -> float:
        return self.loss.value(self.forward(X)[1][-1], y, weights)

    def metric_of(self, X: Array, y: NDArray, weights: Array | None = None) -> float:
        return self.loss.metric(self.forward(X)[1][-1], y, weights)

    def gradients(self, X: Array, y: NDArray, weights: Array | None = None) -> list[Array]:
        """dW_1, db_1, dW_2, db_2, ..."""
        zs, activations = self.forward(X)
        da = self.loss.gradient(activations[-1], y, weights)
        gradients: list[Array] = []
        for layer in reversed(range(len(self.weights))):
            dz = da * ACTIVATIONS[self.activations[layer]].derivative(zs[layer])
            gradients = [activations[layer].T @ dz, dz.sum(axis=0), *gradients]
            da = dz @ self.weights[layer].T
        return gradients

    def parameters(self) -> list[Array]:
        return [array for pair in zip(self.weights, self.biases, strict=True) for array in pair]

    def train(
        self, X: Array, y: NDArray, rule, epochs: int, batch_size: int, weights: Array | None = None
    ) -> list[float]:
        """Train in the order of the rows; the weighted mean loss over each epoch, as met in passing."""
        w = np.ones(len(X), dtype=X.dtype) if weights is None else weights
        self.states = self.states or [{} for _ in self.parameters()]
        history = []
        for _ in range(epochs):
            total = 0.0
            for start in range(0, len(X), batch_size):
                batch = tuple(array[start : start + batch_size] for array in (X, y, w))
                total += self.loss_of(*batch) * batch[2].sum()
                self.steps += 1
                gradients = self.gradients(*batch)
                for array, g, state in zip(self.parameters(), gradients, self.states, strict=True):
                    array += rule.step(g, state, self.steps)
            history.append(total / w.sum())
        return history
