"""What to draw hyper-parameters from that are no numbers: options, and tuples of several values."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from fanin.checks import check_integer, check_sequence
from fanin.search.distribution import Distribution, Source
from fanin.search.ranges import IntUniform


@dataclass(frozen=True, repr=False)
class Choice(Distribution):
    """One of several options, each as probable as the others; an option that is a distribution is drawn in turn.

    Parameters
    ----------
    options : sequence
        At least one, of any type, distributions among them; an option that is given twice is drawn twice as often.

    Examples
    --------
    >>> from fanin import search
    >>> search.Choice(["relu", "tanh"]).rvs(3, random_state=0)
    ['tanh', 'relu', 'relu']
    >>> penalty = search.Choice([0.0, search.LogUniform(1e-6, 1e-2)])
    >>> round(sum(value == 0 for value in penalty.rvs(1000, random_state=0)) / 1000, 1)
    0.5
    """

    options: tuple[Any, ...]

    def __post_init__(self) -> None:
        options = check_sequence("Choice.options", self.options, "a list of values")
        if not options:
            raise ValueError("Choice.options: expected at least one value, got none")
        plain = (option.item() if isinstance(option, np.generic) else option for option in options)
        object.__setattr__(self, "options", tuple(plain))

    def __repr__(self) -> str:
        return f"Choice({list(self.options)!r})"

    @property
    def count(self) -> int | None:
        """The number of different options; None if one is a distribution."""
        nested = any(isinstance(option, Distribution) for option in self.options)
        return None if nested else len(self._different())

    def _different(self) -> list[Any]:
        return list({repr(option): option for option in self.options}.values())

    def draw(self, source: Source) -> Any:
        """Return one of the options, or a value of it."""
        option = self.options[int(float(source.random()) * len(self.options))]
        return option.draw(source) if isinstance(option, Distribution) else option

    def values(self, points: int | None = None) -> Iterator[Any]:
        """Iterate over the options, and the values of those that are distributions."""
        for option in self._different():
            yield from option.values(points) if isinstance(option, Distribution) else (option,)


@dataclass(frozen=True, repr=False)
class TupleOf(Distribution):
    """Tuples of independent values, whose length is drawn first: the number of layers, then the units of each.

    Parameters
    ----------
    element : distribution
        Of each value.
    length : IntUniform or int
        The number of values, at least 1.

    Examples
    --------
    >>> from fanin import search
    >>> hidden_layer_sizes = search.TupleOf(search.IntUniform(16, 128), search.IntUniform(1, 3))
    >>> hidden_layer_sizes.rvs(3, random_state=0)
    [(46, 20), (107,), (84, 98, 77)]
    """

    element: Distribution
    length: IntUniform | int

    def __post_init__(self) -> None:
        if not isinstance(self.element, Distribution):
            raise TypeError(f"TupleOf.element: expected a distribution of fanin.search, got {self.element!r}")
        if isinstance(self.length, IntUniform):
            check_integer("TupleOf.length.low", self.length.low, 1)
            return
        try:
            check_integer("TupleOf.length", self.length, 1)
        except TypeError:
            raise TypeError(
                f"TupleOf.length: expected IntUniform or an integer, got {self.length!r}"
            ) from None
        object.__setattr__(self, "length", int(self.length))

    @property
    def lengths(self) -> range:
        """The lengths that are drawn."""
        if isinstance(self.length, int):
            return range(self.length, self.length + 1)
        return range(self.length.low, self.length.high + 1)

    @property
    def count(self) -> int | None:
        """The number of different tuples; None if the elements have too many values to count."""
        each = self.element.count
        return None if each is None else sum(each**length for length in self.lengths)

    def draw(self, source: Source) -> tuple[Any, ...]:
        """Return one tuple."""
        length = self.length if isinstance(self.length, int) else self.length.draw(source)
        return tuple(self.element.draw(source) for _ in range(length))

    def values(self, points: int | None = None) -> Iterator[tuple[Any, ...]]:
        """Iterate over every combination of the values of the elements, for each length."""
        lengths = self.lengths if isinstance(self.length, int) else self.length.values(points)
        for length in lengths:
            yield from itertools.product(self.element.values(points), repeat=length)
