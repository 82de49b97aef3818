"""The base class of rules, losses, initializers and layers: frozen values with a name and hyper-parameters."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from fractions import Fraction
from functools import cached_property
from numbers import Rational, Real
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from fanin.aliases import ACTIVATIONS
from fanin.checks import check_choice, check_flag, check_integer, check_sequence

if TYPE_CHECKING:
    from numpy.typing import NDArray


def check_number(
    name: str,
    value: object,
    *,
    at_least: float | None = None,
    above: float | None = None,
    below: float | None = None,
    at_most: float | None = None,
    finite: bool = True,
) -> None:
    """Raise unless `value` is a finite number in the interval; booleans are rejected.

    With finite=False, for intervals bounded on both sides, the message for NaN or infinity gives the interval.
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name}: expected a number, got {value!r}")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if finite and not math.isfinite(number):
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
        and (at_most is None or number <= at_most)
    )
    if not inside:
        high = f"{at_most:g}]" if at_most is not None else "infinity)" if below is None else f"{below:g})"
        raise ValueError(f"{name}: expected a number in {low}, {high}, got {value}")


def share(count: int, fraction: float | Fraction) -> Fraction:
    """Return ``count * fraction`` without rounding errors, for a fraction written as a decimal or as ``n / count``.

    A float stands for the shortest decimal that rounds to it: 0.9 of 10 is 9, although the double is slightly more
    than 0.9 and 1 - 0.9 slightly less than 0.1. A quotient such as 5 / 6 has no short decimal, yet 5 / 6 of 6 is 5.
    """
    if isinstance(fraction, Rational):
        return count * Fraction(fraction)
    written = Fraction(str(fraction if isinstance(fraction, np.floating) else float(fraction)))
    whole = round(count * written)
    return Fraction(whole) if whole / max(count, 1) == float(written) else count * written


def check_finite(name: str, array: NDArray[Any]) -> None:
    """Raise ValueError unless every element of an array of numbers is finite."""
    if not (finite := np.isfinite(array)).all():
        place = tuple(int(i) for i in np.argwhere(~finite)[0])
        raise ValueError(
            f"{name}: every value must be finite in {array.dtype}, got {array[place]} at {list(place)}"
        )


Range = tuple[float, float, bool, bool]


def check_range(name: str, value: object, allowed: Range) -> None:
    """Raise unless `value` is in a range of the C++ core: low, high, and whether each end is open."""
    low, high, open_low, open_high = allowed
    check_number(
        name,
        value,
        at_least=None if open_low else low,
        above=low if open_low and math.isfinite(low) else None,
        below=high if open_high and math.isfinite(high) else None,
        at_most=None if open_high else high,
        finite=not (math.isfinite(low) and math.isfinite(high)),
    )


def check_field(name: str, value: object, allowed: Any) -> None:
    """Raise unless the C++ core allows `value`.

    `allowed` is a range of numbers, (int, lowest) for integers, {"each": range} for a tuple of numbers, bool for a
    flag, or a list of names.
    """
    if allowed is bool:
        check_flag(name, value)
    elif isinstance(allowed, list):
        check_choice(name, value, tuple(allowed), ACTIVATIONS if name == "activation" else {})
    elif isinstance(allowed, dict):
        for number in check_sequence(name, value, "a list of numbers"):
            check_number(name, number)
            check_range(name, number, allowed["each"])
    elif allowed[0] is int:
        check_integer(name, value, allowed[1], 63)
    else:
        check_range(name, value, allowed)


def ranges_of(value: Value, ranges: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the ranges of a value's hyper-parameters; TypeError for a value unknown to the C++ core."""
    name = getattr(value, "name", None)
    known = ranges.get(name) if isinstance(name, str) else None
    if known is None or set(known) != {field.name for field in fields(value)}:
        raise TypeError(
            f"{type(value).__name__}: expected the name and the hyper-parameters of one of {', '.join(ranges)}"
        )
    return known


@dataclass(frozen=True)
class Value:
    """A frozen value; the C++ struct of the same name gives the ranges of its hyper-parameters."""

    name: ClassVar[str]
    _allowed: ClassVar[Mapping[str, Mapping[str, Any]]]  # ranges by value and hyper-parameter

    def __post_init__(self) -> None:
        ranges = ranges_of(self, self._allowed)
        for field in fields(self):
            self._check(field.name, ranges[field.name])

    def _check(self, name: str, allowed: Any) -> None:
        """Raise unless the C++ core allows the value of a hyper-parameter."""
        check_field(name, getattr(self, name), allowed)

    def values(self) -> dict[str, Any]:
        """Return the hyper-parameters by name, as the C++ core expects them; each call returns the same dict."""
        return self._values

    @cached_property
    def _values(self) -> dict[str, Any]:
        return {field.name: plain(getattr(self, field.name)) for field in fields(self)}

    def described(self) -> dict[str, Any]:
        """Return the name and the hyper-parameters, for a value inside another."""
        return {"name": self.name, **self.values()}


def plain(value: Any) -> Any:
    """Return None, a tuple, a flag or a name unchanged, a number as an int or a float, and a value described."""
    if value is None or isinstance(value, tuple | bool | str):
        return value
    if isinstance(value, Value):
        return value.described()
    return value.__index__() if hasattr(value, "__index__") else float(value)
