"""Ranks of MPI on this machine, each a process with one thread, which `bench.ranks` runs."""

import importlib.metadata
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.mpi import Sum, Together
from bench.workers.serve import Task

VERSION = f"mpi4py {importlib.metadata.version('mpi4py')}"


def launcher() -> list[str]:
    """MPICH next to the interpreter, or what `mpirun` is."""
    beside = Path(sys.executable).parent / "mpirun"
    program = str(beside) if beside.exists() else shutil.which("mpirun")
    if program is None:
        raise ValueError("mpirun is not installed")
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    open_mpi = ["--oversubscribe", "--allow-run-as-root", "--bind-to", "none"]
    return [program, *(open_mpi if "Open MPI" in version else [])]


def run(case: Together | Sum, seconds: float) -> dict[str, Any]:
    """What rank 0 prints: microseconds of a step or a sum, and the digest of the weights."""
    told = json.dumps({"kind": type(case).__name__, "seconds": seconds, **asdict(case)})
    command = [*launcher(), "-n", str(case.ranks), sys.executable, "-m", "bench.ranks", told]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ValueError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "mpirun failed")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def mpi(case: Together | Sum) -> Iterator[Task]:
    def check() -> list[float]:
        """Two runs give the same bits; one rank those of `fit`, which every rank compares."""
        digests = {run(case, 0)["digest"] for _ in range(2)}
        if len(digests) > 1:
            raise ValueError("two runs differ in their bits")
        return []

    result = "sum" if isinstance(case, Sum) else case.scaling
    yield Task(result, check=check, measure=lambda seconds: run(case, seconds)["microseconds"])
