"""The reference of the site has every public name, and no other."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest

import fanin
from helpers import ROOT

PAGES = sorted((ROOT / "docs" / "reference").glob("*.md"))
BESIDE = ["fanin.sklearn", "fanin.sparse", "fanin.tables", "fanin.distributed"]  # not imported by fanin


def public(module: Any) -> Iterator[tuple[str, Any]]:
    """Every name in `__all__`, and in that of the modules there, with its value."""
    for name in module.__all__:
        value = getattr(module, name)
        if inspect.ismodule(value):
            yield from public(value)
        else:
            yield f"{module.__name__}.{name}", value


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


@pytest.mark.parametrize("module", [fanin.__name__, *BESIDE])
def test_the_reference_has_every_public_name(module):
    names = set(listed())
    values = [value_of(name) for name in names]
    for name, value in public(importlib.import_module(module)):
        assert name in names or any(value is other for other in values), (
            f"{name} is missing in docs/reference"
        )


def test_the_reference_lists_no_name_that_does_not_exist():
    names = list(listed())
    assert len(names) > 150
    for name in names:
        assert inspect.getdoc(value_of(name)), name
