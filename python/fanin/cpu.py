"""Instruction sets: those in this build, those this processor supports, and the active one."""

from __future__ import annotations

from fanin import _core

__all__ = ["active", "available", "built"]


def __dir__() -> list[str]:
    return __all__


def built() -> tuple[str, ...]:
    """Return the names of the instruction sets in this build, widest first.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> import fanin
    >>> "baseline" in fanin.cpu.built()
    True
    """
    return _core.built()


def available() -> tuple[str, ...]:
    """Return the instruction sets of `built` that this processor supports.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> import fanin
    >>> set(fanin.cpu.available()) <= set(fanin.cpu.built())
    True
    """
    return _core.available()


def active() -> str:
    """Return the active instruction set: the one named by ``FANIN_ISA``, or else the widest available.

    Returns
    -------
    str

    Examples
    --------
    >>> import fanin
    >>> fanin.cpu.active() in fanin.cpu.available()
    True
    """
    return _core.active()
