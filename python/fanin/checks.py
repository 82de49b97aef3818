"""Checks of arguments: each raises with a sentence that names the argument, what came and what was expected."""

from __future__ import annotations


def check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    """Raise ValueError unless `value` is one of the `choices`."""
    if value not in choices:
        raise ValueError(f"{name}: expected one of {', '.join(choices)}, got {value!r}")


def check_integer(name: str, value: object, lowest: int, bits: int | None = None) -> None:
    """Raise unless `value` is an integer of at least `lowest` and below 2^bits; True and False are none here."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{name}: expected an integer, got {value!r}")
    if value.__index__() < lowest:
        raise ValueError(f"{name}: expected at least {lowest}, got {value}")
    if bits is not None and value.__index__() >= 2**bits:
        raise ValueError(f"{name}: expected less than 2^{bits}, got {value}")
