"""CSV files that several tests write."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

Writer = Callable[[str], Path]
FileWriter = Callable[[str, str], Path]  # of a name and a content

FAST = ["--effort", "fast", "--quiet"]  # options of fanin fit


def rows(line: Callable[[int], str], count: int = 60) -> str:
    """Return the lines of rows 0, 1, ..."""
    return "".join(line(row) + "\n" for row in range(count))


# As people write tables: an id, stray cells, money, percentages, a column without values, trailing commas
PRICES = "id,age,colour,sold,income,rate,nothing,price,\n" + rows(
    lambda n: (
        f"{n},{'unknown' if n == 7 else n % 50},{('red', 'green')[n % 2]},2021-{1 + n % 12:02d}-{1 + n % 28:02d},"
        f'"${1000 + 37 * n:,.2f}",{n % 40} %,,{"-" if n == 9 else f"{100 * (n % 50) + n / 8:.1f}"},'
    ),
    120,
)
