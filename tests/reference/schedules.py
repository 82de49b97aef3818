"""Schedules: the value at step t = 1, 2, ... as their sources give it.

Sources: Hinton, lecture 6 (piecewise); Sutskever et al. 2013, section 3; Loshchilov and Hutter 2017 with the warm-up of
Goyal et al. 2017 (cosine); Robbins and Monro 1951 (inverse time).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple


class Schedule(NamedTuple):
    value: Callable[..., float]  # of t and the hyper-parameters, with their defaults
    examples: tuple[tuple, ...]  # hyper-parameters, in order


def piecewise(t: int, levels: tuple[float, ...] = (0.5, 0.9), after: tuple[float, ...] = (500,)) -> float:
    return levels[sum(t > step for step in after)]


def sutskever_momentum(t: int, highest: float = 0.99, period: float = 250) -> float:
    return min(1 - 2 ** (-1 - math.log2(math.floor(t / period) + 1)), highest)


def exponential(t: int, first: float = 0.01, decay: float = 0.5, steps: float = 1000) -> float:
    return first * decay ** ((t - 1) / steps)


def half_wave(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2


def cosine(
    t: int, first: float = 0.01, last: float = 0.0, steps: float = 10_000, warm_up: float = 0
) -> float:
    if t <= warm_up:
        return first * t / warm_up
    return half_wave(first, last, min((t - 1 - warm_up) / (steps - warm_up), 1))


def inverse_time(t: int, first: float = 0.01, steps: float = 1000, power: float = 1.0) -> float:
    return first / (1 + (t - 1) / steps) ** power


SCHEDULES = {
    "piecewise": Schedule(piecewise, (((0.5, 0.9, 0.99), (10, 200)),)),
    "sutskever_momentum": Schedule(sutskever_momentum, ((0.9, 10),)),
    "exponential": Schedule(exponential, ((0.3, 0.1, 50),)),
    "cosine": Schedule(cosine, ((0.3, 0.1, 400, 20),)),
    "inverse_time": Schedule(inverse_time, ((0.3, 10, 0.75),)),
}
