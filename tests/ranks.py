"""Programs that the ranks of MPI run, for tests: with each MPI library that is installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from helpers import TESTS

PRELUDE = """
import dataclasses, hashlib, json, os, sys
import numpy as np
from mpi4py import MPI
import fanin
from fanin import distributed, optim

comm = MPI.COMM_WORLD
rank, size = comm.rank, comm.size
fanin.set_num_threads(2 if rank == 0 else 1)

def show(**values):
    with open(os.path.join(os.environ["RESULTS"], str(rank)), "a") as file:
        file.write(json.dumps(values) + "\\n")

def digest(net):
    return hashlib.sha256(net.to_bytes()).hexdigest()

def difference(a, b):
    pairs = zip(a.get_weights().values(), b.get_weights().values(), strict=True)
    return max(float(np.abs(x - y).max()) for x, y in pairs)

def wave(n, inputs=3):
    rng = np.random.default_rng(5)
    X = rng.uniform(-1, 1, size=(n, inputs))
    return X, np.sin(3 * X[:, :1]) + X[:, 1:2]

def dealt(*arrays):
    return tuple(a[rank::size] for a in arrays)
"""


@dataclass(frozen=True)
class Library:
    """An MPI library: how its programs are started."""

    launcher: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)


def library(name: str) -> Library:
    """MPICH of PyPI, next to the interpreter, or Open MPI of Debian; skips the test if it is not installed."""
    pytest.importorskip("mpi4py")
    if name == "mpich":
        program = Path(sys.executable).parent / "mpiexec.hydra"
        if program.exists():
            return Library((str(program),))
        pytest.skip("needs MPICH: pip install mpich")
    program = shutil.which("mpirun.openmpi")
    if program is None:
        pytest.skip("needs Open MPI: apt-get install openmpi-bin")
    options = ("--oversubscribe", "--allow-run-as-root", "--bind-to", "none")
    return Library(
        (program, *options),
        {"MPI4PY_LIBMPI": "libmpi.so.40", "OMPI_MCA_btl_vader_single_copy_mechanism": "none"},
    )


@dataclass(frozen=True)
class Run:
    """What the ranks have shown."""

    code: int
    errors: str
    results: dict[int, dict[str, Any]]  # by rank


def run(of: Library, ranks: int, program: str) -> Run:
    """Run the program on so many ranks; none may take long."""
    python_path = os.pathsep.join([str(TESTS), *(path for path in sys.path if path)])
    variables = {**os.environ, **of.variables, "PYTHONPATH": python_path, "OMP_WAIT_POLICY": "passive"}
    results: dict[int, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [*of.launcher, "-n", str(ranks), sys.executable, "-W", "error", "-c", PRELUDE + program],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env={**variables, "RESULTS": folder},
        )
        for file in Path(folder).iterdir():
            for line in file.read_text().splitlines():
                results.setdefault(int(file.name), {}).update(json.loads(line))
    return Run(done.returncode, done.stderr, results)


def results_of(of: Library, ranks: int, program: str) -> list[dict[str, Any]]:
    """Run a program that must succeed; return what each rank has shown."""
    done = run(of, ranks, program)
    assert done.code == 0, done.errors
    assert sorted(done.results) == list(range(ranks))
    return [done.results[rank] for rank in range(ranks)]
