"""The one exception of the demo, and the imports that may be missing."""

from __future__ import annotations

import importlib
from types import ModuleType


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
