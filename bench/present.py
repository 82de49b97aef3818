"""What is left out of a run, said before anything is measured: peers, C++ programs, instruction sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib.util import find_spec

import fanin
from bench.group import Group
from bench.programs import BuildError, build_program
from bench.progress import say

# the packages that a worker needs
PACKAGES = {
    "torch": ["torch"],
    "jax": ["jax", "optax"],
    "sklearn": ["sklearn"],
    "onnx": ["onnxruntime", "onnx"],
}


def available(chosen: Mapping[str, Group]) -> dict[str, Group]:
    """The groups without the libraries that are absent, and without those of which nothing is left."""
    absent = {}
    for module, packages in PACKAGES.items():
        if missing := [package for package in packages if find_spec(package) is None]:
            absent[module] = f"{' and '.join(missing)} not installed"
    if any("cpp" in group.workers.values() for group in chosen.values()):
        say("building the C++ programs")
        try:
            build_program()
        except BuildError as error:
            absent["cpp"] = f"fanin_bench was not built: {error}"
    for module, reason in absent.items():
        users = [name for name, group in chosen.items() if module in group.workers.values()]
        if users:
            say(f"{library(chosen[users[0]], module)} is left out of {', '.join(users)}: {reason}")
    kept = {}
    for name, group in chosen.items():
        workers = {library: module for library, module in group.workers.items() if module not in absent}
        wide = group.instruction_set
        if wide and (wide == fanin.cpu.active() or wide not in fanin.cpu.available()):
            say(f"{name} is left out: {wide} is not a narrower set of this processor")
        elif workers:
            kept[name] = replace(group, workers=workers)
    return kept


def library(group: Group, module: str) -> str:
    """The library that a module times."""
    return next(name for name, used in group.workers.items() if used == module)
