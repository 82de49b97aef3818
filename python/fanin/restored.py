"""Losses and rules restored from their description in the C++ core."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from fanin import optim
from fanin.losses import BY_NAME as LOSSES
from fanin.losses import Loss
from fanin.optim import Around, Rule, Schedule, Solver
from fanin.optim.named import BY_NAME as RULES
from fanin.optim.named import SOLVERS

_NAMED = [value for value in vars(optim).values() if isinstance(value, type) and hasattr(value, "name")]
_SCHEDULES: dict[str, type[Schedule]] = {value.name: value for value in _NAMED if issubclass(value, Schedule)}


def rule_of(name: str, values: dict[str, Any], arrays: Sequence[str]) -> Rule | Solver:
    """Return a rule from its name and the result of `Rule.values_on` for arrays of these names, or a solver."""
    if name in SOLVERS:
        return SOLVERS[name](**values)
    fields = {field: _schedule_of(value) for field, value in values.items() if field != "around"}
    rule = RULES[name](**fields)
    around: dict[str, Any] = {
        name: None if value == math.inf else _schedule_of(value) for name, value in values["around"].items()
    }
    options = dict(zip(arrays, around.pop("arrays"), strict=False))
    scales = {array: scale for array, (scale, _) in options.items() if scale != 1}
    frozen = [array for array, (_, is_frozen) in options.items() if is_frozen]
    surrounded = Around(rule, rate_scales=scales, frozen=frozen, **around)
    return rule if surrounded == Around(rule) else surrounded


def _schedule_of(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    fields = dict(value)
    return _schedule_named(fields.pop("name"), fields)


def _schedule_named(name: str, values: dict[str, Any]) -> Schedule:
    fields = dict(values)
    if "schedule" in fields:
        fields["schedule"] = _schedule_named(*fields["schedule"])
    if "schedules" in fields:
        fields["schedules"] = [_schedule_named(*inside) for inside in fields["schedules"]]
    return _SCHEDULES[name](**fields)


def loss_of(name: str, values: dict[str, Any]) -> Loss:
    """Return a loss from its name and hyper-parameters."""
    return LOSSES[name](**values)
