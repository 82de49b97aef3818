"""The exception for invalid input of a command, formatting of its messages, and optional imports."""

from __future__ import annotations

import importlib
from types import ModuleType

_LONGEST = 60


class UserError(Exception):
    """Invalid input; the user sees only the message, without a traceback."""


def require(module: str, package: str, extra: str) -> ModuleType:
    """Import a module of an extra of fanin; raise UserError if its package is not installed."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module.partition(".")[0]:
            raise
        raise UserError(
            f'{package} is not installed; run pip install "fanin[{extra}]" to install what this command needs'
        ) from None


def shown(text: str) -> str:
    """Return a name or a cell in quotes, truncated if it is long."""
    return repr(text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "...")


def one_line(text: object) -> str:
    """Return a text with line breaks and other control characters escaped."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in str(text))
