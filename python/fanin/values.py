"""What rules, losses and initializers have in common: frozen values with a name and hyper-parameters as fields."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from numbers import Real
from typing import Any, ClassVar


def check_number(
    name: str,
    value: object,
    *,
    at_least: float | None = None,
    above: float | None = None,
    below: float | None = None,
) -> None:
    """Raise unless `value` is a finite number in the interval; True and False are not numbers here."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name}: expected a number, got {value!r}")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"{name}: expected a finite number, got {value!r}")
    low = (
        "(-infinity"
        if at_least is None and above is None
        else f"[{at_least:g}"
        if above is None
        else f"({above:g}"
    )
    inside = (
        (at_least is None or number >= at_least)
        and (above is None or number > above)
        and (below is None or number < below)
    )
    if not inside:
        high = "infinity" if below is None else f"{below:g}"
        raise ValueError(f"{name}: expected a number in {low}, {high}), got {value}")


@dataclass(frozen=True)
class Value:
    """A frozen value; its name is the one of the C++ struct."""

    name: ClassVar[str]

    def values(self) -> dict[str, Any]:
        """Return the hyper-parameters by name, as the C++ core takes them."""
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}


def _plain(value: Any) -> Any:
    """Return a tuple as it is, and a number as an int or a float."""
    if isinstance(value, tuple):
        return value
    return value.__index__() if hasattr(value, "__index__") else float(value)
