"""What all update rules have in common."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from numbers import Real
from typing import ClassVar


@dataclass(frozen=True)
class Rule:
    """An update rule: hyper-parameters only; the state of a run belongs to what is trained."""

    name: ClassVar[str]

    def __post_init__(self) -> None:
        for field in fields(self):
            name, value = field.name, getattr(self, field.name)
            if isinstance(value, bool) or not isinstance(value, Real):
                raise TypeError(f"{name}: expected a number, got {value!r}")
            try:
                finite = math.isfinite(float(value))
            except OverflowError:
                finite = False
            if not finite:
                raise ValueError(f"{name}: expected a finite number, got {value!r}")
            upper = 1.0 if name in ("momentum", "beta1", "beta2") else math.inf
            if not 0 <= float(value) < upper:
                raise ValueError(f"{name}: expected a number in [0, {upper:g}), got {value}")

    def values(self) -> dict[str, float]:
        """Return the hyper-parameters by name."""
        return {field.name: float(getattr(self, field.name)) for field in fields(self)}
