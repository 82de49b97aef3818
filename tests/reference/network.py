"""A multi-layer perceptron and its training with mini-batches; samples are rows.

    forward    a_0 = X,  z_l = a_(l-1) W_l + b_l,  a_l = f_l(z_l)
    backward   dz_l = da_l * f_l'(z_l),  dW_l = a_(l-1)' dz_l,  db_l = column sums of dz_l,
               da_(l-1) = dz_l W_l'

Soft-max is part of its loss, so the last z of such a net is passed to the loss unchanged.
Source: Rumelhart, Hinton, Williams 1986.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from reference.activations import ACTIVATIONS
from reference.losses import Loss
from reference.rules import State, decayed_step

Array = NDArray[np.floating]


@dataclass
class Network:
    """Weights (n_in, n_out) and biases (n_out,) of each layer; their dtype determines that of all arithmetic."""

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
        """Train in the order of the rows; return the weighted mean loss of each epoch, measured before each step."""
        w = np.ones(len(X), dtype=X.dtype) if weights is None else weights
        self.states = self.states or [{} for _ in self.parameters()]
        history = []
        for _ in range(epochs):
            total = 0.0
            for start in range(0, len(X), batch_size):
                batch = tuple(array[start : start + batch_size] for array in (X, y, w))
                self.steps += 1
                total += self.step(rule, *batch) * batch[2].sum()
            history.append(total / w.sum())
        return history

    def step(self, rule, X: Array, y: NDArray, weights: Array) -> float:
        """Take one step of the rule; return the loss before it, at the point of the gradient."""
        parameters, states = self.parameters(), self.states
        jumps = [rule.jump(state) if hasattr(rule, "jump") else 0.0 for state in states]
        self.add(jumps)
        loss, gradients = self.loss_of(X, y, weights), self.gradients(X, y, weights)
        extra: list[dict] = [{} for _ in parameters]
        if getattr(rule, "variant", "") == "irprop+":
            extra = [{"loss": loss} for _ in parameters]
        if hasattr(rule, "adam_output"):
            hidden = [array.ndim == 2 for array in parameters[: -2 if rule.adam_output else None]]
            extra[: len(hidden)] = [{"hidden": is_hidden} for is_hidden in hidden]
        if hasattr(rule, "shift"):
            shifts = [rule.shift(g, state) for g, state in zip(gradients, states, strict=True)]
            self.add(shifts)
            extra = [{"second": second} for second in self.gradients(X, y, weights)]
            self.add([-shift for shift in shifts])
        decays: list[Array | float] = [0.0] * len(parameters)
        if getattr(rule, "decays", False):
            decays = [rule.weight_decay * array if array.ndim == 2 else 0.0 for array in parameters]
        self.add([-jump for jump in jumps])
        if hasattr(rule, "weight_decay") and not getattr(rule, "decays", False):
            for array in self.weights:
                array *= 1 - rule.learning_rate * rule.weight_decay
        self.add(
            [
                decayed_step(rule, g, state, self.steps, pull, **more)
                for g, state, pull, more in zip(gradients, states, decays, extra, strict=True)
            ]
        )
        return loss

    def add(self, changes: list) -> None:
        for array, change in zip(self.parameters(), changes, strict=True):
            array += change
