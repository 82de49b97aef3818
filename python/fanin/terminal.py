"""What a terminal can show: how wide it is, and whether a line can be drawn again and in colours."""

from __future__ import annotations

import os
from shutil import get_terminal_size
from typing import IO, Any


def width(least: int = 60, most: int = 100) -> int:
    """Return how many characters the lines of a text should have: as the terminal, within limits.

    The variable COLUMNS counts more than the terminal; where neither is known, the width is 80.
    """
    return min(max(get_terminal_size().columns, least), most)


def columns(stream: IO[str]) -> int:
    """Return the columns of the terminal behind a stream; COLUMNS counts more, and 80 is what is not known."""
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal() and int(given) > 0:
        return int(given)
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (AttributeError, OSError, ValueError):  # not a file, or closed
        return 80


def redraws(stream: IO[str] | None) -> bool:
    """Return whether a line on a stream can be drawn again: on terminals, unless TERM is "dumb"."""
    return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"


def has_colours(stream: IO[str]) -> bool:
    """Return whether a stream shows colours: on terminals, unless NO_COLOR is set (see no-color.org)."""
    of_system = os.name != "nt" or "WT_SESSION" in os.environ or "ANSICON" in os.environ
    return redraws(stream) and of_system and not os.environ.get("NO_COLOR")


def encodes(stream: Any, text: str) -> bool:
    """Return whether a stream can show a text in its encoding."""
    try:
        text.encode(getattr(stream, "encoding", None) or "ascii")
    except (LookupError, UnicodeEncodeError):
        return False
    return True
