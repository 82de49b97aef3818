"""The one exception of the demo, words for its messages, and the imports that may be missing."""

from __future__ import annotations

import importlib
from types import ModuleType

_LONGEST = 60


class DemoError(Exception):
    """Input the demo cannot use; the message is a sentence for the user, who sees no traceback."""


def require(module: str, package: str) -> ModuleType:
    """Import a module of the extra ``[demo]``; raise DemoError naming the package where it is absent."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module.partition(".")[0]:
            raise
        raise DemoError(
            f'{package} is not installed; pip install "fanin[demo]" brings what the demo needs'
        ) from None


def shown(text: str) -> str:
    """Return a name or a cell in quotes, and only the beginning of a long one."""
    return repr(text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "...")


def one_line(text: object) -> str:
    """Return a text with line ends and what else moves a terminal's cursor in it as escapes."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in str(text))
