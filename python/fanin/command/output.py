"""Lines for the user, and files that are whole or not there."""

from __future__ import annotations

import contextlib
import csv
import gzip
import os
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from fanin.csv.errors import UserError, one_line
from fanin.terminal import columns
from fanin.whole_file import whole_file
from fanin.written import figure

if TYPE_CHECKING:
    from fanin.sklearn.table_quality import Quality

_NOTES = 20
_ORIGINS = {
    "out of fold": "rows, each by networks that were not trained on it",
    "held out for the choice": "rows held out",
    "training rows": "training rows: too good, as the networks know them",
}


def print_notes(notes: Sequence[str], stream: IO[str] | None = None) -> None:
    """Print notes, the first twenty, one a line; a terminal gets them wrapped."""
    more = [f"and {len(notes) - _NOTES:,} more notes"] if len(notes) > _NOTES else []
    print_indented((*notes[:_NOTES], *more), stream)


def print_indented(notes: Iterable[str], stream: IO[str] | None = None) -> None:
    """Print lines behind an indent; a terminal gets them wrapped."""
    stream = stream or sys.stdout
    width = columns(stream) if stream.isatty() else sys.maxsize
    for note in notes:
        wrapped = textwrap.wrap(one_line(note), width, initial_indent="  ", subsequent_indent="    ")
        print("\n".join(wrapped), file=stream)


def score_lines(score: Mapping[str, Any]) -> list[str]:
    """Return a score, as of `plain`: which rows it is of, and its measures with their confidence intervals."""
    width = max(len(name) for name, _, _ in score["measures"])
    lines = [f"Score of {score['rows']:,} {_ORIGINS.get(score['origin'], 'rows')}"]
    for name, value, interval in score["measures"]:
        text = f"  {name:{width}}  {figure(value)}"
        lines.append(text + (f"  (95 %: {figure(interval[0])} to {figure(interval[1])})" if interval else ""))
    return lines


def plain(quality: Quality) -> dict[str, Any]:
    """Return a score as JSON can hold it."""
    found = [(measure.name, measure.value, measure.interval) for measure in quality.measures]
    return {"origin": quality.origin, "rows": quality.rows, "measures": found}


def check_folder(option: str, path: Path) -> None:
    """Raise UserError unless a file can be written here."""
    folder = path.parent
    if path.is_dir():
        raise UserError(f"{option}: {path} is a folder; expected a file")
    if not folder.is_dir():
        raise UserError(f"{option}: there is no folder {folder}")
    if not path.exists() and not os.access(folder, os.W_OK):
        raise UserError(f"{option}: the folder {folder} is read-only")


@contextlib.contextmanager
def _opened(path: Path | None) -> Iterator[IO[str]]:
    """Open stdout or a file; a regular one gets its name when it is whole."""
    if path is None:
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(encoding="utf-8", newline="")
        yield sys.stdout
        return
    with whole_file(str(path)) as name:
        opened: Any = gzip.open if path.suffix == ".gz" else open
        with opened(name, "wt", encoding="utf-8", newline="") as stream:
            yield stream


def write_csv(path: Path | None, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a CSV file, compressed if its name ends in .gz; None is stdout."""
    try:
        with _opened(path) as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(rows)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UserError(f"{path or 'stdout'} cannot be written: {error.strerror or error}") from None
