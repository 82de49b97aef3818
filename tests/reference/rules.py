"""Update rules: from a gradient g and the state of one array to the change of its weights, w <- w + change.

State is a dict of arrays that starts empty; t counts steps from 1. `loss` is the loss at the weights of g. A rule with
`jump` needs g at w + jump(state), a rule with `shift` a second gradient at w + shift(g, state). Decay is weight_decay
times the weights at which g was taken, and 0 for biases: `decayed_step` subtracts it times the rate, unless the step of
the rule applies it, which is one that `decays`.

Sources: Hinton, Neural Networks for Machine Learning, lecture 6 (momentum with the rate inside v, gains, rprop,
RMSprop); Sutskever et al. 2013 (Nesterov); Igel and Huesken 2000 (variants of Rprop); Graves 2013 (centered RMSprop);
Schaul, Zhang and LeCun 2013 with Schaul and LeCun 2013, algorithm 2 (vSGD-fd). For adaptive rules, see their file.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reference.adaptive_rules import RULES as ADAPTIVE_RULES
from reference.adaptive_rules import over

Array = NDArray[np.floating]
State = dict[str, Array]


def decayed_step(rule, g: Array, state: State, t: int, decay: Array | float, **inputs) -> Array:
    """The change of the weights by a step of the rule and the decay."""
    if getattr(rule, "decays", False):
        return rule.step(g, state, t, decay=decay, **inputs)
    change = rule.step(g, state, t, **inputs)
    return change - rule.learning_rate * decay if np.any(decay) else change


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
class Nesterov(Momentum):
    show_look_ahead: bool = False

    def jump(self, state: State) -> Array | float:
        return 0.0 if self.show_look_ahead else self.momentum * state.get("v", 0.0)

    def step(self, g: Array, state: State, t: int) -> Array:
        before = state.get("v", np.zeros_like(g))
        v = super().step(g, state, t)
        return v + self.momentum * (v - before) if self.show_look_ahead else v


@dataclass(frozen=True)
class AdaptiveGain:
    learning_rate: float = 0.01
    momentum: float = 0.0
    delta: float = 0.05
    min_gain: float = 0.1
    max_gain: float = 10.0

    def step(self, g: Array, state: State, t: int) -> Array:
        gain, v = state.get("gain", np.ones_like(g)), state.get("v", np.zeros_like(g))
        agreement = np.sign(-g) * np.sign(v)
        gain = np.where(
            agreement > 0, gain + self.delta, np.where(agreement < 0, gain * (1 - self.delta), gain)
        )
        state["gain"] = np.clip(gain, self.min_gain, self.max_gain).astype(g.dtype)
        state["v"] = self.momentum * v - self.learning_rate * state["gain"] * g
        return state["v"]


@dataclass(frozen=True)
class SignSGD:
    learning_rate: float = 1e-3

    def step(self, g: Array, state: State, t: int) -> Array:
        return -self.learning_rate * np.sign(g)


@dataclass(frozen=True)
class Rprop:
    learning_rate: float = 0.01
    increase: float = 1.2
    decrease: float = 0.5
    min_step: float = 1e-6
    max_step: float = 50.0
    variant: str = "rprop-"

    def step(self, g: Array, state: State, t: int, loss: float = 0.0) -> Array:
        last_step = state.get("step", np.full_like(g, self.learning_rate))
        last_sign = state.get("sign", np.zeros_like(g))
        same, turned = last_sign * np.sign(g) > 0, last_sign * np.sign(g) < 0
        step = np.where(same, np.minimum(last_step * self.increase, self.max_step), last_step)
        step = np.where(turned, np.maximum(last_step * self.decrease, self.min_step), step).astype(g.dtype)
        worse = t > 1 and loss > state.get("loss", np.inf)
        state["step"], state["sign"] = step, np.sign(g)
        if self.variant == "irprop+":
            state["loss"] = loss
        change = -np.sign(g) * step
        if self.variant != "rprop-":
            back = self.variant == "rprop+" or (self.variant == "irprop+" and worse)
            change = np.where(turned, last_sign * last_step if back else 0, change)
            state["sign"] = np.where(turned, 0, np.sign(g))
        return change


@dataclass(frozen=True)
class SchaulVSGD:
    learning_rate: float = 1.0
    warm_up: float = 10.0
    slow_start: float = 2.0
    epsilon: float = 1e-4

    def shift(self, g: Array, state: State) -> Array:
        mean = state.get("g", g)
        return np.copysign(np.clip(np.abs(mean), self.epsilon, 100 * self.epsilon), mean)

    def step(self, g: Array, state: State, t: int, second: Array) -> Array:
        h = np.abs(second - g) / np.abs(self.shift(g, state))
        new = {"g": g, "v": g**2, "h": h, "q": h**2}
        old = {name: state.get(name, np.zeros_like(g)) for name in new}
        tau = state.get("tau", np.full_like(g, self.warm_up))
        slow = (1.0, 1.0, 1.0, 1.0)
        if t <= self.warm_up:
            share = np.full_like(g, 1 / t)
            if t + 1 > self.warm_up:
                slow = (1.0, self.slow_start, self.slow_start, self.slow_start**2)
        else:
            far_g = np.abs(g - old["g"]) > 2 * np.sqrt(np.maximum(0, old["v"] - old["g"] ** 2))
            far_h = np.abs(h - old["h"]) > 2 * np.sqrt(np.maximum(0, old["q"] - old["h"] ** 2))
            tau = tau + (far_g | far_h)
            share = 1 / tau
        for factor, (name, value) in zip(slow, new.items(), strict=True):
            state[name] = (old[name] + share * (value - old[name])) * factor
        certainty = np.minimum(1, over(state["g"] ** 2, state["v"]))
        moving = t > self.warm_up
        state["tau"] = (1 - certainty) * tau + 1 if moving else tau
        rate = certainty * over(state["h"], state["q"])
        return -self.learning_rate * rate * g if moving else np.zeros_like(g)


RULES = {
    "sgd": SGD,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "adaptive_gain": AdaptiveGain,
    "sign_sgd": SignSGD,
    "rprop": Rprop,
    "schaul_vsgd": SchaulVSGD,
    **ADAPTIVE_RULES,
}
