"""fanin, called from C++: the program fanin_bench, and the size of the library in a program of one's own."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench import data
from bench.cases import Archive, Net, Product
from bench.programs import PROGRAM_VARIABLE, sizes
from bench.workers.fanin import build
from bench.workers.serve import Task

VERSION = "this checkout"
if PROGRAM_VARIABLE not in os.environ:
    raise ImportError("fanin_bench has not been built")
PROGRAM = subprocess.Popen(
    [os.environ[PROGRAM_VARIABLE]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
)


def ask(*words: object) -> str:
    """The line that answers a line."""
    assert PROGRAM.stdin is not None
    assert PROGRAM.stdout is not None
    PROGRAM.stdin.write(" ".join(map(str, words)) + "\n")
    PROGRAM.stdin.flush()
    answer = PROGRAM.stdout.readline()
    if not answer:
        raise RuntimeError(f"fanin_bench ended with status {PROGRAM.wait()}")
    return answer


def task(what: str, result: str = "", column: str = "") -> Task:
    """What the program checks and times under this name."""
    return Task(
        result or what,
        column=column,
        check=lambda: [float(ask("check", what))],
        measure=lambda seconds: float(ask("round", seconds, what)),
    )


def products(product: Product) -> Iterator[Task]:
    """Operands and results in panels, threads as in a training step."""
    ask("prepare", "products", product.dtype, product.rows, product.columns, product.depth)
    yield from map(task, ("forward", "input gradient", "weight gradient", "weight gradient, Adam"))


def fused(net: Net) -> Iterator[Task]:
    """Steps as `fit` takes them, without the epochs around them."""
    ask("prepare", "steps", net.rule, net.batch, *net.sizes)
    yield task("fused", "step")
    yield task("flat", "step", "flat")
    yield task("none", "gradients")


def predict(net: Net) -> Iterator[Task]:
    """A model that was saved from Python."""
    x, _ = data.samples(net)
    with tempfile.TemporaryDirectory() as directory:
        model, samples = Path(directory, "model.safetensors"), Path(directory, "samples")
        build(net).save(model)
        x.tofile(samples)
        ask("prepare", "predictions", net.samples, model, samples)
        yield task("predict")
        yield task("start")


def embedded(case: Net | Archive) -> Iterator[Task]:
    """What a C++ program pays for fanin: a row, the start, and kB."""
    if isinstance(case, Net):
        yield from predict(case)
        return
    archive, program = sizes(case.instruction_set)
    yield Task("static library", measure=lambda _: archive)
    yield Task("a program that trains", measure=lambda _: program)
