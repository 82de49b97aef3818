"""The examples in docstrings run, and everything public has one."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest

import fanin

MODULES = sorted(
    module.name for module in pkgutil.walk_packages(fanin.__path__, "fanin.") if "__main__" not in module.name
)


def public_objects(module: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    """Every class and function in `__all__`, and in that of the modules there."""
    for name in module.__all__:
        value = getattr(module, name)
        if inspect.ismodule(value):
            yield from public_objects(value, f"{prefix}{name}.")
        elif callable(value):
            yield prefix + name, value


PUBLIC = dict(public_objects(fanin, "fanin."))


@pytest.fixture(autouse=True)
def _threads_as_before(threads):
    """An example may change the number of threads."""


@pytest.mark.parametrize("name", ["fanin", *MODULES])
def test_the_examples_of_a_module_run(name, capsys):
    results = doctest.testmod(importlib.import_module(name))
    assert results.failed == 0, capsys.readouterr().out


@pytest.mark.parametrize("name", PUBLIC)
def test_everything_public_has_a_docstring_with_an_example_that_runs(name, capsys):
    text = inspect.getdoc(PUBLIC[name]) or ""
    examples = doctest.DocTestParser().get_doctest(text, {}, name, None, None)
    assert any(example.want for example in examples.examples), f"{name} has no example that shows something"
    results = doctest.DocTestRunner().run(examples)
    assert results.failed == 0, capsys.readouterr().out


def test_the_walk_over_public_names_finds_them():
    assert {"fanin.Network", "fanin.optim.Adam", "fanin.functional.dense", "fanin.cpu.active"} <= set(PUBLIC)
    assert {"fanin.network", "fanin.functional", "fanin._core"} <= set(MODULES)
