"""What is searched: parameters by name, each with its distribution; random points of it, and the points of a grid."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from fanin.checks import check_integer
from fanin.search.choices import Choice
from fanin.search.distribution import Distribution, RandomState, Source, source_of


class Space(Mapping[str, Any]):
    """Parameters by name: each a distribution of `fanin.search`, or an object with `rvs`, as SciPy's.

    Lists, tuples and arrays of one dimension become a `Choice`; one value is a constant.

    Parameters
    ----------
    mapping : mapping
        Distributions or lists by name.
    name : str
        What messages call it.

    Raises
    ------
    TypeError, ValueError
        If it is no mapping, is empty, has something else than distributions and lists of values, or has only one point.

    Examples
    --------
    >>> from fanin import search
    >>> from fanin.search.space import Space
    >>> space = Space({"rate": search.LogUniform(1e-4, 1e-1), "activation": ["relu", "tanh"]})
    >>> space["activation"]
    Choice(['relu', 'tanh'])
    >>> len(space.draw(25, random_state=0))
    25
    """

    def __init__(self, mapping: Mapping[str, Any], name: str = "space") -> None:
        if not isinstance(mapping, Mapping):
            raise TypeError(
                f"{name}: expected a mapping from names to distributions or lists of values, got {mapping!r}"
            )
        if not mapping:
            raise ValueError(f"{name}: expected at least one parameter, got none")
        for key in mapping:
            if not isinstance(key, str):
                raise TypeError(f"{name}: expected names of parameters, got {key!r}")
        self._entries = {key: _distribution(f"{name}[{key!r}]", value) for key, value in mapping.items()}
        if self.size == 1:
            raise ValueError(f"{name}: expected something to choose among, got one value for each parameter")

    def __getitem__(self, name: str) -> Any:
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return f"Space({self._entries!r})"

    @property
    def size(self) -> int | None:
        """The number of points; None if a range is continuous or its values cannot be counted."""
        counts = [value.count if isinstance(value, Distribution) else None for value in self.values()]
        return None if None in counts else math.prod(n for n in counts if n is not None)

    def draw(self, n: int, random_state: RandomState = None) -> list[dict[str, Any]]:
        """Return `n` independent points, all different if their number is finite: then at most all there are.

        Parameters
        ----------
        n : int
            Their number, at least 1.
        random_state : int, RandomState, Generator or None
            Of NumPy; None draws others each time.
        """
        check_integer("n", n, 1)
        source = source_of(random_state)
        if self.size is None:
            return [self._point(source) for _ in range(n)]
        if n >= self.size:
            points = list(combinations(self))
            return [points[i] for i in source.permutation(len(points))]
        different: dict[str, dict[str, Any]] = {}
        while len(different) < n:
            point = self._point(source)
            different.setdefault(repr(point), point)
        return list(different.values())

    def _point(self, source: Source) -> dict[str, Any]:
        return {
            name: entry.draw(source)
            if isinstance(entry, Distribution)
            else _plain(entry.rvs(random_state=source))
            for name, entry in self.items()
        }


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _distribution(name: str, value: Any) -> Any:
    """Return a distribution, or an object with `rvs`, as it is, and a list of values as a `Choice`."""
    if isinstance(value, type):
        raise TypeError(f"{name}: expected a distribution, got the class {value.__name__}: give it its range")
    if isinstance(value, Distribution) or callable(getattr(value, "rvs", None)):
        return value
    if isinstance(value, np.ndarray) and value.ndim == 1:
        value = value.tolist()
    if not isinstance(value, list | tuple):
        shown = f"an array of shape {value.shape}" if isinstance(value, np.ndarray) else repr(value)
        hint = "" if isinstance(value, np.ndarray | Mapping) else "; a constant is a list of one value"
        raise TypeError(f"{name}: expected a distribution or a list of values, got {shown}{hint}")
    if not value:
        raise ValueError(f"{name}: expected at least one value, got an empty list")
    return Choice(tuple(value))


def combinations(space: Mapping[str, Any], points: int | None = None) -> Iterator[dict[str, Any]]:
    """Iterate over every combination of the values of each parameter, or of `points` of each range."""
    for values in itertools.product(*(list(entry.values(points)) for entry in space.values())):
        yield dict(zip(space, values, strict=True))


class Grid:
    """The points of a grid: every combination of a few values of each parameter. For teaching rather than searching.

    Random search beats it (Bergstra and Bengio 2012), because few parameters matter, and which they are is not known
    before. Where only the learning rate matters, the 25 points of a grid of 5 by 5 try 5 rates, each 5 times; 25 random
    points try 25.

    Parameters
    ----------
    space : mapping
        Distributions of `fanin.search` or lists by name, as for a search.
    points : int
        Of each range, evenly spaced on its scale, ends included; at least 2. Every option of a list is one.

    References
    ----------
    J. Bergstra and Y. Bengio, "Random search for hyper-parameter optimization", JMLR 13, 2012 (docs/textbook.md,
    row 74).

    Examples
    --------
    >>> from fanin import search
    >>> from fanin.search.space import Space
    >>> space = {"rate": search.LogUniform(1e-4, 1e-1), "momentum": search.OneMinusLogUniform(0.5, 0.99)}
    >>> grid, random = list(search.Grid(space)), Space(space).draw(25, random_state=0)
    >>> len(grid), len({point["rate"] for point in grid})
    (25, 5)
    >>> len(random), len({point["rate"] for point in random})
    (25, 25)
    """

    def __init__(self, space: Mapping[str, Any], points: int = 5) -> None:
        check_integer("points", points, 2)
        self.space, self._points = space if isinstance(space, Space) else Space(space), points
        for name, entry in self.space.items():
            if not isinstance(entry, Distribution):
                raise TypeError(
                    f"space[{name!r}]: expected a distribution of fanin.search for a grid, got {entry!r}"
                )

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return combinations(self.space, self._points)

    def __repr__(self) -> str:
        return f"Grid({dict(self.space)!r}, points={self._points})"

    def __len__(self) -> int:
        return math.prod(sum(1 for _ in entry.values(self._points)) for entry in self.space.values())
