"""The names in the reference of the site, their values, and which members it shows."""

from __future__ import annotations

import importlib
import inspect
import re
import runpy
from collections.abc import Iterator
from typing import Any

from helpers import ROOT

DOCS = ROOT / "docs"
PAGES = sorted((DOCS / "reference").glob("*.md"))
is_internal = runpy.run_path(str(DOCS / "_ext" / "internal.py"))["is_internal"]


def listed() -> Iterator[str]:
    """The names in the tables of all pages."""
    for page in PAGES:
        for block in re.findall(r"```\{eval-rst\}\n(.*?)```", page.read_text(), re.DOTALL):
            if "automodule" in block:
                continue
            module = re.search(r"currentmodule:: (\S+)", block)
            assert module, page
            yield from (f"{module[1]}.{name}" for name in re.findall(r"^   (\w[\w.]*)$", block, re.MULTILINE))


def value_of(name: str) -> Any:
    """The value of a name that may lie in a module that fanin does not import."""
    module, _, last = name.rpartition(".")
    return getattr(importlib.import_module(module), last)


def callables() -> Iterator[tuple[str, Any]]:
    """The functions and classes of the reference, and the methods that it shows, by name."""
    for name in listed():
        value = value_of(name)
        if callable(value):
            yield name, value
        for member, method in inspect.getmembers(value) if inspect.isclass(value) else ():
            module = getattr(method, "__module__", None) or ""
            if inspect.isroutine(method) and module.startswith("fanin") and not is_internal(member, method):
                yield f"{name}.{member}", method
