"""Reading a CSV file into named columns of text, with a clear message for each kind of broken file."""

from __future__ import annotations

import contextlib
import csv
import difflib
import io
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fanin.demo.csv_column import Column, is_missing
from fanin.demo.csv_numbers import DECIMAL_COMMA, is_number, numbers
from fanin.demo.errors import DemoError, shown

_DELIMITERS = ",;\t|"
_LISTED = 20
_SAMPLE = 100


@dataclass(frozen=True)
class Table:
    """The columns of a CSV file, in order, with every cell as text, stripped of surrounding blanks."""

    path: Path
    columns: dict[str, tuple[str, ...]]
    lines: tuple[int, ...]
    comma_separated: bool
    decimal_comma: bool

    @property
    def n_rows(self) -> int:
        """The number of rows below the header."""
        return len(self.lines)

    def __getitem__(self, name: str) -> Column:
        """Return one column; for an unknown name, the error lists the columns and suggests the closest name."""
        if name not in self.columns:
            closest = _closest(name, self.columns)
            raise DemoError(f"{self.path} has no column {shown(name)}{closest}; {self.listing()}")
        return Column(name, self.columns[name], self.lines, self.comma_separated, self.decimal_comma)

    def listing(self) -> str:
        """Return a phrase that lists the columns."""
        names = [shown(name) for name in self.columns]
        more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
        no_header = all(is_number(name) or is_missing(name) for name in self.columns)
        hint = " (the first line must name the columns)" if no_header else ""
        return f"its columns are {', '.join(names[:_LISTED])}{more}{hint}"


def read_table(path: Path) -> Table:
    """Return the table in a UTF-8 file whose first line names the columns, separated by , ; tab or |."""
    text = _text(path)
    delimiter = max(_DELIMITERS, key=lambda delimiter: _fit(text, delimiter))
    rows = list(_rows(path, text, delimiter))
    if not rows:
        raise DemoError(f"{path} is empty")
    if len(rows) == 1:
        raise DemoError(f"{path} has a header but no rows")
    (_, header), *others = rows
    names = _names(path, header)
    columns = dict(zip(names, zip(*(cells for _, cells in others), strict=True), strict=True))
    styles = {_style(column[:_SAMPLE], delimiter) for column in columns.values()}
    lines = tuple(line for line, _ in others)
    return Table(path, columns, lines, delimiter == ",", delimiter != "," and DECIMAL_COMMA in styles)


def _text(path: Path) -> str:
    try:
        if path.is_char_device():
            raise DemoError(f"{path} is a device; expected a file")
        content = path.read_bytes()
        text = content.decode("utf-8-sig")
    except FileNotFoundError:
        raise DemoError(f"there is no file {path}") from None
    except (OSError, ValueError) as error:
        if isinstance(error, UnicodeDecodeError):
            line = content.count(b"\n", 0, error.start) + 1
            raise DemoError(f"{path}, line {line}: not UTF-8 text; save the file as UTF-8") from None
        raise DemoError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise DemoError(f"{path}, line {line}: contains a null byte; save the file as UTF-8 text")
    return text


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
    except DemoError:  # infinity
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
            if len(cells) != width:
                fields = f"{len(cells)} field{'' if len(cells) == 1 else 's'}"
                raise DemoError(
                    f"{path}, line {start}: {fields}, but the header has {width} (separated by {delimiter!r})"
                )
            yield start, [cell.strip() for cell in cells]
    except csv.Error as error:
        raise DemoError(
            f"{path}, line {line}: {error} (an unclosed quote, or one not doubled inside a field?)"
        ) from None


def _names(path: Path, header: list[str]) -> list[str]:
    names = [name or f"column {number}" for number, name in enumerate(header, start=1)]
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise DemoError(f"{path} has two columns named {shown(name)}")
        seen.add(name)
    return names


def _closest(name: str, columns: dict[str, tuple[str, ...]]) -> str:
    folded = {column.casefold(): column for column in columns}
    near = difflib.get_close_matches(name.casefold(), folded, n=1)
    return f" (did you mean {shown(folded[near[0]])}?)" if near else ""
