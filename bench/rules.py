"""Update rules to time, and what their limits depend on, as fanin itself has it: a new rule needs no entry here."""

from dataclasses import fields
from functools import cache
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from bench.cases import Updates
from fanin import _core, optim

CLASSES: dict[str, Any] = {kind.name: kind for kind in vars(optim).values() if hasattr(kind, "name")}


class Traits(NamedTuple):
    """State arrays a step reads and writes; whether it takes a root and a division; whether it reads two gradients."""

    slots: int
    divides: bool
    second: bool


@cache
def traits(rule: str) -> Traits:
    """Those of a rule with its default hyper-parameters. The rules with an epsilon have it beside a root."""
    optimizer = optim.Optimizer(CLASSES[rule](), [np.zeros(1, np.float32)])
    try:
        second = bool(optimizer.shifted([np.zeros(1)]))
    except ValueError:
        second = False
    slots = sum(isinstance(value, list) for value in optimizer.state.values())
    return Traits(slots, any(field.name == "epsilon" for field in fields(CLASSES[rule])), second)


def updates(quick: bool) -> list[Updates]:
    """From what fits into the first cache to what fits into none; 200 arrays beside one of as many weights."""
    sizes = [10**4, 10**6] if quick else [10**power for power in range(4, 9)]
    few = ("sgd", "rmsprop", "adam")
    cases = [
        Updates(rule, size) for size, rule in product(sizes, _core.rule_ranges())
    ]  # in the order of the core
    cases += [Updates(rule, 10**5) for rule in few if quick]
    return cases + [Updates(rule, 500, 200) for rule in few]
