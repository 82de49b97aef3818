"""Checks of arguments: each error names the argument, what was expected and what came."""

from __future__ import annotations

import operator
import re
from collections.abc import Iterable, Mapping, Set
from typing import Any

import numpy as np

from fanin.aliases import hint

_NO_ALIASES: Mapping[str, str] = {}


def check_choice(
    name: str, value: object, choices: tuple[str, ...], aliases: Mapping[str, str] = _NO_ALIASES
) -> None:
    """Raise unless `value` is one of the `choices`; for one of the `aliases` the message suggests a choice."""
    if isinstance(value, str) and value in choices:
        return
    kind = ValueError if isinstance(value, str) else TypeError
    meant = hint(value, choices, aliases)
    raise kind(f"{name}: expected one of {', '.join(choices)}, got {value!r}{meant}")


def check_flag(name: str, value: object) -> None:
    """Raise TypeError unless `value` is True or False."""
    if not isinstance(value, bool):
        raise TypeError(f"{name}: expected True or False, got {value!r}")


def check_integer(name: str, value: Any, lowest: int, bits: int | None = None) -> None:
    """Raise unless `value` is an integer of at least `lowest` and below 2^bits; booleans are rejected."""
    try:
        number = None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = None
    if number is None:
        raise TypeError(f"{name}: expected an integer, got {value!r}")
    if number < lowest:
        raise ValueError(f"{name}: expected at least {lowest}, got {value}")
    if bits is not None and number >= 2**bits:
        raise ValueError(f"{name}: expected less than 2^{bits}, got {value}")


def check_sequence(name: str, value: object, expected: str = "a list") -> tuple[Any, ...]:
    """Return the elements of a list or another ordered iterable; raise TypeError for a set, a dict or a string."""
    if isinstance(value, tuple | list):
        return tuple(value)
    if isinstance(value, str | bytes | Set | Mapping) or not isinstance(value, Iterable):
        raise TypeError(f"{name}: expected {expected}, got {value!r}")
    try:
        return tuple(value)
    except TypeError:  # an array without dimensions
        raise TypeError(f"{name}: expected {expected}, got {value!r}") from None


def check_text(name: str, value: object, expected: str = "a string") -> None:
    """Raise unless `value` is a string that can be encoded in UTF-8."""
    if not isinstance(value, str):
        raise TypeError(f"{name}: expected {expected}, got {value!r}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{name}: expected text in UTF-8, got {value!r}") from None


def checked_dtype(dtype: Any) -> np.dtype[Any]:
    """Return float32 or float64; raise for any other type of a network's numbers."""
    try:
        number: np.dtype[Any] | None = None if dtype is None else np.dtype(dtype)
    except TypeError:
        number = None
    if number is None:
        raise TypeError(f'dtype: expected "float32" or "float64", got {dtype!r}')
    if number not in (np.dtype(np.float32), np.dtype(np.float64)):
        raise ValueError(f'dtype: expected "float32" or "float64", got "{number}"')
    return number


def counted(number: int, thing: str) -> str:
    """Return a number with the name of what it counts, for a message."""
    several = re.sub(r"(?<=[^aeiou])y$", "ie", thing) + "s"
    return f"{number:,} {thing if number == 1 else several}"
