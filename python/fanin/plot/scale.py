"""Where values of a parameter lie on an axis: on a linear or a logarithmic scale, or evenly spaced."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from fanin.search.ranges import LogUniform, OneMinusLogUniform

_FEW = 8  # values that are drawn evenly spaced


@dataclass(frozen=True)
class Scale:
    """The positions of a parameter's values: the value, 1 - value, its sum, or its place in a list.

    Attributes
    ----------
    kind : str
        "linear", "log", "log from 1" (1 - value on a logarithmic scale), "total" or "categories".
    places : mapping of text to number
        The positions of categories, and of values that are not on the scale, such as 0 or None on a logarithmic one.
    """

    kind: str
    places: Mapping[str, float]

    @property
    def is_log(self) -> bool:
        """Whether positions are to be drawn on a logarithmic axis."""
        return self.kind.startswith("log")

    def label(self, name: str) -> str:
        """Return the label of the axis of a parameter."""
        return f"{name}: total" if self.kind == "total" else name

    def position(self, value: Any) -> float:
        """Return where a value lies on a matplotlib axis of this scale."""
        place = self.places.get(_text(value))
        return _measured(self.kind, value) if place is None else place

    def even(self, position: float) -> float:
        """Return the place of a position on an evenly divided axis that rises with the value."""
        if not self.is_log:
            return position
        return math.log10(position) * (-1 if self.kind == "log from 1" else 1)

    def ticks(self, positions: Sequence[float]) -> list[tuple[float, str]]:
        """Return positions, near these ones, and their labels."""
        if self.kind == "categories":
            every = math.ceil(len(self.places) / 12)
            return [(place, _short(text)) for text, place in list(self.places.items())[::every]]
        apart = [(place, text) for text, place in self.places.items()]
        on_scale = sorted(set(positions) - set(self.places.values()))
        round_ones = (_decades if self.is_log else round_numbers)(on_scale) if on_scale else []
        one = self.kind == "log from 1"
        return [*apart, *((place, f"{1 - place if one else place:g}") for place in round_ones)]


def scale_of(distribution: Any, values: Iterable[Any]) -> Scale:
    """Return the scale for a parameter's values, which were drawn from this distribution."""
    values = list(values)
    different = list({_text(value): value for value in values}.values())
    options = tuple(getattr(distribution, "options", ()))
    of_scipy = getattr(getattr(distribution, "dist", None), "name", "")
    if any(isinstance(one, OneMinusLogUniform) for one in (distribution, *options)):
        kind = "log from 1"
    elif (
        any(isinstance(one, LogUniform) for one in (distribution, *options))
        or of_scipy == "loguniform"
        or getattr(distribution, "log", False)
    ):
        kind = "log"
    elif sum(map(_is_tuple, different)) > _FEW:
        kind = "total"
    elif any(map(_is_number, different)) and not (options and len(different) <= _FEW):
        kind = "linear"
    else:
        ordered = _in_order(different, options)
        return Scale("categories", {_text(value): float(i) for i, value in enumerate(ordered)})
    return Scale(kind, _apart(kind, different))


def _measured(kind: str, value: Any) -> float:
    """Return the position of a value, or NaN if it is not on the scale."""
    if kind == "total":
        return float(sum(value)) if _is_tuple(value) else math.nan
    if not _is_number(value):
        return math.nan
    position = 1 - float(value) if kind == "log from 1" else float(value)
    return math.nan if kind.startswith("log") and position <= 0 else position


def _apart(kind: str, values: Iterable[Any]) -> dict[str, float]:
    """Return positions below a scale for the values that are not on it."""
    positions = {_text(value): _measured(kind, value) for value in values}
    known = [position for position in positions.values() if not math.isnan(position)] or [1.0]
    others = [text for text, position in positions.items() if math.isnan(position)]
    if kind.startswith("log"):
        factor = max(3.0, (max(known) / min(known)) ** 0.15)
        return {text: min(known) / factor**i for i, text in enumerate(others, 1)}
    step = 0.15 * (max(known) - min(known)) or 1.0
    return {text: min(known) - step * i for i, text in enumerate(others, 1)}


def _in_order(values: list[Any], options: tuple[Any, ...]) -> list[Any]:
    """Return numbers and tuples by size, everything else in the order of the options."""
    if all(_is_number(value) for value in values):
        return sorted(values)
    if all(_is_tuple(value) for value in values):
        return sorted(values, key=lambda value: (len(value), tuple(value)))
    places = {_text(option): place for place, option in enumerate(options)}
    return sorted(values, key=lambda value: (places.get(_text(value), len(places)), _text(value)))


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool | np.bool_)


def _is_tuple(value: Any) -> bool:
    return isinstance(value, tuple | list) and all(_is_number(element) for element in value)


def _text(value: Any) -> str:
    """Return what a value is called; equal numbers and lists have one name."""
    if _is_number(value):
        return f"{float(value):.12g}"
    return str(tuple(value)) if _is_tuple(value) else str(value)


def _short(text: str) -> str:
    return text if len(text) <= 18 else f"{text[:17]}…"


def round_numbers(positions: Sequence[float]) -> list[float]:
    """Return round numbers between the ends of these positions."""
    from matplotlib.ticker import MaxNLocator

    low, high = positions[0], positions[-1]
    integers = all(position == round(position) for position in positions)
    ticks = MaxNLocator(5, steps=[1, 2, 5, 10], integer=integers, min_n_ticks=1).tick_values(low, high)
    inside = [float(tick) for tick in ticks if low <= tick <= high]
    return inside if len(inside) > 1 else sorted({low, high})


def _decades(positions: Sequence[float]) -> list[float]:
    """Return powers of ten between the ends of these positions, or nearly so; where they are few, others, too."""
    low, high = math.log10(positions[0]) - 0.06, math.log10(positions[-1]) + 0.06
    powers = range(math.floor(low), math.ceil(high) + 1)
    for factors, enough in (((1,), 3), ((1, 3), 3), ((1, 2, 5), 2)):
        numbers = [float(f"{factor}e{power}") for power in powers for factor in factors]
        inside = [number for number in numbers if low <= math.log10(number) <= high]
        if len(inside) >= enough:
            return inside[:: math.ceil(len(inside) / 6)]
    return sorted({positions[0], positions[-1]})
