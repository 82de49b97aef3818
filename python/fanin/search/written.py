"""How parameters and epochs are written in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def written(params: Mapping[str, Any]) -> str:
    """Return parameters as text, numbers with four digits."""
    return ", ".join(f"{name} {short(value)}" for name, value in params.items())


def short(value: Any) -> str:
    """Return a value as text, floats with four digits."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
