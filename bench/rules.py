"""What the limit of an update rule depends on, as fanin itself has it: a new rule needs no entry here."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache

import numpy as np

from bench.cases import RULES
from fanin import optim


@dataclass(frozen=True)
class Traits:
    """State arrays a step reads and writes; whether it takes a root and a division; whether it reads two gradients."""

    slots: int
    divides: bool
    second: bool


@cache
def traits(rule: str) -> Traits:
    """Those of a rule with its default hyper-parameters. The rules with an epsilon have it beside a root."""
    optimizer = optim.Optimizer(RULES[rule](), [np.zeros(1, np.float32)])
    try:
        optimizer.shifted([np.zeros(1)])
    except ValueError:
        second = False
    else:
        second = True
    return Traits(
        slots=sum(isinstance(value, list) for value in optimizer.state.values()),
        divides=any(field.name == "epsilon" for field in fields(RULES[rule])),
        second=second,
    )
