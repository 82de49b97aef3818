"""The C calls of input layers that code columns of x by several numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from fanin.export.c.body import Buffer
from fanin.export.c.program import Program, check_range_of_inputs, origin_of
from fanin.export.errors import CannotExportError

Learned = Mapping[str, Any]  # of a column, such as "knots"


def _learned(program: Program, name: str, columns: int) -> list[Learned]:
    """Return what was learned of each column; nothing of a column that is dropped."""
    starts = [f"{name}x{column}." for column in range(columns)]
    return [
        {
            key.removeprefix(start): np.asarray(array, np.float64)
            for key, array in program.weights.items()
            if key.startswith(start)
        }
        for start in starts
    ]


class _Columns:
    """Rows of numbers for columns of x, each an entry of arrays of the same length."""

    def __init__(self, *names: str) -> None:
        self.of: list[int] = []
        self.places: list[int] = []
        self.numbers: dict[str, list[float]] = {name: [] for name in names}

    def add(self, column: int, place: int, *numbers: Any) -> None:
        self.of.append(column)
        self.places.append(place)
        for values, number in zip(self.numbers.values(), numbers, strict=True):
            values.append(float(number))

    def call(self, program: Program, function: str, x: Buffer, name: str, *last: Any) -> None:
        """Call a function of these columns, if there are any."""
        if self.of:
            columns = program.indices(f"{name}{function}_columns", self.of)
            given = {f"{name}{function}_{key}": numbers for key, numbers in self.numbers.items()}
            for array, numbers in given.items():
                if not array.endswith(("_mean", "_values")):
                    check_range_of_inputs(array, numbers)
            arrays = [program.floats(array, numbers) for array, numbers in given.items()]
            program.call(function, x, columns, len(self.of), *arrays, *last)

    def call_with_places(self, program: Program, function: str, x: Buffer, name: str, y: Buffer) -> None:
        if self.of:
            self.call(program, function, x, name, program.indices(f"{name}{function}_places", self.places), y)


def piecewise_linear(program: Program, layer: Any, value: Buffer, name: str) -> Buffer:
    learned = _learned(program, name, value.columns)
    origins, fills = np.zeros(value.columns), np.zeros(value.columns)
    squashed = _Columns("median", "scale", "mean")
    sides, ramps = _Columns("low", "rate", "mean"), _Columns("low", "rate", "mean")
    indicators = _Columns("mean")
    place = 0
    for column, of in enumerate(learned):
        if "high" in of:
            low, high = of["low"][0], of["high"][0]
            origin = origin_of(np.array([low, high]))
            fills[column] = (low + high) / 2 - origin
            sides.add(column, place, low - origin, 1 / (high - low), of["mean"][0])
        elif of:
            knots, median = of["knots"], of["median"][0]
            origin = origin_of(knots)
            fills[column] = median - origin
            squashed.add(column, place, median - origin, 1 / of["scale"][0], of["mean"][0])
            if of["missing"][0] > 0:
                place += 1
                indicators.add(column, place, of["missing"][0])
            for low, width, mean in zip(knots, np.diff(knots), of["centre"], strict=False):
                ramps.add(column, len(ramps.of), low - origin, 1 / width, mean)
        else:
            continue
        origins[column] = origin
        place += 1
    known, y = Buffer(value.columns), Buffer(place + len(ramps.of))
    ones, zeros = np.ones(value.columns), np.zeros(value.columns)
    program.standardized(value, name, origins, ones, zeros, known)
    program.call("fill", value, value.columns, program.floats(f"{name}fill", fills), known)
    squashed.call_with_places(program, "squashed", known, name, y)
    sides.call_with_places(program, "sides", known, name, y)
    indicators.call_with_places(program, "indicators", value, name, y)
    ramps.call(program, "ramps", known, name, y.at(place))
    return y


def one_hot(program: Program, layer: Any, value: Buffer, name: str) -> Buffer:
    learned = _learned(program, name, value.columns)
    levels = _Columns("levels", "values")
    means = [of["mean"][0] for of in learned if "high" in of]
    place = 0
    for column, of in enumerate(learned):
        if "high" in of:
            levels.add(column, place, of["low"][0], -1)
            levels.add(column, place, of["high"][0], 1)
            place += 1
    for column, of in enumerate(learned):
        if "levels" in of:
            for number, level in enumerate(of["levels"]):
                levels.add(column, place + number, level, 1)
            for level in of["rare"]:
                levels.add(column, place + len(of["levels"]), level, 1)
            place += len(of["centre"])
            means.extend(of["centre"])
    _check_levels(levels)
    y = Buffer(place)
    mean, places = (
        program.floats(f"{name}mean", means),
        program.indices(f"{name}levels_places", levels.places),
    )
    levels.call(program, "levels", value, name, places, mean, place, y)
    return y


def _check_levels(levels: _Columns) -> None:
    """Raise CannotExportError if two levels of a column are the same in float."""
    with np.errstate(over="ignore"):
        singles = np.asarray(levels.numbers["levels"], np.float32)
    seen = set()
    for level in zip(levels.of, map(float, singles), strict=True):
        if level in seen:
            raise CannotExportError(f"two levels of column {level[0]} are both {level[1]} in float")
        seen.add(level)
