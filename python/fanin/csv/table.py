"""Reading a CSV file into named columns of text, with a clear message for each kind of broken file."""

from __future__ import annotations

import contextlib
import csv
import difflib
import io
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fanin.checks import counted
from fanin.csv.column import Column, is_missing
from fanin.csv.errors import UserError, shown
from fanin.csv.numbers import DECIMAL_COMMA, is_number, numbers
from fanin.csv.text import read_text
from fanin.csv.typed import Typed, typed, typed_like

_DELIMITERS = ",;\t|"
_LISTED = 20
_SAMPLE = 100
_ROWS = 4096
_SAMPLE_CHARACTERS = 4_000_000  # in which the delimiter is looked for


@dataclass(frozen=True)
class Table:
    """
    The columns of a CSV file, in order, with every cell as text, stripped of surrounding blanks.

    Columns without a name in the file are called "column 1" and so on. Native columns have a type in the file.
    """

    path: Path
    columns: Mapping[str, Sequence[str]]
    lines: Sequence[int]
    comma_separated: bool
    decimal_comma: bool
    unnamed: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()
    native: Mapping[str, Typed] = field(default_factory=dict)
    place: str = "line"

    @property
    def n_rows(self) -> int:
        """The number of rows below the header."""
        return len(self.lines)

    def __getitem__(self, name: str) -> Column:
        """Return one column; for an unknown name, the error lists the columns and suggests the closest name."""
        if name not in self.columns:
            closest = _closest(name, self.columns)
            raise UserError(f"{self.path} has no column {shown(name)}{closest}; {self.listing()}")
        commas = self.comma_separated, self.decimal_comma
        return Column(name, self.columns[name], self.lines, *commas, self.place)

    def typed(self, name: str) -> Typed:
        """Return one column as numbers, dates or text."""
        return self.native[name] if name in self.native else typed(self[name])

    def typed_like(self, name: str, kind: str, style: str) -> Typed:
        """Return one column as `typed` read that of another table."""
        native = self.native.get(name)
        return native if native and native.kind == kind else typed_like(self[name], kind, style)

    def listing(self) -> str:
        """Return a phrase that lists the columns."""
        names = [shown(name) for name in self.columns]
        more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
        no_header = all(is_number(name) or is_missing(name) for name in self.columns)
        hint = " (the first line must name the columns)" if no_header else ""
        return f"its columns are {', '.join(names[:_LISTED])}{more}{hint}"


def read_table(path: Path) -> Table:
    """
    Return the table in a text file whose first line names the columns, separated by , ; tab or |.

    Fields beyond the header are left out if they are empty; so are columns without a name and without a cell.
    """
    text, note = read_text(path)
    delimiter = max(_DELIMITERS, key=lambda delimiter: _fit(text[:_SAMPLE_CHARACTERS], delimiter))
    rows = _rows(path, text, delimiter)
    _, header = next(rows, (0, []))
    if not header:
        raise UserError(f"{path} is empty")
    names = _names(path, header)
    lines, cells = _transposed(rows, len(header))
    if not lines:
        raise UserError(f"{path} has a header but no rows")
    columns = dict(zip(names, cells, strict=True))
    unnamed = [name for name, given in zip(names, header, strict=True) if not given]
    empty = [name for name in unnamed if not any(columns[name])]
    for name in empty if len(empty) < len(columns) else ():
        del columns[name]
    notes = [note] if note else []
    if empty and columns:
        notes.append(f"{counted(len(empty), 'column')} without a name and without a cell left out")
    styles = {_style(column[:_SAMPLE], delimiter) for column in columns.values()}
    commas = delimiter != "," and any(DECIMAL_COMMA in style for style in styles if style)
    kept = frozenset(name for name in unnamed if name in columns)
    return Table(path, columns, lines, delimiter == ",", commas, kept, tuple(notes))


def _reader(text: str, delimiter: str) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True)


def _fit(text: str, delimiter: str) -> tuple[float, float, int]:
    """Return the fraction of rows as wide as the header, that of columns with numbers, and the number of fields."""
    rows: list[list[str]] = []
    with contextlib.suppress(csv.Error):  # the rows before the error may suffice
        rows.extend(cells for cells in itertools.islice(_reader(text, delimiter), _SAMPLE) if cells)
    width = len(rows[0]) if rows else 0
    if width < 2:
        return 0.0, 0.0, 0
    alike = [[cell.strip() for cell in cells] for cells in rows[1:] if len(cells) == width]
    with_numbers = sum(_style(cells, delimiter) is not None for cells in zip(*alike, strict=True))
    return len(alike) / max(1, len(rows) - 1), with_numbers / width, width


def _style(cells: Sequence[str], delimiter: str) -> str | None:
    """Return the style of the numbers in a column, or None if it has none."""
    try:
        reading = numbers(Column("", cells, range(len(cells)), delimiter == ","))
    except UserError:  # infinity
        return ""
    return None if reading is None else reading.style


def _rows(path: Path, text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the non-empty rows, each with the number of its first line."""
    reader = _reader(text, delimiter)
    width = 0
    line = 1
    try:
        for cells in reader:
            start, line = line, reader.line_num + 1  # type: ignore[attr-defined]
            if not cells:
                continue
            width = width or len(cells)
            if not any(map(str.strip, cells[width:])):
                del cells[width:]
            if len(cells) != width:
                fields = f"{len(cells)} field{'' if len(cells) == 1 else 's'}"
                raise UserError(
                    f"{path}, line {start}: {fields}, but the header has {width} (separated by {delimiter!r})"
                )
            yield start, [cell.strip() for cell in cells]
    except csv.Error as error:
        raise UserError(
            f"{path}, line {line}: {error} (an unclosed quote, or one not doubled inside a field?)"
        ) from None


def _transposed(rows: Iterator[tuple[int, list[str]]], width: int) -> tuple[list[int], list[list[str]]]:
    """Return the lines and the columns of rows, some thousand rows at a time, so that other threads may run."""
    lines: list[int] = []
    columns: list[list[str]] = [[] for _ in range(width)]
    while some := list(itertools.islice(rows, _ROWS)):
        lines += [line for line, _ in some]
        for column, cells in zip(columns, zip(*(cells for _, cells in some), strict=True), strict=True):
            column += cells
    return lines, columns


def _names(path: Path, header: list[str]) -> list[str]:
    names = [name or f"column {number}" for number, name in enumerate(header, start=1)]
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise UserError(f"{path} has two columns named {shown(name)}")
        seen.add(name)
    return names


def _closest(name: str, columns: Iterable[str]) -> str:
    folded = {column.casefold(): column for column in columns}
    near = difflib.get_close_matches(name.casefold(), folded, n=1)
    return f" (did you mean {shown(folded[near[0]])}?)" if near else ""
