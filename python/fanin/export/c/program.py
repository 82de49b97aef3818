"""What a header consists of: arrays, the bodies of its functions, and the state of recurrent layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin.export.c.body import FLOAT, Argument, Body, Buffer
from fanin.export.errors import CannotExportError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_PER_LINE = 8  # numbers


class Program:
    """A header under construction, whose names begin with `prefix`."""

    def __init__(self, prefix: str, weights: Mapping[str, NDArray[Any]]) -> None:
        self.prefix, self.weights = prefix, weights
        self.bodies, self.states = [Body()], list[Buffer]()
        self.arrays: dict[str, str] = {}  # their definitions by name
        self.functions: set[str] = set()  # that are called, without the prefix
        # of arrays of float; numbers in arrays of size_t; multiplications in products
        self.bytes = self.index_count = self.products = 0

    def call(self, function: str, *arguments: Argument) -> None:
        """Add a call to the last body."""
        self.functions.add(function)
        self.bodies[-1].call(f"{self.prefix}_{function}", *arguments)

    def map(self, function: str, value: Buffer) -> Buffer:
        """Call a function of each element, in place if nothing else needs the value; return the result."""
        result = self.over(value)
        self.call(function, value, value.columns, result)
        return result

    def over(self, value: Buffer) -> Buffer:
        """Return memory for a result that may overwrite this value."""
        return Buffer(value.columns) if value.kept else value

    def dense(self, x: Buffer, weight: str, start: Argument, units: int, y: Argument) -> None:
        """Add ``y = x W + start``."""
        self.products += x.columns * units
        self.call("dense", x, x.columns, weight, start, units, y)

    def product(self, x: Buffer, name: str, weight: NDArray[Any]) -> Buffer:
        """Add ``y = x W``, and return y."""
        y = Buffer(weight.shape[1])
        self.call("zero", y, y.columns)
        self.dense(x, self.floats(name, weight), y, y.columns, y)
        return y

    def standardized(
        self, x: Buffer, name: str, centre: Any, scale: Any, shift: Any, y: Buffer | None = None
    ) -> Buffer:
        """Add ``y = (x - centre) scale + shift``; the shift makes up for rounding the centre. Return y."""
        given = (
            self.floats(f"{name}centre", centre),
            self.floats(f"{name}scale", scale),
            self.floats(f"{name}shift", shift + (_rounded(centre) - centre) * scale),
        )
        y = y or self.over(x)
        self.call("standardize", x, x.columns, *given, y)
        return y

    def weight(self, name: str) -> NDArray[np.float64]:
        """Return weights by their name in the network, in float64."""
        return np.asarray(self.weights[name], np.float64)

    def floats(self, name: str, values: ArrayLike) -> str:
        """Define an array of float, unless it is there, and return its name."""
        single = _rounded(values)
        if not np.isfinite(single).all():
            raise CannotExportError(f"{name} has numbers beyond the range of float")
        with np.printoptions(legacy=False):  # the shortest decimals that give the same float
            numbers = [f"{number!s}f" for number in single.ravel()]
        return self._array("float", name, single.shape, numbers)

    def indices(self, name: str, values: ArrayLike) -> str:
        """Define an array of size_t, unless it is there, and return its name."""
        given = np.asarray(values)
        return self._array("size_t", name, given.shape, [str(int(number)) for number in given.ravel()])

    def state(self, name: str, columns: int) -> Buffer:
        """Return memory that lasts from step to step."""
        buffer = Buffer(columns, f"state->{_identifier(name)}", kept=True)
        self.states.append(buffer)
        return buffer

    def _array(self, kind: str, name: str, shape: tuple[int, ...], numbers: list[str]) -> str:
        name = f"{self.prefix}_{_identifier(name)}"
        if name not in self.arrays:
            lines = (numbers[i : i + _PER_LINE] for i in range(0, len(numbers), _PER_LINE))
            text = ",\n    ".join(map(", ".join, lines))
            size = " * ".join(map(str, shape))
            self.arrays[name] = f"static const {kind} {name}[{size}] = {{\n    {text}}};\n"
            if kind == "float":
                self.bytes += FLOAT * len(numbers)
            else:
                self.index_count += len(numbers)
        return name


def check_range_of_inputs(name: str, values: ArrayLike) -> None:
    """Raise CannotExportError if numbers that x is compared with, or multiplied by, become 0 in float."""
    given = np.asarray(values)
    if (given[_rounded(given) == 0] != 0).any():
        raise CannotExportError(
            f"{name} has numbers between 0 and 1.2e-38, the smallest normal float; scale the inputs before training"
        )


def _rounded(values: ArrayLike) -> NDArray[np.float32]:
    """Return numbers in float, but 0 for those below the normal ones: predictions flush them, and compilers warn."""
    with np.errstate(over="ignore", under="ignore"):
        single = np.array(values, np.float32)
    single[np.abs(single) < np.finfo(np.float32).tiny] = 0
    return single


def _identifier(name: str) -> str:
    return name.replace(".", "_")


def origin_of(knots: NDArray[np.float64]) -> float:
    """Return what float subtracts exactly from all numbers between the knots and makes them smaller, or 0."""
    low, high = knots[0], knots[-1]
    same_size = 0 < low <= high <= 2 * low or 2 * high <= low <= high < 0
    return float(np.float32(low)) if same_size else 0.0
