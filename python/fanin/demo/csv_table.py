"""A CSV file as named columns of text, and each broken file as a sentence."""

from __future__ import annotations

import csv
import difflib
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fanin.demo.errors import DemoError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_DELIMITERS = ",;\t|"
_MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "?"})
_LISTED = 20


@dataclass(frozen=True)
class Table:
    """The columns of a CSV file, in order, every cell as the text it had (outer blanks stripped)."""

    path: Path
    columns: dict[str, tuple[str, ...]]

    @property
    def n_rows(self) -> int:
        """The number of rows under the header."""
        return len(next(iter(self.columns.values())))

    def __getitem__(self, name: str) -> tuple[str, ...]:
        """Return one column; a name that does not exist gets the list of columns and the closest name."""
        if name not in self.columns:
            raise DemoError(
                f"{self.path} has no column {name!r}{_closest(name, self.columns)}; {self.listing()}"
            )
        return self.columns[name]

    def listing(self) -> str:
        """Return the sentence that names the columns."""
        names = [repr(name) for name in self.columns]
        more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
        hint = "" if numbers("", [*self.columns]) is None else " (the first line must name the columns)"
        return f"its columns are {', '.join(names[:_LISTED])}{more}{hint}"


def is_missing(cell: str) -> bool:
    """Return whether a cell stands for no value: empty, NA, N/A, NaN, null, none or a question mark."""
    return cell.lower() in _MISSING


def read_table(path: Path) -> Table:
    """Return the table in a UTF-8 file whose first line names the columns, separated by , ; tab or |."""
    try:
        content = path.read_bytes()
        text = content.decode("utf-8-sig")
    except FileNotFoundError:
        raise DemoError(f"there is no file {path}") from None
    except OSError as error:
        raise DemoError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DemoError(f"{path}, line {line}: not UTF-8 text; save the file as UTF-8") from None
    delimiter = max(_DELIMITERS, key=text.partition("\n")[0].count)
    lines = io.StringIO(text, newline="")
    rows = list(_rows(path, csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)))
    if not rows:
        raise DemoError(f"{path} is empty")
    if len(rows) == 1:
        raise DemoError(f"{path} has a header but no rows")
    names = _names(path, rows[0])
    return Table(path, dict(zip(names, zip(*rows[1:], strict=True), strict=True)))


def numbers(name: str, cells: Sequence[str]) -> NDArray[np.float64] | None:
    """Return the cells as numbers, nan where missing, or None where a cell is text; infinity is refused."""
    values = np.empty(len(cells))
    infinite = ""
    for row, cell in enumerate(cells):
        if is_missing(cell):
            values[row] = math.nan
            continue
        try:
            # float() would read 1_000, which no other reader of CSV files does.
            values[row] = float("text" if "_" in cell else cell)
        except ValueError:
            return None
        infinite = cell if math.isinf(values[row]) else infinite
    if infinite:
        raise DemoError(f"column {name!r}: {infinite} is not a finite number")
    return values


def _rows(path: Path, reader: Iterator[list[str]]) -> Iterator[list[str]]:
    width = 0
    line = 1
    try:
        for cells in reader:
            start, line = line, reader.line_num + 1  # type: ignore[attr-defined]
            if not cells:
                continue
            width = width or len(cells)
            if len(cells) != width:
                raise DemoError(f"{path}, line {start}: {len(cells)} fields, but the header has {width}")
            yield [cell.strip() for cell in cells]
    except csv.Error as error:
        raise DemoError(
            f"{path}, line {line}: {error} (a quote not closed, or not doubled inside a field?)"
        ) from None


def _names(path: Path, header: list[str]) -> list[str]:
    names = [name or f"column {number}" for number, name in enumerate(header, start=1)]
    for position, name in enumerate(names):
        if name in names[:position]:
            raise DemoError(f"{path} has two columns named {name!r}")
    return names


def _closest(name: str, columns: dict[str, tuple[str, ...]]) -> str:
    folded = {column.casefold(): column for column in columns}
    near = difflib.get_close_matches(name.casefold(), folded, n=1)
    return f" (did you mean {folded[near[0]]!r}?)" if near else ""
