"""What is left out of a run, said before anything is measured: peers, C++ programs, instruction sets."""

from collections.abc import Iterator, Mapping
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


def absences(chosen: Mapping[str, Group]) -> Iterator[tuple[str, str]]:
    """Workers that cannot run, and why: peers first, since the C++ programs take time to build."""
    for module, packages in PACKAGES.items():
        if missing := [package for package in packages if find_spec(package) is None]:
            yield module, f"{' and '.join(missing)} not installed"
    if any("cpp" in group.workers.values() for group in chosen.values()):
        say("building the C++ programs")
        try:
            build_program()
        except BuildError as error:
            yield "cpp", f"fanin_bench was not built: {error}"


def available(chosen: Mapping[str, Group]) -> dict[str, Group]:
    """The groups without the libraries that are absent, and without those of which nothing is left."""
    absent = set()
    for module, reason in absences(chosen):
        absent.add(module)
        users = [group for group in chosen.values() if module in group.workers.values()]
        names = {name: None for group in users for name, used in group.workers.items() if used == module}
        if users:
            say(f"{' and '.join(names)} left out of {', '.join(group.name for group in users)}: {reason}")
    left = {}
    for name, group in chosen.items():
        workers = {library: module for library, module in group.workers.items() if module not in absent}
        narrow = group.instruction_set
        if narrow and (narrow == fanin.cpu.active() or narrow not in fanin.cpu.available()):
            say(f"{name} left out: {narrow} is not a narrower set of this processor")
        elif workers:
            left[name] = replace(group, workers=workers)
    return left
