"""The base class of all schedules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Self

from fanin import _core
from fanin.checks import check_integer
from fanin.values import Value, check_number

# The hyper-parameters that all values are proportional to
_LEVELS = ("value", "levels", "first", "last", "peak")


@dataclass(frozen=True)
class Schedule(Value):
    """A learning rate, momentum or weight decay that changes from step to step; pass it to a rule instead of a number.

    A step is an update, not an epoch; steps are counted from the rule's first one on a network or optimizer. A schedule
    with ``steps=None`` spans the whole fit: its steps are counted from the first of the fit, and it ends with the fit's
    last one, also if `max_steps` or `max_time` ends it. (Only a callback may end the fit before.) Calling a schedule
    with t returns its value at step t.

    Examples
    --------
    >>> from fanin import optim
    >>> isinstance(optim.Cosine(0.1), optim.Schedule)
    True
    """

    name: ClassVar[str]
    _allowed: ClassVar[Mapping[str, Mapping[str, Any]]] = _core.schedule_ranges()

    def __call__(self, t: int, steps: float | None = None) -> float:
        """Return the value at step t = 1, 2, ..., of a fit of this many steps if the schedule spans the fit."""
        check_integer("t", t, 1, 63)
        if steps is not None:
            check_number("steps", steps, at_least=1)
        elif self.spans_fit:
            raise ValueError(
                "steps: expected the steps of the fit, because the schedule has none of its own, got None"
            )
        return _core.schedule_at(self.name, self.values(), int(t), float(steps or 1))

    def _check(self, name: str, allowed: Any) -> None:
        """Raise unless the C++ core allows a value, or it is None where that is the default."""
        if getattr(self, name) is not None or getattr(type(self), name) is not None:
            super()._check(name, allowed)

    @property
    def spans_fit(self) -> bool:
        """Whether the schedule takes its steps from the fit."""
        return getattr(self, "steps", 0) is None

    def times(self, factor: float) -> Self:
        """Return the schedule with all its values multiplied by a factor.

        Raises
        ------
        ValueError
            For `SutskeverMomentum`, whose values follow from the step alone.

        Examples
        --------
        >>> from fanin import optim
        >>> optim.Cosine(0.5, steps=100).times(0.5)
        Cosine(first=0.25, last=0.0, steps=100, warm_up=0)
        """
        given = {field.name: getattr(self, field.name) for field in fields(self) if field.name in _LEVELS}
        if not given:
            raise ValueError(f"factor: {type(self).__name__} has no level to multiply")
        scaled = {
            name: tuple(float(level) * factor for level in value)
            if isinstance(value, tuple)
            else float(value) * factor
            for name, value in given.items()
        }
        return replace(self, **scaled)

    def largest(self) -> float:
        """Return an upper bound of the values."""
        return _core.schedule_largest(self.name, self.values())
