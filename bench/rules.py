"""Update rules to time, and what their limits depend on, as fanin itself has it: a new rule needs no entry here."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from typing import Any

import numpy as np

from bench.cases import Updates
from fanin import _core, optim

CLASSES: dict[str, Any] = {
    vars(c)["name"]: c for c in map(vars(optim).get, optim.__all__) if "name" in vars(c)
}
RULES = list(_core.rule_ranges())  # in the order of the core
# one array of 10^5 weights and 200 of 500, which have as many
MANY_ARRAYS = ("sgd", "rmsprop", "adam")


@dataclass(frozen=True)
class Traits:
    """State arrays a step reads and writes; whether it takes a root and a division; whether it reads two gradients."""

    slots: int
    divides: bool
    second: bool


@cache
def traits(rule: str) -> Traits:
    """Those of a rule with its default hyper-parameters. The rules with an epsilon have it beside a root."""
    optimizer = optim.Optimizer(CLASSES[rule](), [np.zeros(1, np.float32)])
    try:
        optimizer.shifted([np.zeros(1)])
        second = True
    except ValueError:
        second = False
    return Traits(
        slots=sum(isinstance(value, list) for value in optimizer.state.values()),
        divides=any(field.name == "epsilon" for field in fields(CLASSES[rule])),
        second=second,
    )


def updates(quick: bool) -> list[Updates]:
    """From what fits into the first cache to what fits into none."""
    sizes = [10**4, 10**6] if quick else [10**power for power in range(4, 9)]
    shapes = [(rule, size, 1) for size in sizes for rule in RULES]
    shapes += [(rule, 10**5, 1) for rule in MANY_ARRAYS if quick]
    shapes += [(rule, 500, 200) for rule in MANY_ARRAYS]
    return [Updates(rule, size, arrays, traits(rule).second) for rule, size, arrays in shapes]
