"""Instruction sets: which are in this build, which this processor runs, which is in use."""

from __future__ import annotations

from fanin import _core

__all__ = ["active", "available", "built"]


def __dir__() -> list[str]:
    return __all__


def built() -> tuple[str, ...]:
    """Return the names of the instruction sets in this build, the widest first.

    Examples
    --------
    >>> import fanin
    >>> "baseline" in fanin.cpu.built()
    True
    """
    return _core.built()


def available() -> tuple[str, ...]:
    """Return those of `built` that this processor runs.

    Examples
    --------
    >>> import fanin
    >>> set(fanin.cpu.available()) <= set(fanin.cpu.built())
    True
    """
    return _core.available()


def active() -> str:
    """Return the one in use: the first that is available, or the one that ``FANIN_ISA`` names.

    Examples
    --------
    >>> import fanin
    >>> fanin.cpu.active() in fanin.cpu.available()
    True
    """
    return _core.active()
