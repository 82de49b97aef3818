"""The base classes of distributions: what they share, and ranges that are uniform on a scale."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import numpy as np

from fanin.checks import check_integer
from fanin.values import check_number

if TYPE_CHECKING:
    from typing import Self

Source: TypeAlias = np.random.RandomState | np.random.Generator
RandomState: TypeAlias = int | np.integer[Any] | Source | None


def source_of(random_state: RandomState) -> Source:
    """Return NumPy's generator for a seed, for None (a new one each time), or the one that is given."""
    if isinstance(random_state, np.random.RandomState | np.random.Generator):
        return random_state
    if random_state is not None:
        try:
            check_integer("random_state", random_state, 0)
        except TypeError:
            raise TypeError(
                "random_state: expected None, an integer, or NumPy's RandomState or Generator, "
                f"got {random_state!r}"
            ) from None
    return np.random.default_rng(random_state)


@dataclass(frozen=True, repr=False)
class Distribution:
    """A frozen distribution; every value is made from uniform numbers in [0, 1)."""

    def __repr__(self) -> str:
        values = (repr(getattr(self, field.name)) for field in fields(self))
        return f"{type(self).__name__}({', '.join(values)})"

    @property
    def count(self) -> int | None:
        """The number of different values; None if there are too many to count."""
        return None

    def draw(self, source: Source) -> Any:
        """Return one value, of plain Python types."""
        raise NotImplementedError

    def values(self, points: int | None = None) -> Iterator[Any]:
        """Iterate over every value, or over `points` of each range, evenly spaced on its scale, ends included."""
        raise NotImplementedError

    def rvs(self, size: int | None = None, random_state: RandomState = None) -> Any:
        """Draw values; SciPy's frozen distributions have the same method.

        Parameters
        ----------
        size : int, optional
            Number of values.
        random_state : int, RandomState, Generator or None
            Of NumPy; None draws others each time.

        Returns
        -------
        value, or list of values
            Of plain Python types.

        Examples
        --------
        >>> from fanin import search
        >>> search.Choice(["relu", "tanh"]).rvs(3, random_state=0)
        ['tanh', 'relu', 'relu']
        """
        source = source_of(random_state)
        if size is None:
            return self.draw(source)
        check_integer("size", size, 0)
        return [self.draw(source) for _ in range(size)]


@dataclass(frozen=True, repr=False)
class Interval(Distribution):
    """Numbers between two ends, uniform on a scale: `at` is the quantile function and `place` its inverse."""

    low: float
    high: float

    _limits: ClassVar[Mapping[str, Any]] = {}  # of both ends, as check_number has them

    def __post_init__(self) -> None:
        self._check()
        if not self.low < self.high:
            raise ValueError(
                f"{type(self).__name__}.high: expected a number above low, {self.low!r}, got {self.high!r}"
            )

    def _check(self) -> None:
        """Raise unless both ends are numbers within the limits; store them as floats."""
        for name in ("low", "high"):
            value = getattr(self, name)
            check_number(f"{type(self).__name__}.{name}", value, **self._limits)
            object.__setattr__(self, name, float(value))

    def _scaled(self, value: float) -> float:
        """Return the coordinate of a value on the scale on which the distribution is uniform."""
        return value

    def _unscaled(self, coordinate: float) -> float:
        return coordinate

    def _edges(self) -> tuple[float, float]:
        return self._scaled(self.low), self._scaled(self.high)

    def at(self, u: float) -> Any:
        """Return the value below which a share of all draws lies.

        Parameters
        ----------
        u : float
            The share: 0 for the low end, 1 for the high end.

        Returns
        -------
        float or int

        Examples
        --------
        >>> from fanin import search
        >>> search.Uniform(0.0, 4.0).at(0.25)
        1.0
        """
        if u <= 0 or u >= 1:
            return self.low if u <= 0 else self.high
        first, last = self._edges()
        # rounding must not lead outside
        return min(max(self._unscaled(first * (1 - u) + last * u), self.low), self.high)

    def place(self, value: float) -> float:
        """Return u in [0, 1] with ``at(u) == value`` up to rounding, of the nearest end for a value outside."""
        return self._share(self._scaled(min(max(value, self.low), self.high)))

    def between(self, first: float, last: float) -> Self:
        """Return the part of the distribution between two quantiles, first < last."""
        return replace(self, low=self.at(first), high=self.at(last))

    def span(self, part: Interval) -> tuple[float, float]:
        """Return the quantiles between which a part of the distribution lies: the inverse of `between`."""
        first, last = part._edges()
        return self._share(first), self._share(last)

    def _share(self, coordinate: float) -> float:
        first, last = self._edges()
        return (coordinate / 2 - first / 2) / (
            last / 2 - first / 2
        )  # halves, because differences may overflow

    def draw(self, source: Source) -> Any:
        """Return one value."""
        return self.at(float(source.random()))

    def values(self, points: int | None = None) -> Iterator[Any]:
        """Iterate over `points` values, evenly spaced on the scale, both ends included."""
        assert points is not None, "the values of a continuous range cannot be listed"
        for i in range(points):
            yield self.at(i / (points - 1))
