"""How times, amounts of memory, numbers and names are written for a reader."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from textwrap import wrap
from types import MappingProxyType

_UNITS = ((1e-9, "ns"), (1e-6, "us"), (1e-3, "ms"), (1.0, "s"))
# large unit, small unit and its seconds, how many of them are a large one, and how many of these are too many
_LONG = (("min", "s", 1, 60, 60), ("h", "min", 60, 60, 24), ("d", "h", 3600, 24, math.inf))


def duration(seconds: float) -> str:
    """Return a time in three digits or, from a minute on, in its two largest units.

    Examples
    --------
    >>> from fanin.written import duration
    >>> [duration(seconds) for seconds in (7.67e-05, 0.0012, 3, 125, 3600, 93784)]
    ['76.7 us', '1.2 ms', '3 s', '2 min 5 s', '1 h', '1 d 2 h']
    """
    if not math.isfinite(seconds):
        return "-"
    if seconds < 0:
        return f"-{duration(-seconds)}"
    if seconds < 59.95:  # which three digits would round to a minute
        numbers = ((f"{seconds / size:.3g}", unit) for size, unit in _UNITS)
        return "0 s" if seconds == 0 else " ".join(next(one for one in numbers if float(one[0]) < 1000))
    for large, small, size, in_large, most in _LONG:
        many, few = divmod(round(seconds / size), in_large)
        text = f"{many:,} {large}" + (f" {few} {small}" if few else "")
        if many < most:
            break
    return text


def memory(count: int) -> str:
    """Return a number of bytes in a readable unit.

    Examples
    --------
    >>> from fanin.written import memory
    >>> [memory(count) for count in (20, 4096, 1_078_312, 3 * 10**9)]
    ['20 bytes', '4.1 kB', '1.08 MB', '3 GB']
    """
    for size, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if count >= 0.9995 * size:
            amount = count / size
            return f"{amount:,.0f} {unit}" if amount >= 999.5 else f"{amount:.3g} {unit}"
    return f"{count} bytes"


def figure(value: float) -> str:
    """Return a loss, a score or a rate in four digits, or as a whole number with its thousands apart.

    Examples
    --------
    >>> from fanin.written import figure
    >>> [figure(value) for value in (0.123456, 0.01, 1234567.8, 1e-7, 1e20)]
    ['0.1235', '0.01', '1,234,568', '1e-07', '1e+20']
    """
    return f"{value:,.0f}" if 999.95 <= abs(value) < 1e9 else f"{value:.4g}"


def one_line(text: object) -> str:
    r"""Return a text in one line, with control characters escaped, as a terminal or a page can show it.

    Examples
    --------
    >>> from fanin.written import one_line
    >>> one_line("two  words" + chr(27))
    'two words\\x1b'
    """
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in " ".join(str(text).split()))


def cut(text: str, width: int) -> str:
    """Return a text of at most so many characters, with an ellipsis for what is left out."""
    return text if len(text) <= width else f"{text[: max(width - 3, 0)]}..."[:width]


def aligned(
    rows: Sequence[Sequence[str]],
    *,
    left: int = 1,
    gap: str = "  ",
    most: Mapping[int, int] = MappingProxyType({}),
) -> list[str]:
    r"""Return rows as lines: the first columns, so many, to the left, the others to the right.

    `most` has the largest widths of some columns: longer cells are wrapped.

    Examples
    --------
    >>> from fanin.written import aligned
    >>> print(*aligned([("layer", "units"), ("layer1", "1,024"), ("a long name", "8")], most={0: 6}), sep="\n")
    layer   units
    layer1  1,024
    a long      8
    name
    """
    folded = [
        [wrap(cell, most[k]) or [""] if k in most else [cell] for k, cell in enumerate(row)] for row in rows
    ]
    widths = [max(len(line) for cell in column for line in cell) for column in zip(*folded, strict=True)]
    lines = []
    for row in folded:
        for parts in zip_longest(*row, fillvalue=""):
            cells = [
                f"{part:{width}}" if k < left else f"{part:>{width}}"
                for k, (part, width) in enumerate(zip(parts, widths, strict=True))
            ]
            lines.append(gap.join(cells).rstrip())
    return lines
