"""Options that several commands have, and what they accept."""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from fanin.csv.errors import shown

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def add_columns(parser: argparse._ActionsContainer, *, required: bool) -> None:
    """Add the options that say what each column of a table is for."""
    parser.add_argument(
        "--target", type=name, required=required, metavar="COLUMN", help="the column to predict"
    )
    parser.add_argument(
        "--drop",
        type=name,
        action="append",
        default=[],
        metavar="COLUMN",
        help="a column to ignore; may be repeated",
    )
    parser.add_argument(
        "--task", choices=("auto", "classification", "regression"), default="auto", help="default: auto"
    )


def name(text: str) -> str:
    """Return an argument, decoded as UTF-8 (like the table) if the locale could not decode it."""
    undecoded = any("\udc80" <= c <= "\udcff" for c in text)
    return os.fsencode(text).decode("utf-8", "surrogateescape") if undecoded else text


def whole(least: int, most: int = 2**31 - 1) -> Callable[[str], int]:
    """Return the type of an option that is a whole number."""

    def parse(text: str) -> int:
        if not text.isdecimal() or len(text) > 10 or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(
                f"expected a whole number from {least} to {most}, got {shown(text)}"
            )
        return int(text)

    return parse


def positive(text: str) -> float:
    """Return an argument that is a number above 0."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"expected a number above 0, got {shown(text)}")
    return number
