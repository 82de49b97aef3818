"""Update rules that scale by past gradients of each weight: see `reference.rules`.

Sources: Hinton, lecture 6e, with Graves 2013 (RMSprop); Duchi, Hazan and Singer 2011 (Adagrad); Zeiler 2012 (Adadelta);
Kingma and Ba 2015, algorithms 1 and 2 (Adam, epsilon outside the root, both biases corrected; AdaMax); Loshchilov and
Hutter 2019 (AdamW); Dozat 2016 (NAdam); Liu et al. 2020 (RAdam, rectified from r = 5 on); Reddi, Kale and Kumar 2018
(AMSGrad, with Adam's corrections); Pagliardini, Ablin and Grangier 2024 (AdEMAMix); Defazio et al. 2024
(ScheduleFreeAdamW, v corrected as in Adam); Jordan et al. 2024 (Muon); Chen et al. 2023 (Lion).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
State = dict[str, Array]


def over(a: Array, b: Array) -> Array:
    """The ratio a / b, and 0 where b is 0."""
    return np.where(b == 0, 0, a / np.where(b == 0, 1, b))


def average(state: State, name: str, new: Array, decay: float) -> Array:
    state[name] = decay * state.get(name, np.zeros_like(new)) + (1 - decay) * new
    return state[name]


@dataclass(frozen=True)
class RMSprop:
    learning_rate: float = 1e-3
    decay: float = 0.9
    epsilon: float = 1e-8
    momentum: float = 0.0
    nesterov: bool = False
    centered: bool = False
    bias_correction: bool = False

    def jump(self, state: State) -> Array | float:
        return self.momentum * state.get("v", 0.0) if self.nesterov else 0.0

    def step(self, g: Array, state: State, t: int) -> Array:
        correction = 1 - self.decay**t if self.bias_correction else 1.0
        square = average(state, "MS", g**2, self.decay) / correction
        if self.centered:
            mean = average(state, "mean", g, self.decay) / correction
            square = np.maximum(0, square - mean**2)
        change = -self.learning_rate * over(g, np.sqrt(square) + self.epsilon)
        if self.momentum == 0:
            return change
        state["v"] = self.momentum * state.get("v", np.zeros_like(g)) + change
        return state["v"]


@dataclass(frozen=True)
class Adagrad:
    learning_rate: float = 0.01
    epsilon: float = 1e-10

    def step(self, g: Array, state: State, t: int) -> Array:
        state["G"] = state.get("G", np.zeros_like(g)) + g**2
        return -self.learning_rate * over(g, np.sqrt(state["G"]) + self.epsilon)


@dataclass(frozen=True)
class Adadelta:
    learning_rate: float = 1.0
    decay: float = 0.95
    epsilon: float = 1e-6

    def step(self, g: Array, state: State, t: int) -> Array:
        before = state.get("D", np.zeros_like(g))
        root = np.sqrt(average(state, "G", g**2, self.decay) + self.epsilon)
        change = -over(np.sqrt(before + self.epsilon), root) * g
        average(state, "D", change**2, self.decay)
        return self.learning_rate * change


@dataclass(frozen=True)
class Adam:
    learning_rate: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    epsilon_hat: bool = False

    def moments(self, g: Array, state: State, t: int) -> tuple[Array, Array]:
        m, v = average(state, "m", g, self.beta1), average(state, "v", g**2, self.beta2)
        return m / (1 - self.beta1**t), v / (1 - self.beta2**t)

    def root(self, v_hat: Array, t: int) -> Array:
        """The divisor: with epsilon_hat, epsilon is added to sqrt(v) before the correction."""
        return np.sqrt(v_hat) + self.epsilon / ((1 - self.beta2**t) ** 0.5 if self.epsilon_hat else 1)

    def step(self, g: Array, state: State, t: int) -> Array:
        m_hat, v_hat = self.moments(g, state, t)
        return -self.learning_rate * over(m_hat, self.root(v_hat, t))


@dataclass(frozen=True)
class AdamW(Adam):
    weight_decay: float = 0.01


@dataclass(frozen=True)
class NAdam(Adam):
    learning_rate: float = 2e-3
    momentum_decay: float = 4e-3

    def momentum(self, t: int) -> float:
        return self.beta1 * (1 - 0.5 * 0.96 ** (t * self.momentum_decay))

    def step(self, g: Array, state: State, t: int) -> Array:
        state["p"] = state.get("p", 1.0) * self.momentum(t)
        _, v_hat = self.moments(g, state, t)
        following = self.momentum(t + 1)
        m_bar = following * state["m"] / (1 - state["p"] * following)
        g_bar = (1 - self.momentum(t)) * g / (1 - state["p"])
        return -self.learning_rate * over(m_bar + g_bar, self.root(v_hat, t))


@dataclass(frozen=True)
class RAdam(Adam):
    def step(self, g: Array, state: State, t: int) -> Array:
        m_hat, v_hat = self.moments(g, state, t)
        R = 2 / (1 - self.beta2) - 1
        r = R - 2 * t * self.beta2**t / (1 - self.beta2**t)
        if r <= 5:
            return -self.learning_rate * m_hat
        c = ((r - 4) * (r - 2) * R / ((R - 4) * (R - 2) * r)) ** 0.5
        return -self.learning_rate * c * over(m_hat, self.root(v_hat, t))


@dataclass(frozen=True)
class AMSGrad(Adam):
    def step(self, g: Array, state: State, t: int) -> Array:
        m_hat, _ = self.moments(g, state, t)
        state["u"] = np.maximum(state.get("u", np.zeros_like(g)), state["v"])
        u_hat = state["u"] / (1 - self.beta2**t)
        return -self.learning_rate * over(m_hat, self.root(u_hat, t))


@dataclass(frozen=True)
class AdEMAMix(Adam):
    beta3: float = 0.9999
    alpha: float = 5.0
    warm_up: float = 0.0
    weight_decay: float = 0.0

    def slow_decay(self, u: float) -> float:
        """The decay whose half-life lies between those of beta1 and beta3 (the paper's section 3)."""
        half_life = [np.log(0.5) / np.log(beta) - 1 for beta in (self.beta1, self.beta3)]
        return 0.5 ** (1 / ((1 - u) * half_life[0] + u * half_life[1] + 1))

    def step(self, g: Array, state: State, t: int) -> Array:
        u = min(t / self.warm_up, 1) if self.warm_up else 1.0
        m1_hat = average(state, "m1", g, self.beta1) / (1 - self.beta1**t)
        m2 = average(state, "m2", g, self.slow_decay(u))
        v_hat = average(state, "v", g**2, self.beta2) / (1 - self.beta2**t)
        return -self.learning_rate * over(m1_hat + u * self.alpha * m2, self.root(v_hat, t))


@dataclass(frozen=True)
class AdaMax:
    learning_rate: float = 2e-3
    beta1: float = 0.9
    beta2: float = 0.999

    def step(self, g: Array, state: State, t: int) -> Array:
        m_hat = average(state, "m", g, self.beta1) / (1 - self.beta1**t)
        state["u"] = np.maximum(self.beta2 * state.get("u", np.zeros_like(g)), np.abs(g))
        return -self.learning_rate * over(m_hat, state["u"])


@dataclass(frozen=True)
class ScheduleFreeAdamW:
    """The change of x, with z - x = lead / beta1 and y = x + (1 - beta1) (z - x)."""

    learning_rate: float = 2.5e-3
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    warm_up: float = 200.0
    weight_decay: float = 0.0
    decays: ClassVar[bool] = True

    def jump(self, state: State) -> Array | float:
        return (1 / self.beta1 - 1) * state.get("lead", 0.0)

    def step(self, g: Array, state: State, t: int, decay: Array | float = 0.0) -> Array:
        rate = self.learning_rate * (min(1, t / self.warm_up) if self.warm_up else 1)
        state["S"] = state.get("S", 0.0) + rate**2
        lead = state.setdefault("lead", np.zeros_like(g))
        v_hat = average(state, "v", g**2, self.beta2) / (1 - self.beta2**t)
        z = lead / self.beta1 - rate * (over(g, np.sqrt(v_hat) + self.epsilon) + decay)
        change = z * (rate**2 / state["S"] if state["S"] else 0)
        state["lead"] = self.beta1 * (z - change)
        return change


def orthogonalized(u: Array) -> Array:
    """Five iterations towards the orthogonal factor of u, by the method of Newton and Schulz."""
    X = u.T if u.shape[0] > u.shape[1] else u
    X = X / (np.linalg.norm(X) + 1e-7)
    for _ in range(5):
        A = X @ X.T
        X = 3.4445 * X + (-4.775 * A + 2.0315 * A @ A) @ X
    return X.T if u.shape[0] > u.shape[1] else X


@dataclass(frozen=True)
class Muon:
    """Of one array: the weights (..., n_out) of a hidden layer, or what AdamW steps."""

    learning_rate: float = 0.02
    momentum: float = 0.95
    weight_decay: float = 0.0
    adam_rate: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    adam_output: bool = True
    decays: ClassVar[bool] = True

    def step(self, g: Array, state: State, t: int, decay: Array | float = 0.0, hidden: bool = False) -> Array:
        if not hidden:
            adam = Adam(self.adam_rate, self.beta1, self.beta2, self.epsilon)
            return adam.step(g, state, t) - self.adam_rate * decay
        m = average(state, "m", g, self.momentum)
        state["v"] = np.zeros_like(g)
        u = (g + self.momentum * (m - g)).reshape(-1, g.shape[-1])
        X = max(1, u.shape[1] / u.shape[0]) ** 0.5 * orthogonalized(u)
        return -self.learning_rate * (X.reshape(g.shape) + decay)


@dataclass(frozen=True)
class Lion:
    learning_rate: float = 1e-4
    beta1: float = 0.9
    beta2: float = 0.99
    weight_decay: float = 0.0

    def step(self, g: Array, state: State, t: int) -> Array:
        direction = self.beta1 * state.get("m", np.zeros_like(g)) + (1 - self.beta1) * g
        average(state, "m", g, self.beta2)
        return -self.learning_rate * np.sign(direction)


RULES = {
    "rmsprop": RMSprop,
    "adagrad": Adagrad,
    "adadelta": Adadelta,
    "adam": Adam,
    "adamw": AdamW,
    "nadam": NAdam,
    "radam": RAdam,
    "amsgrad": AMSGrad,
    "adamax": AdaMax,
    "ademamix": AdEMAMix,
    "schedule_free_adamw": ScheduleFreeAdamW,
    "muon": Muon,
    "lion": Lion,
}
