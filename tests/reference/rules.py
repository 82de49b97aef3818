"""Update rules: from a gradient g and the state of one array to the change of its weights, w <- w + change.

    SGD        change = -learning_rate g
    Momentum   v <- momentum v - learning_rate g                         change = v
    Adam       m <- beta1 m + (1 - beta1) g,  v <- beta2 v + (1 - beta2) g^2
               change = -learning_rate (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)

State is a dict of arrays that starts empty, which means zero; t counts steps from 1.
Source: Hinton, Neural Networks for Machine Learning, lecture 6 (Momentum, the rate inside v);
Kingma and Ba 2015, algorithm 1 (Adam, epsilon outside the root, both biases corrected).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
State = dict[str, Array]


@dataclass(frozen=True)
class SGD:
    learning_rate: float = 0.01

    def step(self, g: Array, state: State, t: int) -> Array:
        return -self.learning_rate * g


@dataclass(frozen=True)
class Momentum:
    learning_rate: float = 0.01
    momentum: float = 0.9

    def step(self, g: Array, state: State, t: int) -> Array:
        state["v"] = self.momentum * state.get("v", np.zeros_like(g)) - self.learning_rate * g
        return state["v"]


@dataclass(frozen=True)
class Adam:
    learning_rate: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def step(self, g: Array, state: State, t: int) -> Array:
        zero = np.zeros_like(g)
        state["m"] = self.beta1 * state.get("m", zero) + (1 - self.beta1) * g
        state["v"] = self.beta2 * state.get("v", zero) + (1 - self.beta2) * g**2
        m_hat = state["m"] / (1 - self.beta1**t)
        v_hat = state["v"] / (1 - self.beta2**t)
        return -self.learning_rate * m_hat / (np.sqrt(v_hat) + self.epsilon)


RULES = {"sgd": SGD, "momentum": Momentum, "adam": Adam}
