"""fanin, called from C++: the library fanin_bench, and the size of the library in a program of one's own."""

from __future__ import annotations

import ctypes
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench import data
from bench.cases import Archive, Net, Product
from bench.programs import LIBRARY_VARIABLE, sizes
from bench.workers.fanin import build
from bench.workers.serve import Task

VERSION = "this checkout"
if LIBRARY_VARIABLE not in os.environ:
    raise ImportError("fanin_bench has not been built")
LIBRARY = ctypes.CDLL(os.environ[LIBRARY_VARIABLE])
LIBRARY.microseconds.restype = ctypes.c_double
SIZE = ctypes.c_size_t


def task(what: str, shape: tuple[int, ...], result: str = "", column: str = "") -> Task:
    """What is checked and timed of the prepared case under this name."""
    name = what.encode()

    def check() -> list[float]:
        computed = np.empty(shape)
        LIBRARY.check(name, computed.ctypes)
        return [data.checksum(computed)]

    return Task(
        result or what,
        column=column,
        check=check,
        measure=lambda seconds: float(LIBRARY.microseconds(name, ctypes.c_double(seconds))),
    )


def products(product: Product) -> Iterator[Task]:
    """Operands and results in panels, threads as in a training step."""
    a, w, dz = data.operands(product)
    shape = map(SIZE, (product.rows, product.columns, product.depth))
    LIBRARY.prepare_products(product.dtype == "float64", a.ctypes, w.ctypes, dz.ctypes, *shape)
    yield task("forward", dz.shape)
    yield task("input gradient", a.shape)
    yield task("weight gradient", w.shape)
    yield task("weight gradient, Adam", w.shape)


def fused(net: Net) -> Iterator[Task]:
    """Steps as `fit` takes them, without the epochs around them."""
    x, y = data.samples(net)
    units, sizes = len(net.sizes), np.array(net.sizes, np.uintp)
    shape = map(SIZE, (units, net.batch, net.steps))
    LIBRARY.prepare_steps(net.rule.encode(), sizes.ctypes, *shape, x.ctypes, y.ctypes)
    yield task("fused", (), "step")
    yield task("flat", (), "step", "flat")
    yield task("none", (), "gradients")


def predict(net: Net) -> Iterator[Task]:
    """A model that was saved from Python."""
    x, _ = data.samples(net)
    with tempfile.TemporaryDirectory() as directory:
        model = Path(directory, "model.safetensors")
        build(net).save(model)
        LIBRARY.prepare_predictions(bytes(model), x.ctypes, SIZE(net.samples))
    yield task("predict", (net.samples, net.sizes[-1]))
    yield task("start", (net.samples, net.sizes[-1]))


def embedded(case: Net | Archive) -> Iterator[Task]:
    """What a C++ program pays for fanin: a row, the start, and kB."""
    if isinstance(case, Net):
        yield from predict(case)
        return
    archive, program = sizes(case.instruction_set)
    yield Task("static library", measure=lambda _: archive)
    yield Task("a program that trains", measure=lambda _: program)
