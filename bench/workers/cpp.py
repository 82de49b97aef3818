"""fanin, called from C++: the library fanin_bench, and the size of the library in a program of one's own."""

import ctypes
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import fanin
from bench import data
from bench.cases import Archive, Net, Product
from bench.coded import Coded
from bench.programs import LIBRARY_VARIABLE, sizes
from bench.recurrent import Sequences, Stream, sequences
from bench.workers import recurrent as of_recurrent
from bench.workers.fanin import build
from bench.workers.serve import Task
from fanin import get_num_threads

VERSION = "this checkout"
if LIBRARY_VARIABLE not in os.environ:
    raise ImportError("fanin_bench has not been built")
LIBRARY = ctypes.CDLL(os.environ[LIBRARY_VARIABLE])
ARRAY, SIZE, TEXT = np.ctypeslib.ndpointer(flags="C"), ctypes.c_size_t, ctypes.c_char_p
LIBRARY.prepare_products.argtypes = [ctypes.c_bool, ARRAY, ARRAY, ARRAY, SIZE, SIZE, SIZE]
LIBRARY.prepare_steps.argtypes = [TEXT, ARRAY, SIZE, ctypes.c_bool, SIZE, SIZE, ARRAY, ARRAY]
LIBRARY.prepare_codes.argtypes = [ARRAY, SIZE, SIZE, SIZE, SIZE, SIZE, ctypes.c_bool, ARRAY, ARRAY, ARRAY]
LIBRARY.prepare_predictions.argtypes = [TEXT, ARRAY, SIZE]
LIBRARY.prepare_streams.argtypes = [TEXT, ARRAY, SIZE]
LIBRARY.check.argtypes = [TEXT, ARRAY]
LIBRARY.microseconds.argtypes = [TEXT, ctypes.c_double]
LIBRARY.microseconds.restype = ctypes.c_double
LIBRARY.phases.argtypes = [SIZE]
LIBRARY.phases.restype = TEXT


def computed(what: str, shape: tuple[int, ...]) -> Any:
    """What the prepared case checks under this name."""
    out = np.empty(shape)
    LIBRARY.check(what.encode(), out)
    return out


def task(what: str, shape: tuple[int, ...], result: str = "", column: str = "") -> Task:
    """What the prepared case checks and times under this name."""
    call = partial(computed, what, shape)
    return Task(result or what, call, column, measure=partial(LIBRARY.microseconds, what.encode()))


def products(product: Product) -> Iterator[Task]:
    """Operands and results in panels, threads as in a training step."""
    a, w, dz = data.operands(product)
    LIBRARY.prepare_products(product.dtype == "float64", a, w, dz, *dz.shape, len(w))
    yield task("forward", dz.shape)
    yield task("input gradient", a.shape)
    yield task("weight gradient", w.shape)
    yield task("weight gradient, Adam", w.shape)


def prepare_steps(net: Net) -> None:
    """Steps as `fit` takes them, without the epochs around them."""
    rule, units = net.rule.encode(), np.array(net.sizes, np.uintp)
    LIBRARY.prepare_steps(rule, units, units.size, net.batch_norm, net.batch, net.steps, *data.samples(net))


def fused(net: Net) -> Iterator[Task]:
    prepare_steps(net)
    yield task("fused", (), "step")
    yield task("flat", (), "step", "flat")
    yield task("none", (), "gradients")


def phases(net: Net) -> Iterator[Task]:
    """A round is the microseconds of each job of a step by its name, from one run of many steps."""
    prepare_steps(net)

    def measure(seconds: float) -> Any:
        one_step = 1e-6 * LIBRARY.microseconds(b"fused", seconds / 2)
        return json.loads(LIBRARY.phases(1 + int(seconds / 2 / one_step)))

    yield replace(task("fused", (), "step"), measure=measure)


def codes(net: Coded) -> Iterator[Task]:
    """The jobs of the first layer, on codes and on the columns that they stand for; stamps are of one thread."""
    if get_num_threads() > 1:
        return
    units, numbers, batches = np.array([net.columns, *net.sizes[1:]], np.uintp), net.sizes[0], 32
    codes = data.codes(replace(net, samples=batches * net.batch))

    def check(dense: bool) -> list[float]:
        LIBRARY.prepare_codes(units, units.size, net.batch, batches, numbers, net.bins, dense, *codes)
        return task("fused", ()).numbers()

    def measure(dense: bool, seconds: float) -> float:
        check(dense)
        one_step = 1e-6 * LIBRARY.microseconds(b"fused", seconds / 2)
        jobs = json.loads(LIBRARY.phases(1 + int(seconds / 2 / one_step)))
        return sum(time for name, time in jobs.items() if name.endswith("layer 1"))

    for column, dense in (("fanin", False), ("dense form", True)):
        yield Task("layer", tuple, column, check=partial(check, dense), measure=partial(measure, dense))


@contextmanager
def saved(network: fanin.Network) -> Iterator[bytes]:
    """The path of a model that is saved from Python."""
    with tempfile.TemporaryDirectory() as directory:
        model = Path(directory, "model.safetensors")
        network.save(model)
        yield bytes(model)


def predict(net: Net) -> Iterator[Task]:
    with saved(build(net)) as model:
        LIBRARY.prepare_predictions(model, data.samples(net)[0], net.samples)
    yield task("predict", (net.samples, net.sizes[-1]))
    yield task("start", (net.samples, net.sizes[-1]))


def recurrent(case: Sequences) -> Iterator[Task]:
    if isinstance(case, Stream):
        with saved(of_recurrent.build(case)) as model:
            LIBRARY.prepare_streams(model, sequences(case)[0], case.time)
        yield replace(task("step", ()), check=lambda: list(computed("step", (case.time,))))


def embedded(case: Net | Archive) -> Iterator[Task]:
    """What a C++ program pays for fanin: a row, the start, and kB."""
    if isinstance(case, Net):
        yield from predict(case)
    else:
        archive, program = sizes(case.instruction_set)
        yield Task("static library", measure=lambda _: archive)
        yield Task("a program that trains", measure=lambda _: program)
