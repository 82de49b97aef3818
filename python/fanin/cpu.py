"""Instruction sets: which are in this build, which this processor runs, which is in use."""

from fanin._core import active, available, built

__all__ = ["active", "available", "built"]
