"""What a C++ program pays for taking fanin in: a row, the start, and the size of the library."""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import fanin
from bench.asked import Asked, asked_table
from bench.cases import Prediction
from bench.compare import Effort
from bench.group import Outcome
from bench.machine import Limits
from bench.pool import ROOT, WorkerError, WorkerProcess
from bench.programs import BuildError, run

# microseconds that one row may take, by net
ROWS = {Prediction((20, 64, 2), 1): 0.3, Prediction((784, 256, 128, 10), 1): 8.0}
START = 1000.0  # microseconds, of the first of them
SIZE = 1000.0  # kB


class Embedded:
    """Fanin alone, from C++, on one thread."""

    instruction_set = ""

    def run(
        self, limits: dict[int, Limits], effort: Effort, match: str, say: Callable[[str], None]
    ) -> Outcome:
        """Medians beside what is asked of them, and the size of a static library for this processor alone."""
        outcome = Outcome("us")
        try:
            outcome.asked += served(effort, match, say)
        except WorkerError as error:
            outcome.problems.append(f"embedded: {error}")
        isa = fanin.cpu.active()
        archive = f"static library, stripped, {isa} alone"
        linked = f"a program that trains, stripped, {isa} alone"
        if match in archive or match in linked:
            say(f"embedded: building a {archive}")
            try:
                for what, size in zip((archive, linked), sizes(isa), strict=True):
                    outcome.asked.append(Asked(what, 1, size / 1000, SIZE, "kB"))
            except BuildError as error:
                outcome.problems.append(f"embedded: {error}")
        outcome.versions["fanin"] = fanin.__version__
        outcome.tables = [asked_table("Embedded in C++", outcome.asked)]
        return outcome


def served(effort: Effort, match: str, say: Callable[[str], None]) -> list[Asked]:
    """One row of each net, and the start of the first."""
    rows = []
    worker = WorkerProcess("predict_cpp", 1, {})
    try:
        worker.greet()
        for case, most in ROWS.items():
            if match not in case.name:
                continue
            say(f"embedded: {case.name}")
            worker.ask("prepare", asdict(case), [])
            rounds = [worker.ask("round", "predict", effort.seconds) for _ in range(effort.rounds)]
            rows.append(Asked(case.name, 1, statistics.median(rounds), most, "us"))
            if len(rows) == 1:
                start = worker.ask("start", effort.seconds)
                rows.append(Asked(f"{case.name}: load a file and predict", 1, start, START, "us"))
    finally:
        worker.close()
    return rows


def sizes(isa: str) -> tuple[int, int]:
    """Bytes of the archive without what only a debugger wants, and of an example with what it links of it.

    About half of an archive is names and relocations, which no program carries.
    """
    if shutil.which("cmake") is None or shutil.which("strip") is None:
        raise BuildError("the size of the library needs CMake and strip, which are not installed")
    with tempfile.TemporaryDirectory() as directory:
        options = ["-DCMAKE_BUILD_TYPE=Release", f"-DFANIN_ISAS={isa}"]
        run(["cmake", "-S", str(ROOT), "-B", directory, *options])
        run(["cmake", "--build", directory, "--parallel"])
        library, program = Path(directory, "cpp", "libfanin.a"), Path(directory, "train_csv")
        example = ROOT / "cpp" / "examples" / "train_csv.cpp"
        flags = ["-std=c++20", "-O2", "-fopenmp", f"-I{ROOT / 'cpp' / 'include'}", "-Wl,--gc-sections"]
        run([os.environ.get("CXX", "c++"), *flags, str(example), str(library), "-o", str(program)])
        run(["strip", "--strip-unneeded", str(library)])
        run(["strip", str(program)])
        return library.stat().st_size, program.stat().st_size
