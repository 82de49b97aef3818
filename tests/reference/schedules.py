"""Schedules: the value at step t = 1, 2, ... as their sources give it.

Sources: Hinton, lecture 6 (piecewise); Sutskever et al. 2013, section 3; Loshchilov and Hutter 2017 with the warm-up of
Goyal et al. 2017 (cosine); Robbins and Monro 1951 (inverse time); Smith and Topin 2019, as PyTorch's OneCycleLR counts
its steps (one cycle); Goyal et al. 2017 (warm-up); Loshchilov and Hutter 2017 (restarts).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple


class Schedule(NamedTuple):
    value: Callable[..., float]  # of t and the hyper-parameters, with their defaults
    examples: tuple[tuple, ...]  # hyper-parameters, in order


def constant(t: int, value: float = 0.01) -> float:
    return value


def piecewise(t: int, levels: tuple[float, ...] = (0.5, 0.9), after: tuple[float, ...] = (500,)) -> float:
    return levels[sum(t > step for step in after)]


def sutskever_momentum(t: int, highest: float = 0.99, period: float = 250) -> float:
    return min(1 - 2 ** (-1 - math.log2(math.floor(t / period) + 1)), highest)


def exponential(
    t: int, first: float = 0.01, decay: float = 0.5, steps: float = 1000, staircase: bool = False
) -> float:
    return first * decay ** ((t - 1) // steps if staircase else (t - 1) / steps)


def half_wave(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2


def cosine(
    t: int, first: float = 0.01, last: float = 0.0, steps: float | None = None, warm_up: float = 0
) -> float:
    if t <= warm_up:
        return first * t / warm_up
    return half_wave(first, last, min((t - 1 - warm_up) / (steps - warm_up), 1))


def inverse_time(t: int, first: float = 0.01, steps: float = 1000, power: float = 1.0) -> float:
    return first / (1 + (t - 1) / steps) ** power


def one_cycle(
    t: int,
    peak: float = 0.01,
    steps: float | None = None,
    warm: float = 0.3,
    start: float = 25,
    end: float = 1e4,
) -> float:
    first, number, turn = peak / start, t - 1, warm * steps - 1
    if number < turn:
        return half_wave(first, peak, number / turn)
    return half_wave(peak, first / end, min((number - turn) / (steps - 1 - turn), 1))


def polynomial(
    t: int, first: float = 0.01, last: float = 0.0, steps: float | None = None, power: float = 1.0
) -> float:
    return last + (first - last) * (1 - min((t - 1) / steps, 1)) ** power


Named = tuple[str, dict]  # a schedule inside another: its name and hyper-parameters
CONSTANT: Named = ("constant", {"value": 0.01})
COSINE: Named = ("cosine", {"first": 0.01, "last": 0.0, "steps": None, "warm_up": 0})


def inside(t: float, schedule: Named, steps: float) -> float:
    name, values = schedule
    span = {"steps": steps} if values.get("steps", 0) is None else {}
    return SCHEDULES[name].value(t, **values | ({"of_fit": steps} if name == "warm_up" else span))


def warm_up(t: int, schedule: Named = COSINE, steps: float = 100, of_fit: float | None = None) -> float:
    rest = None if of_fit is None else of_fit - steps
    return inside(1, schedule, rest) * t / steps if t <= steps else inside(t - steps, schedule, rest)


def restarts(t: int, schedule: Named = COSINE, period: float = 1000, factor: float = 1) -> float:
    before, length = t - 1, period
    if factor == 1:
        before %= period
    while before >= length:
        before, length = before - length, length * factor
    return inside(math.floor(before) + 1, schedule, length)


def chain(
    t: int,
    schedules: tuple[Named, ...] = (CONSTANT, COSINE),
    steps: tuple[float, ...] = (100,),
    of_fit: float | None = None,
) -> float:
    ends = [sum(steps[: k + 1]) for k in range(len(steps))]
    k = sum(t > end for end in ends)
    before = 0 if k == 0 else ends[k - 1]
    return inside(max(t - before, 1), schedules[k], steps[k] if k < len(steps) else (of_fit or t) - before)


SCHEDULES = {
    "constant": Schedule(constant, ((0.3,),)),
    "piecewise": Schedule(piecewise, (((0.5, 0.9, 0.99), (10, 200)),)),
    "sutskever_momentum": Schedule(sutskever_momentum, ((0.9, 10),)),
    "exponential": Schedule(exponential, ((0.3, 0.1, 50), (0.3, 0.1, 50, True))),
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
    "polynomial": Schedule(polynomial, ((0.3, 0.1, 400), (0.1, 0.3, 400, 2.5))),
    "warm_up": Schedule(warm_up, ((("exponential", {"first": 0.3, "decay": 0.5, "steps": 100}), 20),)),
    "restarts": Schedule(
        restarts,
        (
            (COSINE, 64, 2),
            (("inverse_time", {"first": 0.3, "steps": 100, "power": 1.0}), 300, 2),
            (("one_cycle", {"peak": 0.1, "steps": None, "warm": 0.3, "start": 25, "end": 1e4}), 100),
        ),
    ),
    "chain": Schedule(
        chain,
        (
            (
                (
                    ("polynomial", {"first": 0.1, "last": 0.3, "steps": None, "power": 1.0}),
                    ("exponential", {"first": 0.3, "decay": 0.5, "steps": 100}),
                    ("restarts", {"schedule": COSINE, "period": 64, "factor": 2}),
                ),
                (20, 100),
            ),
            ((("warm_up", {"schedule": COSINE, "steps": 20}), CONSTANT, COSINE), (50.5, 40)),
            ((COSINE, ("warm_up", {"schedule": COSINE, "steps": 20})), (40,)),
        ),
    ),
}
