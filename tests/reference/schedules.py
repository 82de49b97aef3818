"""Schedules: the value at step t = 1, 2, ... as their sources give it.

Sources: Hinton, lecture 6 (piecewise); Sutskever et al. 2013, section 3; Loshchilov and Hutter 2017 with the warm-up of
Goyal et al. 2017 (cosine); Robbins and Monro 1951 (inverse time); Smith and Topin 2019, as PyTorch's OneCycleLR counts
its steps (one cycle).
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


def one_cycle(
    t: int,
    peak: float = 0.01,
    steps: float = 10_000,
    warm: float = 0.3,
    start: float = 25,
    end: float = 1e4,
) -> float:
    first, number, turn = peak / start, t - 1, warm * steps - 1
    if number < turn:
        return half_wave(first, peak, number / turn)
    return half_wave(peak, first / end, min((number - turn) / (steps - 1 - turn), 1))


SCHEDULES = {
    "piecewise": Schedule(piecewise, (((0.5, 0.9, 0.99), (10, 200)),)),
    "sutskever_momentum": Schedule(sutskever_momentum, ((0.9, 10),)),
    "exponential": Schedule(exponential, ((0.3, 0.1, 50),)),
    "cosine": Schedule(cosine, ((0.3, 0.1, 400, 20),)),
    "inverse_time": Schedule(inverse_time, ((0.3, 10, 0.75),)),
    "one_cycle": Schedule(
        one_cycle,
        (
            (0.3, 400),
            (0.3, 400, 0.0, 3.0, 2.0),
            (0.3, 7.5, 0.5),
            (0.3, 2, 0.5),
            (0.85, 400, 0.45, 0.85 / 0.95, 1.0),
        ),
    ),
}
