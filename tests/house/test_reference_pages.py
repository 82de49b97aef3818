"""The reference of the site has every public name, and no other; docstrings document what the signatures have."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest

import fanin
from reference_pages import callables, listed, value_of

BESIDE = ["fanin.sklearn", "fanin.sparse", "fanin.tables", "fanin.distributed"]  # not imported by fanin
CALLABLES = dict(callables())


def public(module: Any) -> Iterator[tuple[str, Any]]:
    """Every name in `__all__`, and in that of the modules there, with its value."""
    for name in module.__all__:
        value = getattr(module, name)
        if inspect.ismodule(value):
            yield from public(value)
        else:
            yield f"{module.__name__}.{name}", value


def documented(text: str) -> list[str]:
    """The names in the sections Parameters and Attributes of a docstring."""
    sections = re.findall(
        r"^(?:Parameters|Attributes)\n-+\n(.*?)(?=^\w[\w ]*\n-+$|\Z)", text, re.DOTALL | re.MULTILINE
    )
    entries = [
        line.split(" : ")[0] for section in sections for line in section.splitlines() if line[:1].strip()
    ]
    return [name.strip().lstrip("*") for entry in entries for name in entry.split(",")]


@pytest.mark.parametrize("module", [fanin.__name__, *BESIDE])
def test_the_reference_has_every_public_name(module):
    names = set(listed())
    values = [value_of(name) for name in names]
    for name, value in public(importlib.import_module(module)):
        found = name in names or any(value is other for other in values)
        assert found, f"{name} is missing in docs/reference"


def test_the_reference_lists_no_name_that_does_not_exist():
    names = list(listed())
    assert len(names) > 150
    for name in names:
        assert inspect.getdoc(value_of(name)), name


@pytest.mark.parametrize("name", CALLABLES)
def test_every_parameter_is_documented_as_the_signature_names_it(name):
    value = CALLABLES[name]
    text = inspect.getdoc(value)
    assert text, f"{name} has no docstring"
    try:
        parameters = inspect.signature(value).parameters.values()
    except ValueError:  # of the compiled core, and of exceptions
        return
    expected = {p.name for p in parameters if p.name not in ("self", "cls", "args", "kwargs")}
    assert expected <= set(documented(text)), f"{name}: {expected - set(documented(text))}"
    if not inspect.isclass(value):
        assert set(documented(text)) <= expected, f"{name}: {set(documented(text)) - expected}"


def test_the_walk_over_the_reference_finds_methods():
    assert {"fanin.Network.fit", "fanin.Network.to_onnx", "fanin.sklearn.FaninRegressor.predict"} <= set(
        CALLABLES
    )
    assert not {"fanin.Dense.described", "fanin.EarlyStopping.on_epoch_end"} & set(CALLABLES)
